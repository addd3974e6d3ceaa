"""Access lists for Squid (5 or later), to be included before its `http_access deny` lines."""

from collections.abc import Iterator

from amp_addons.admin.comment import about, comment, head, heading
from amp_addons.admin.egress import Egress, Host

_NOTES = (
    "In squid.conf, before its own http_access lines: include /etc/squid/amp.conf",
    "A client's CONNECT is passed on as it is, WebSockets and event streams too. Where Squid decrypts (ssl_bump), it streams by itself and "
    "http_upgrade_request_protocols lets WebSockets through; an ICAP or eCAP service that collects answers would hold streams up.",
    "The last two lines hold for all of this Squid's traffic. Leave them out where yours are longer.",
)


def squid(egress: Egress) -> Iterator[str]:
    """One list for each need, port and kind of name: dstdomain compares names, dst addresses."""
    yield from head("#", heading(egress, *_NOTES))
    groups: dict[tuple[str, int], str] = {}
    for host in egress.hosts:
        kind = "dst" if host.place.address else "dstdomain"
        name = f"amp_{host.need}_{host.place.port}" + ("_address" if kind == "dst" else "")
        groups[name, host.place.port] = host.need
        yield from comment("#", about(host))
        yield f"acl {name} {kind} {host.place.name}"
    yield from (f"acl amp_port_{port} port {port}" for port in sorted({port for _, port in groups}))
    for (name, port), need in groups.items():
        yield from comment("#", f"{need}:")
        yield f"http_access allow {name} amp_port_{port}"
        yield f"cache deny {name} amp_port_{port}"
        if any(host.websocket for host in _of(egress, need, port)):
            yield f"http_upgrade_request_protocols websocket allow {name} amp_port_{port}"
    yield f"connect_timeout {egress.timeouts.connect} seconds"
    yield f"read_timeout {egress.timeouts.longest} seconds"


def _of(egress: Egress, need: str, port: int) -> Iterator[Host]:
    return (host for host in egress.hosts if (host.need, host.place.port) == (need, port))
