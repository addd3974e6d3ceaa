"""Where a request goes, read from its URL without ever believing more of it than an HTTP client would.

The four forms of a request target (RFC 9112, 3.2) are understood: absolute, origin (`/path`), authority (`host:port`) and `*`.
"""

import re
from functools import lru_cache
from typing import NamedTuple

MAX_AUTHORITY = 512
"""Longest host with port and user info that is looked at (characters): DNS allows 253 for the name."""

_URL = re.compile(r"(?:(?:https?|wss?)://)?([^/?#]*)([^?#]*)(?:\?([^#]*))?", re.IGNORECASE | re.ASCII)
# One user info at most, no backslash, nothing unprintable: where parsers differ on the host, there is no host.
_AUTHORITY = re.compile(r"(?:[^@\\\x00-\x20\x7f]*@)?(\[[0-9A-Fa-f:.]+\]|[\w.-]+?)\.?(?::(\d{0,5}))?", re.ASCII)
DEFAULT_PORTS = {"https": 443, "http": 80}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""This machine's own names for itself."""

_WEB_PORTS = tuple(DEFAULT_PORTS.values())


class Target(NamedTuple):
    """`host` is `name` or `name:port`, "" where the URL has none, None where it makes no sense. `path` and `query` are as sent."""

    host: str | None
    path: str
    query: str


def split_target(url: str) -> Target:
    """Take a URL or request target apart. Never raises."""
    match = _URL.match(url)
    assert match  # every part may be empty
    authority, path, query = match.groups()
    # Only a path stands without a host: `https:///path` is `path`'s host to some readers, and nothing to others.
    return Target(host_key(authority) if authority else "" if url[:1] == "/" else None, path, query or "")


def is_loopback(host: str) -> bool:
    """Whether a host of a URL (IPv6 without brackets) is this machine, by its name alone (RFC 6761, 6.3)."""
    from ipaddress import ip_address  # seldom needed, and slow to import

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


PLAIN = "amp.url is plain http: whoever is on the way reads keys and conversations"
"""What is said of an amp.url of which `is_plain` is true (THREATS 12)."""


def is_plain(url: str) -> bool:
    """Whether what goes to a URL can be read on the way: plain http beyond this machine."""
    host = split_target(url).host or ""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return url.lower().startswith("http://") and not is_loopback(name.strip("[]"))


def host_key(authority: str) -> str | None:
    """A host with optional port in the one form in which hosts are compared: lower case, no user info, no final dot.

    80 and 443 are left out, so that a host is the same with and without port, and over http and https. None: not a host.
    """
    return _host_key(authority) if len(authority) <= MAX_AUTHORITY else None


@lru_cache(maxsize=512)
def _host_key(authority: str) -> str | None:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return None
    host, port = match[1].lower(), match[2]
    if host[0] == "[":
        host = _ipv6(host)
    return f"{host}:{int(port)}" if port and int(port) not in _WEB_PORTS else host


def _ipv6(host: str) -> str:
    from ipaddress import AddressValueError, IPv6Address  # seldom needed, and slow to import

    try:
        return f"[{IPv6Address(host[1:-1])}]"
    except AddressValueError:
        return host


def below(amp_url: str, url: str) -> str:
    """The URL; one that is a path alone is taken to be below amp.url."""
    return amp_url.rstrip("/") + url if url.startswith("/") else url


_ADDRESS = re.compile(r"[\d.]+|.*:.*")  # a destination that is no name: IPv4 or IPv6
_REVERSE = re.compile(r"reverse:(?:(\w+)://)?(\[[^\]]*\]|[^/:@]+)(?::(\d+))?")
_PORT = re.compile(r":\d{0,5}\Z")


def is_address(host: str) -> bool:
    """Whether a destination is an address rather than a name."""
    return _ADDRESS.fullmatch(host) is not None


def absolute_url(scheme: str, host: str, port: int, path: str, named: str | None) -> str:
    """The URL by the host that the connection goes to; by what the request names (Host header, :authority) where only an address is
    known (transparent mode)."""
    if named and is_address(host):
        host = _PORT.sub("", named).strip("[]")
    if ":" in host:
        host = f"[{host}]"
    return f"{scheme}://{host}{'' if port == DEFAULT_PORTS.get(scheme) else f':{port}'}{path}"


@lru_cache(maxsize=64)
def base_of(mode: str, amp_url: str) -> str:
    """What amp.url is for a flow that came in by this mode of mitmproxy: in reverse mode the upstream stands for it.

    A reverse listener exists to be somebody's amp.url. Its path, where amp.url has one, is the client's too.
    """
    found = _REVERSE.match(mode)
    if found is None:
        return amp_url
    scheme, host, port = found[1] or "https", found[2], found[3]
    if host.lower() == "openrouter.ai":
        return amp_url
    path = split_target(amp_url).path
    return f"{scheme}://{host}:{port or DEFAULT_PORTS.get(scheme, 443)}{path}"
