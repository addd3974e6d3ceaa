"""The way to the service: a TLS round trip through the proxy for each host, trusting what the client trusts."""

import asyncio
import html
import re
import ssl
from collections.abc import Iterable
from pathlib import Path
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlsplit

import certifi

from amp_addons.doctor.environment import SPEAKERS
from amp_addons.doctor.finding import Finding, failure, ok
from amp_addons.doctor.wire import STEP, Answer, Refused, Way, ask, connected, head, some_body, tunnelled
from amp_addons.launch.noproxy import host_and_port
from amp_addons.launch.trust import certificates, system_roots

AGENT = {"User-Agent": "amp-addons-doctor", "Accept": "*/*", "Connection": "close"}


class Goal(NamedTuple):
    """What is asked for, without a credential: any answer of the service's will do."""

    id: str
    host: str
    port: int
    path: str


def goals(amp_url: str) -> list[Goal]:
    """Goals at amp.url and at OpenRouter."""
    found = host_and_port(amp_url)
    assert found is not None  # checked where it is given
    return [
        Goal("reach.amp", *found, urlsplit(amp_url).path.rstrip("/") + "/api/user"),
        Goal("reach.openrouter", "openrouter.ai", 443, "/api/v1/key"),
    ]


def trusting(files: Iterable[Path]) -> ssl.SSLContext:
    """As a client that trusts its own roots and these files. A file that cannot be read is left out, as Node does it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for file in (Path(certifi.where()), *system_roots(), *files):
        try:
            context.load_verify_locations(cadata=b"\n".join(certificates(file.read_bytes())).decode("ascii"))
        except (OSError, ValueError):  # ssl.SSLError among them
            continue
    return context


async def reach(way: Way, goal: Goal, context: ssl.SSLContext) -> Finding:
    """One round trip by CONNECT and TLS."""
    began = monotonic()
    try:
        async with asyncio.timeout(STEP), tunnelled(way, goal.host, goal.port, context) as (reader, writer):
            await ask(writer, "GET", goal.path, goal.host, AGENT)
            answer = await head(reader)
            answer = answer._replace(body=await some_body(reader, answer) if answer.status >= 500 else b"")
    except Refused as error:
        return _answered(goal, error.answer, began, tunnel=False)
    except ssl.SSLCertVerificationError as error:
        text = f"{goal.host}: the certificate that the proxy shows is not trusted by what this shell trusts ({error.verify_message})"
        return failure(goal.id, text, 'eval "$(amp-addons env)", then start the client again.')
    except (OSError, ValueError) as error:
        return _lost(goal, error)
    return _answered(goal, answer, began)


async def reach_listener(way: Way, goal: Goal) -> Finding:
    """One round trip to a reverse listener, which is amp.url for the client."""
    began = monotonic()
    try:
        async with asyncio.timeout(STEP), connected(way) as (reader, writer):
            await ask(writer, "GET", goal.path, f"127.0.0.1:{way.port}", AGENT)
            answer = await head(reader)
            answer = answer._replace(body=await some_body(reader, answer) if answer.status >= 400 else b"")
    except (OSError, ValueError) as error:
        return _lost(goal, error)
    if answer.by_mitmproxy and answer.status == 400:
        text = f"the proxy on port {way.port} is not in reverse mode, as AMP_URL expects it"
        return failure(goal.id, text, f"`amp-addons run --reverse --port {way.port}`, or unset AMP_URL.")
    return _answered(goal, answer, began)


def _lost(goal: Goal, error: Exception) -> Finding:
    what = f"no answer within {STEP:.0f} s" if isinstance(error, TimeoutError) else f"the proxy cut the connection ({type(error).__name__})"
    return failure(goal.id, f"{goal.host}: {what}", _BLOCKED)


def _answered(goal: Goal, answer: Answer, began: float, *, tunnel: bool = True) -> Finding:
    if answer.status == 407:
        return failure(goal.id, f"{goal.host}: a proxy asks for a user and password (407)", _AUTH)
    if not tunnel or (answer.by_mitmproxy and answer.status >= 500):
        said = _said(answer) or f"status {answer.status}"
        return failure(goal.id, f"{goal.host}: the proxy could not reach it: {said}", remedy_of(said))
    return ok(goal.id, f"{goal.host}: reached through the proxy, status {answer.status}, {(monotonic() - began) * 1000:.0f} ms")


def _said(answer: Answer) -> str:
    """What mitmproxy's page says, without its markup."""
    text = answer.body.decode("utf-8", "replace")
    inner = re.search(r"<p>(.*?)</p>", text, re.DOTALL)
    return " ".join(html.unescape(inner[1] if inner else "").split())[:300]


_BLOCKED = (
    "A firewall may drop what does not go through the company's proxy: set HTTPS_PROXY to that proxy, then start `amp-addons run` anew."
)
_AUTH = (
    "Put user and password into HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT) before `amp-addons run`. "
    f"A proxy that wants NTLM or Kerberos needs a small local proxy that speaks it ({SPEAKERS}) in between."
)
_INSPECTED = (
    "A company's proxy decrypts on the way: set NODE_EXTRA_CA_CERTS (or SSL_CERT_FILE) to the file with its CA, "
    "then start `amp-addons run` anew."
)
_NO_ADDRESS = (
    "This machine finds no address for it. Where the company's proxy alone looks names up, set HTTPS_PROXY to that, "
    "then start `amp-addons run` anew."
)
_REASONS = (
    (("407", "proxy authentication"), _AUTH),
    (("certificate", "verify"), _INSPECTED),
    (("name or service", "nodename", "getaddrinfo", "name resolution", "no address"), _NO_ADDRESS),
)


def remedy_of(said: str) -> str:
    """What to do about a reason why mitmproxy could not reach a host."""
    return next((remedy for words, remedy in _REASONS if any(word in said.lower() for word in words)), _BLOCKED)
