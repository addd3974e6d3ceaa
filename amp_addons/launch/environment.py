"""What a client's environment must hold so that its traffic goes through the proxy, and what a proxy of a company's is found in it.

Pure: an environment in, variables out; who starts the client sets them.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from amp_addons.launch.noproxy import without

PROXY = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
NO_PROXY = ("NO_PROXY", "no_proxy")
UPSTREAM_AUTH, UPSTREAM_NO_PROXY = "AMP_ADDONS_UPSTREAM_AUTH", "AMP_ADDONS_UPSTREAM_NO_PROXY"
"""For our proxy: `user:password` for the proxy that it goes through, and hosts that it reaches without, as in NO_PROXY."""

EXTRA_CA = "NODE_EXTRA_CA_CERTS"
"""Certificates that a runtime trusts beside its own."""
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Certificates that a program trusts instead of its own. The last is set only where it was."""


class UnusableProxy(ValueError):
    """The environment names a proxy that cannot be gone through. The text says which variable, why, and what to do; not its value."""


class Chained(NamedTuple):
    """The proxy that this one is to go through. `auth` is `user:password`, which never stands in a command line or option."""

    scheme: str
    host: str
    port: int
    auth: str | None
    no_proxy: str

    @property
    def mode(self) -> str:
        """As mitmproxy's mode."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"upstream:{self.scheme}://{host}:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """What our proxy's own environment is to have of it."""
        return {UPSTREAM_AUTH: self.auth or "", UPSTREAM_NO_PROXY: self.no_proxy}


def chained(environ: Mapping[str, str], given: str | None = None) -> Chained | None:
    """The proxy that was set before, or the one `given`. Raises UnusableProxy."""
    name, value = ("--upstream-proxy", given) if given else _first(environ, (*PROXY[:2], "ALL_PROXY", "all_proxy", *PROXY[2:]))
    if not value:
        return None
    url = urlsplit(value if "://" in value else f"http://{value}")
    try:
        host, port = url.hostname, url.port
    except ValueError:
        host = port = None
    if url.scheme not in ("http", "https"):
        raise UnusableProxy(
            f"{name} names a proxy of the kind {url.scheme}, expected http or https: SOCKS, NTLM, Kerberos and PAC files are not "
            "supported. Run a small local proxy that speaks them (cntlm, px, alpaca) and name that one."
        )
    if not host:
        raise UnusableProxy(f"{name} is no proxy's address, expected http://HOST:PORT")
    auth = None
    if url.username is not None:
        auth = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return Chained(url.scheme, host, port or (443 if url.scheme == "https" else 80), auth, _first(environ, NO_PROXY)[1])


def configured_cas(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Files of certificates that the environment names, each with its variable."""
    return [(name, environ[name]) for name in (EXTRA_CA, *BUNDLES) if environ.get(name)]


def for_proxy(environ: Mapping[str, str], proxy_url: str, ca_file: str, bundle: str, hosts: Iterable[tuple[str, int]]) -> dict[str, str]:
    """What is to be set for a client that goes through the proxy: `ca_file` has the proxy's certificate and what NODE_EXTRA_CA_CERTS had
    before, `bundle` all that is trusted; `hosts` must not be left out of it."""
    no_proxy = without(_first(environ, NO_PROXY)[1], hosts)
    found = dict.fromkeys(PROXY, proxy_url) | dict.fromkeys(NO_PROXY, no_proxy)
    found |= {EXTRA_CA: ca_file, "NODE_USE_ENV_PROXY": "1"}
    found |= {name: bundle for name in BUNDLES if name != "CURL_CA_BUNDLE" or environ.get(name)}
    if environ.get("ALL_PROXY") or environ.get("all_proxy"):
        found |= {"ALL_PROXY": proxy_url, "all_proxy": proxy_url}
    return found


def for_reverse(listener_url: str, path: str) -> dict[str, str]:
    """What is to be set for a runtime that ignores proxies: the listener stands for amp.url, whose own path it keeps."""
    return {"AMP_URL": listener_url + path.rstrip("/")}


BEFORE = "AMP_ADDONS_BEFORE"
"""What a shell had before `amp-addons env` changed it: JSON of variables, null for those that were not set."""


def with_way_back(environ: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The values to set, and beside them what puts the shell back as it was."""
    before = {name: environ.get(name) for name in values}
    return {**values, BEFORE: msgspec.json.encode(before).decode()}


def as_before(environ: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str | None]]:
    """The environment as it was before `amp-addons env`, and what has to be done to the shell for that: values to set, None to unset."""
    try:
        kept = msgspec.json.decode(environ.get(BEFORE, "{}"), type=dict[str, str | None])
    except msgspec.DecodeError:
        kept = {}
    found = {name: value for name, value in environ.items() if name not in kept and name != BEFORE}
    return found | {name: value for name, value in kept.items() if value is not None}, kept | ({BEFORE: None} if BEFORE in environ else {})


def _first(environ: Mapping[str, str], names: Iterable[str]) -> tuple[str, str]:
    return next(((name, environ[name]) for name in names if environ.get(name)), ("", ""))
