"""Sets of addresses for nftables, and a chain that accepts them.

A packet filter sees addresses only: names have to be looked up, by whoever calls this (`addresses`) or by a DNS server that fills the sets.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

from amp_addons.admin.comment import about, comment, head, heading
from amp_addons.admin.egress import Egress, Host, Place

type Address = IPv4Address | IPv6Address

ADDRESSES_ONLY = "A packet filter sees addresses only: addresses change, and whatever else is served from them is let through as well."
_NOTES = (
    ADDRESSES_ONLY,
    "Load it with nft -f after your own table inet filter, and add to its chain output or forward: jump amp",
    "Event streams and WebSockets pass as they are, however long. Where connections are tracked, nf_conntrack_tcp_timeout_established "
    "has to be above the limits named here.",
)


def nftables(egress: Egress, addresses: Mapping[Place, Sequence[Address]] | None = None) -> Iterator[str]:
    """`addresses` are those of names; without them the sets keep what others put there, and how to fill them is said.

    The file may be loaded again and again: what it says replaces what it said before.
    """
    yield from head("#", heading(egress, *_NOTES))
    sets: dict[tuple[str, int, int], list[Host]] = {}
    for host in egress.hosts:
        for version in (4, 6):
            sets.setdefault((host.need, host.place.port, version), []).append(host)
    yield "table inet filter {"
    for key, hosts in sets.items():
        yield f"    set {_name(*key)} {{"
        yield f"        type ipv{key[2]}_addr"
        for host in hosts:
            yield from comment("#", about(host), " " * 8)
            if addresses is None and not host.place.address:
                yield from comment("#", f"dnsmasq fills it: nftset=/{host.place.name}/{key[2]}#inet#filter#{_name(*key)}", " " * 8)
        yield "    }"
    yield "    chain amp {"
    yield "    }"
    yield "}"
    if addresses is not None:
        yield from (f"flush set inet filter {_name(*key)}" for key in sets)
    for key, hosts in sets.items():
        found = {address for host in hosts for address in _addresses(host.place, addresses or {}) if address.version == key[2]}
        if found:
            yield f"add element inet filter {_name(*key)} {{ {', '.join(map(str, sorted(found, key=int)))} }}"
    yield "flush chain inet filter amp"
    for need, port, version in sets:
        ip = "ip" if version == 4 else "ip6"
        yield f'add rule inet filter amp {ip} daddr @{_name(need, port, version)} tcp dport {port} accept comment "Amp, {need}"'


def _name(need: str, port: int, version: int) -> str:
    return f"amp_{need}_{port}_v{version}"


def _addresses(place: Place, known: Mapping[Place, Sequence[Address]]) -> Sequence[Address]:
    return (place.address,) if place.address else known.get(place, ())
