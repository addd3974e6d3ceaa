"""The environment of this shell: does a client that is started here go through the proxy, and trust it?"""

import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from amp_addons.core.target import LOOPBACK, PLAIN, is_plain
from amp_addons.doctor.finding import Finding, either, failure, ok, skipped, warning
from amp_addons.launch.environment import BUNDLES, EXTRA_CA, NO_PROXY, PROXY, UnusableProxy, chained
from amp_addons.launch.noproxy import host_and_port, leaves_out
from amp_addons.launch.trust import certificates

PASTE = 'eval "$(amp-addons env)"'
SPEAKERS = "cntlm, px, alpaca"
_ELSEWHERE = (
    "A client that an IDE or a dock starts has none of this shell's environment: start that program from here, or use `amp-addons exec`."
)


class Shell(NamedTuple):
    """`proxied`: the environment leads to our port; `reverse`: AMP_URL does; `own` are the authorities that the proxy may use."""

    environ: Mapping[str, str]
    port: int
    amp_url: str
    hosts: Sequence[tuple[str, int]]
    own: Sequence[x509.Certificate] = ()

    @property
    def reverse(self) -> bool:
        found = host_and_port(self.amp_url)
        return found is not None and found[0] in LOOPBACK and found[1] == self.port and self.amp_url.lower().startswith("http://")

    @property
    def proxied(self) -> bool:
        return any(is_ours(self.environ.get(name, ""), self.port) for name in PROXY[:2])

    def owns(self, found: Sequence[bytes]) -> bool:
        """Whether one of the proxy's own is among these certificates (DER)."""
        return any(each.public_bytes(Encoding.DER) in found for each in self.own)

    @property
    def paste(self) -> str:
        return PASTE if self.port == 8080 else PASTE.replace("env)", f"env --port {self.port})")


def environment(shell: Shell, system: Sequence[Path] = ()) -> Iterator[Finding]:
    """`system` are the files with what this machine trusts."""
    yield from _proxy(shell)
    yield from _no_proxy(shell)
    yield _extra(shell)
    yield from _bundles(shell)
    yield from _system(shell, system)
    yield from _dangers(shell)


def is_ours(value: str, port: int) -> bool:
    """Whether a proxy's address, perhaps with user and password, is the loopback port."""
    scheme, _, rest = value.rpartition("://")
    found = host_and_port(f"{scheme or 'http'}://{rest.rpartition('@')[2]}") if value else None
    return found is not None and found[0] in LOOPBACK and found[1] == port


def _proxy(shell: Shell) -> Iterator[Finding]:
    environ, paste = shell.environ, shell.paste
    values = {name: environ[name] for name in PROXY[:2] if environ.get(name)}
    name, value = next(iter(values.items()), ("", ""))
    if shell.reverse:
        yield ok("env.proxy", f"AMP_URL leads to 127.0.0.1:{shell.port} (reverse)")
    elif not value:
        fallback = next((name for name in ("ALL_PROXY", "all_proxy") if environ.get(name)), "")
        more = f" ({fallback} is, which Node and Bun do not read)" if fallback else ""
        yield warning(
            "env.proxy", f"HTTPS_PROXY is not set in this shell{more}: clients started here go past the proxy", f"{paste}. {_ELSEWHERE}"
        )
    elif len({is_ours(each, shell.port) for each in values.values()}) > 1:
        yield failure("env.proxy", "HTTPS_PROXY and https_proxy name different proxies: which one is used depends on the client", paste)
    elif is_ours(value, shell.port):
        yield ok("env.proxy", f"{name} leads to 127.0.0.1:{shell.port}")
    else:
        yield _foreign(name, environ, paste)
    if pac := next((name for name in ("AUTO_PROXY", "auto_proxy") if environ.get(name)), ""):
        yield warning("env.pac", f"{pac} names a PAC file, which Node, Bun and Python ignore", _pac(paste))


def _foreign(name: str, environ: Mapping[str, str], paste: str) -> Finding:
    if environ[name].partition("?")[0].lower().endswith((".pac", "/wpad.dat")):
        return failure("env.proxy", f"{name} names a PAC file, where a proxy's address is expected", _pac(paste))
    try:
        found = chained(environ)
    except UnusableProxy as error:
        return failure("env.proxy", str(error), f"Then {paste}.")
    assert found is not None  # the variable has a value
    return warning(
        "env.proxy",
        f"{name} leads to another proxy, {found.host}:{found.port}",
        f"{paste} leads to ours; `amp-addons run`, started in a shell like this one, goes on through that proxy.",
    )


