"""Addresses in rules: where an upstream or a proxy is."""

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from amp_addons.core.target import LOOPBACK, host_key

PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host (no brackets) and port, and the path in front of all paths (without a slash at its end)."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As a Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> tuple[str, str, int]:
        """What makes two of them the same place."""
        return self.scheme, self.host, self.port


@lru_cache(maxsize=256)
def origin_of(url: str) -> Origin:
    """Raises ValueError, whose message completes "expected …" and does not hold the URL, in which a password may be."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in PORTS or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("http(s)://HOST, perhaps with a port and a path")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL without user and password: credentials come from the environment or a file")
    if parts.query or parts.fragment:
        raise ValueError("a URL without query and fragment")
    if not url.isascii() or port == 0 or host_key(parts.netloc) is None:
        raise ValueError("a host name in ASCII (xn--…), a port above 0, and a path with its other characters percent-encoded")
    return Origin(parts.scheme, host.rstrip("."), port or PORTS[parts.scheme], parts.path.rstrip("/"))


def check_url(url: str) -> None:
    origin_of(url)


def check_proxy(url: str) -> None:
    if origin_of(url).path:
        raise ValueError("http(s)://HOST:PORT without a path")


def is_url(name: str) -> bool:
    """Whether what names a file names one behind a URL."""
    return "://" in name


def check_file_url(url: str) -> None:
    """Where a signed file may be. Raises ValueError, whose message completes "expected …" and does not hold the URL."""
    origin = origin_of(url)
    if origin.scheme != "https" and origin.host not in LOOPBACK:
        raise ValueError("https://HOST/PATH (plain http only on this machine)")
