"""What a gateway may be asked to reach: which hosts, and which addresses the names of these may lead to.

A name is believed as little as its DNS: whoever has that could point it at this machine, a cloud's metadata, or a network behind the
gateway (THREATS 15). An address that carries another one inside (IPv4 in IPv6) is judged by that one.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from amp_addons.core.target import host_key

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label that programs take for part of an IPv4 address."""

_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv4 behind a translator (RFC 6052)."""

_METADATA = frozenset(map(ip_address, ("168.63.129.16",)))
"""Public by its number, and a cloud's own: what virtual machines of Azure ask for their metadata. The others are private or link-local."""


class Reachable(msgspec.Struct, frozen=True):
    """A host that may be asked for, as `core.target.host_key` writes it; `below`: every name below it instead. `networks` are those that
    it may lead to although they are not public."""

    host: str
    below: bool = False
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Reachable":
        """Read `HOST`, `HOST:PORT` or `*.HOST`, and `=NETWORK` after it. An address may lead to itself. Raises ValueError."""
        name, equals, network = text.partition("=")
        below = name.startswith("*.")
        key = host_key(name.removeprefix("*."))
        bare = _without_port(key or "")
        address = _address(bare)
        if "@" in text:  # what stands before it may be a password
            raise ValueError("found a user name before a host, expected HOST, HOST:PORT or *.HOST")
        if key is None or name.endswith(":") or (address is None and not is_name(bare)) or (below and address is not None):
            raise ValueError(f"found {text!r}, expected HOST, HOST:PORT or *.HOST, perhaps with =NETWORK")
        networks = [ip_network(address)] if address is not None else []
        if equals:
            try:
                networks += map(ip_network, network.split("+"))
            except ValueError:
                raise ValueError(f"found {text!r}, expected a network after the =, as in git.corp.example=10.0.0.0/8") from None
        return cls(key, below, tuple(networks))

    def matches(self, key: str) -> bool:
        """Whether a host, as `host_key` writes it, is meant."""
        return key.endswith("." + self.host) if self.below else key == self.host


def is_name(host: str) -> bool:
    """Whether a host is a name to every program: no address, in whatever notation."""
    return _NAME.fullmatch(host) is not None and not _NUMBER.fullmatch(host.rpartition(".")[2])


def own_network(key: str) -> tuple[Network, ...]:
    """What a host that is named as an address may lead to: itself."""
    address = _address(_without_port(key))
    return () if address is None else (ip_network(address),)


def why_not(found: str, networks: Iterable[Network] = ()) -> str | None:
    """Why an address must not be connected to, in a word or two, or None: a public one may, and one of these networks."""
    try:
        address = judged(ip_address(found))
    except ValueError:
        return "not an address"
    if any(address in network for network in networks):
        return None
    kinds = {
        "the unspecified address": address.is_unspecified,
        "a loopback address": address.is_loopback,
        "a link-local address": address.is_link_local,
        "a multicast address": address.is_multicast,
        "a cloud's metadata": address in _METADATA,
        "a private address": address.is_private or getattr(address, "is_site_local", False),
        "not a public address": not address.is_global,
    }
    return next((kind for kind, is_so in kinds.items() if is_so), None)


def judged(address: Address) -> Address:
    """The IPv4 address inside of an IPv6 one that leads there, else the address itself."""
    if not isinstance(address, IPv6Address):
        return address
    number = int(address)
    inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inside is None and number > 1 and (number >> 32 == 0 or address in _TRANSLATED):
        inside = IPv4Address(number & 0xFFFFFFFF)
    return inside or address


def _without_port(key: str) -> str:
    name, colon, _ = key.rpartition(":")
    return name if colon and not key.endswith("]") else key


def _address(host: str) -> Address | None:
    try:
        return ip_address(host[1:-1] if host.startswith("[") else host)
    except ValueError:
        return None