def _pac(paste: str) -> str:
    return (
        f"Read in it which proxy it names for these hosts, or run a local proxy that reads it ({SPEAKERS}); "
        f"set HTTPS_PROXY to that, then {paste}."
    )


def _no_proxy(shell: Shell) -> Iterator[Finding]:
    if shell.reverse:
        return
    for name in NO_PROXY:
        for host, port in shell.hosts:
            if entry := leaves_out(shell.environ.get(name, ""), host, port):
                text = f"{name} has {entry!r}, so {host} is reached past the proxy"
                yield either(shell.proxied)("env.no_proxy", text, f"{shell.paste} takes it out and keeps the others.")
                return
    yield ok("env.no_proxy", "NO_PROXY leaves out none of " + ", ".join(host for host, _ in shell.hosts))


def _extra(shell: Shell) -> Finding:
    value = shell.environ.get(EXTRA_CA, "")
    if shell.reverse:
        return skipped("env.ca", "a reverse listener speaks plain HTTP on loopback: no certificate is needed")
    if not value and shell.proxied:
        text = f"{EXTRA_CA} is not set: the client does not trust the proxy (“Connection error”, “Invalid or missing API key”)"
        return failure("env.ca", text, shell.paste)
    if not value:
        return skipped("env.ca", f"{EXTRA_CA} is not set either")
    found, problem = _read(value)
    if problem:
        return failure("env.ca", f"{EXTRA_CA} names {value}, {problem}: clients go on without it", shell.paste)
    if not shell.own:
        return skipped("env.ca", f"{EXTRA_CA} names {value}; there is no certificate authority yet to compare it with")
    if shell.owns(found):
        return ok("env.ca", f"{EXTRA_CA} has the proxy's certificate authority")
    if any(mine.subject.public_bytes() in each for each in found for mine in shell.own):
        text = f"{EXTRA_CA} names {value}, which has an older certificate authority of the proxy's"
    elif shell.proxied:
        text = f"{EXTRA_CA} names {value}, which has other certificates, not the proxy's"
    else:
        return ok("env.ca", f"{EXTRA_CA} names {value}: the proxy's certificate authority would be added to these")
    return either(shell.proxied)("env.ca", text, f"{shell.paste}, then start the client again: it reads the file at its start.")


def _bundles(shell: Shell) -> Iterator[Finding]:
    if shell.reverse:
        return
    for name in BUNDLES:
        value = shell.environ.get(name, "")
        if not value:
            continue
        found, problem = _read(value)
        if problem:
            yield failure("env.bundle", f"{name} names {value}, {problem}: what reads it trusts nobody", shell.paste)
        elif shell.proxied and shell.own and not shell.owns(found):
            yield warning("env.bundle", f"{name} names {value}, in which the proxy's certificate authority is missing", shell.paste)
        else:
            among = ", the proxy's among them" if shell.owns(found) else ""
            yield ok("env.bundle", f"{name} has {len(found)} certificates{among}")


def _system(shell: Shell, system: Sequence[Path]) -> Iterator[Finding]:
    for path in system if shell.own and not shell.reverse else ():
        if shell.owns(_read(str(path))[0]):
            yield ok(
                "env.system_ca", f"the whole system trusts the proxy ({path})", f"Node and Bun do not read that: they need {EXTRA_CA}."
            )
        else:
            yield ok(
                "env.system_ca", f"the system's own certificates ({path}) are without the proxy's: only this shell's programs trust it"
            )


def _dangers(shell: Shell) -> Iterator[Finding]:
    if shell.environ.get("NODE_TLS_REJECT_UNAUTHORIZED") == "0":
        yield warning(
            "env.unverified",
            "NODE_TLS_REJECT_UNAUTHORIZED=0: Node accepts any certificate, a stranger's too",
            "`unset NODE_TLS_REJECT_UNAUTHORIZED`",
        )
    if is_plain(shell.amp_url):
        yield warning("env.plain", PLAIN, "Use https.")


def _read(name: str) -> tuple[list[bytes], str]:
    """The certificates in a file (DER), or why there are none. They are not looked into: stores have odd ones."""
    try:
        pem = certificates(Path(os.path.expanduser(name)).read_bytes())
    except OSError as error:
        return [], f"which cannot be read ({error.strerror})"
    found = []
    for each in pem:
        try:
            found.append(ssl.PEM_cert_to_DER_cert(each.decode("ascii")))
        except ValueError:  # a broken one is no reason to give up the others
            continue
    return found, "" if found else "in which there is no certificate (PEM)"
