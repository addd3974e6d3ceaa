"""What listens on the proxy's port: nothing, our proxy, or somebody else."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Literal, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from amp_addons.doctor.environment import Shell
from amp_addons.doctor.finding import Finding, either, failure, ok
from amp_addons.doctor.wire import STEP, Answer, Refused, Way, tunnelled

type Kind = Literal["free", "proxy", "reverse", "locked", "other"]


class Authority(NamedTuple):
    """A certificate authority that a proxy may use, in words."""

    name: str
    certificate: x509.Certificate


class Listener(NamedTuple):
    """`authority` is whose certificates it shows."""

    kind: Kind
    finding: Finding
    authority: Authority | None = None


async def listener(shell: Shell, way: Way, known: Sequence[Authority]) -> Listener:
    host, port = shell.hosts[0]
    try:
        async with asyncio.timeout(STEP):
            issued = await _leaf(way, host, port)
    except Refused as error:
        return _refusing(shell, error.answer)
    except ConnectionRefusedError:
        return _free(shell)
    except (OSError, ValueError):  # TimeoutError, ssl.SSLError among them
        return _other(shell, "which is no HTTP proxy that answers for " + host)
    found = next((each for each in known if _issued(issued, each.certificate)), None)
    if found is None:
        return _other(shell, f"which answers for {host} with a certificate of “{_issuer(issued)}”, not with one of ours")
    return Listener("proxy", ok("port", f"our proxy listens on port {shell.port} ({found.name})"), found)


async def _leaf(way: Way, host: str, port: int) -> x509.Certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is looked at, and nothing is sent
    async with tunnelled(way, host, port, context) as (_, writer):
        return x509.load_der_x509_certificate(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))


def _issued(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _issuer(leaf: x509.Certificate) -> str:
    names = leaf.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME) or leaf.issuer.get_attributes_for_oid(
        x509.NameOID.ORGANIZATION_NAME
    )
    return str(names[0].value) if names else "an unnamed issuer"


def _free(shell: Shell) -> Listener:
    if shell.proxied or shell.reverse:
        name = "AMP_URL" if shell.reverse else "HTTPS_PROXY"
        more = " --reverse" if shell.reverse else ""
        text = f"nothing listens on port {shell.port}, to which {name} leads: every request fails"
        return Listener("free", failure("port", text, f"`amp-addons run --port {shell.port}{more}` in another shell, or unset {name}."))
    return Listener("free", ok("port", f"port {shell.port} is free: no proxy runs there now (`amp-addons run` starts one)"))


def _refusing(shell: Shell, answer: Answer) -> Listener:
    if answer.status == 407:
        text = f"the proxy on port {shell.port} asks for a user and password, and HTTPS_PROXY has none that it takes"
        return Listener("locked", either(shell.proxied)("port", text, f"HTTPS_PROXY=http://USER:PASSWORD@127.0.0.1:{shell.port}"))
    if answer.by_mitmproxy or b"mitmproxy received" in answer.body.lower():
        if shell.reverse:
            return Listener("reverse", ok("port", f"our proxy listens on port {shell.port}, in reverse mode"))
        text = f"the proxy on port {shell.port} is in reverse mode: it stands for amp.url, and takes no HTTPS_PROXY traffic"
        return Listener("reverse", either(shell.proxied)("port", text, f'eval "$(amp-addons env --reverse --port {shell.port})"'))
    return _other(shell, f"which answers CONNECT with status {answer.status}")


def _other(shell: Shell, what: str) -> Listener:
    port = shell.port
    if shell.proxied:
        text = f"port {port}, to which HTTPS_PROXY leads, is another program's, {what}"
        remedy = (
            "Is that the company's proxy? `amp-addons run`, started in this shell, goes through it; "
            f'then eval "$(amp-addons env)". Else stop that program, or use another port: `amp-addons run --port {port + 1}`.'
        )
    else:
        text = f"port {port} is taken by another program, {what}"
        remedy = f"Stop that program, or choose another port: `amp-addons run --port {port + 1}`, and the same with env and doctor."
    return Listener("other", failure("port", text, remedy))
