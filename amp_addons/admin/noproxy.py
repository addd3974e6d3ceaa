"""NO_PROXY: what must not stand in it, lest the client go past the proxy, and what may."""

from collections.abc import Iterator

import msgspec

from amp_addons.admin.comment import about, head, heading
from amp_addons.admin.egress import Egress, Host, Place
from amp_addons.core.target import LOOPBACK, is_loopback


class Entries(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of NO_PROXY that cover a host, and why they may stand there or not."""

    host: str
    entries: tuple[str, ...]
    because: str


class NoProxy(msgspec.Struct, frozen=True, kw_only=True):
    """The answer; `value` is what may be set as it is."""

    must_be_left_out: tuple[Entries, ...]
    may_stay: tuple[Entries, ...]
    value: str

    @classmethod
    def of(cls, egress: Egress) -> "NoProxy":
        hosts = [host for host in egress.hosts if not is_loopback(host.place.name)]
        out = [_entries(host, covering(host.place)) for host in hosts if host.need == "required"]
        stay = [_entries(host, covering(host.place)[:1]) for host in hosts if host.need != "required"]
        # No client exempts it by itself.
        loopback = Entries(host="this machine", entries=LOOPBACK, because="what runs here needs no proxy")
        return cls(must_be_left_out=tuple(out), may_stay=(loopback, *stay), value=",".join(LOOPBACK))


def covering(place: Place) -> tuple[str, ...]:
    """The entries that one client or another takes for this host: itself, every suffix, and the wildcard."""
    if place.address:
        return place.name, str(place), "*"
    labels = place.name.split(".")
    suffixes = [".".join(labels[at:]) for at in range(len(labels))]
    return *(form for suffix in suffixes for form in (suffix, f".{suffix}", f"*.{suffix}")), str(place), "*"


def no_proxy(egress: Egress, found: NoProxy) -> Iterator[str]:
    """For people, and for a shell to read."""
    yield from head("#", heading(egress))
    yield from head("#", ["Must be left out, or the client goes past the proxy:"])
    for each in found.must_be_left_out:
        yield from head("#", [each.because, f"{' '.join(each.entries)}"])
    yield from head("#", ["May stay; the proxy does not see it then:"])
    for each in found.may_stay:
        yield from head("#", [f"{' '.join(each.entries)}: {each.because}"])
    yield f"NO_PROXY={found.value}"


def _entries(host: Host, entries: tuple[str, ...]) -> Entries:
    return Entries(host=str(host.place), entries=entries, because=about(host))
