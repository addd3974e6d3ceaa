"""NO_PROXY: which hosts are reached without a proxy. Clients read it in many ways; here a host counts as left out when any of them may.

Read as curl, Go, Python and undici do: names match themselves and all below them, a leading dot or `*.` means the same, `*` is every host,
a port after the name narrows it, addresses match as networks.
"""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from amp_addons.core.target import LOOPBACK, host_key


def entries(value: str) -> list[str]:
    """The entries of a variable's value: separated by commas or spaces."""
    return [entry for entry in value.replace(",", " ").split() if entry]


def leaves_out(value: str, host: str, port: int = 443) -> str | None:
    """The entry by which a client may reach this host without a proxy, or None."""
    return next((entry for entry in entries(value) if _matches(entry, host.lower().strip("[]"), port)), None)


def without(value: str, hosts: Iterable[tuple[str, int]]) -> str:
    """The value without the entries that would keep these hosts from a proxy, and with this machine's own names, where those are not the
    hosts themselves."""
    wanted = list(hosts)
    kept = [entry for entry in entries(value) if not any(_matches(entry, host.lower().strip("[]"), port) for host, port in wanted)]
    own = [name for name in LOOPBACK if name not in kept and not any(_matches(name, host, port) for host, port in wanted)]
    return ",".join([*kept, *own])


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(host, entry)
    name, only = _split(entry.lower())
    if only is not None and only != port:
        return False
    name = name.removeprefix("*").lstrip(".").strip("[]")
    return bool(name) and (host == name or host.endswith("." + name))


def _split(entry: str) -> tuple[str, int | None]:
    """Name and port of an entry; an IPv6 address without brackets has no port."""
    name, colon, port = entry.rpartition(":")
    if colon and port.isdigit() and (":" not in name or name.endswith("]")):
        return name, int(port)
    return entry, None


def _in_network(host: str, entry: str) -> bool:
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        return False


def host_and_port(url: str) -> tuple[str, int] | None:
    """The host of a URL and its port, the scheme's usual one where it names none."""
    scheme, _, rest = url.partition("://")
    key = host_key(rest.partition("/")[0].partition("?")[0])
    if key is None:
        return None
    name, port = _split(key)
    return name.strip("[]"), port or (80 if scheme.lower() == "http" else 443)
