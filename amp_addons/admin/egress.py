"""The hosts and ports that the client connects to, by the catalogs and amp.url: what is required, why, and what they carry."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

import msgspec

from amp_addons.core.endpoint import Endpoint, Need, Route
from amp_addons.core.network import Elsewhere, TimeLimits
from amp_addons.rulefiles.catalog import Catalog

TIMEOUTS = TimeLimits(connect=10, first_byte=600, idle=600, websocket=3600)
"""Where no catalog says another: the shipped one does."""

DISPENSABLE = frozenset(["telemetry", "web"])
"""Categories below amp.url that the client itself can do without: reports to the service, and pages that a browser opens."""

_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+?)\.?(?::([0-9]{1,5}))?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_BASE = re.compile(r"(https?)://(?:[^/?#@]*@)?([^/?#@]+)((?:/[^?#\x00-\x20\x7f-\x9f]*)?)", re.ASCII | re.IGNORECASE)
_PORTS = {"https": 443, "http": 80}

type Scheme = Literal["https", "http"]


class Place(msgspec.Struct, frozen=True):
    """A host and a port, both fit to be pasted anywhere: a DNS name or an address (IPv6 without its brackets)."""

    name: str
    port: int

    @classmethod
    def parse(cls, text: str, port: int | None = 443) -> "Place":
        """Read `host` or `host:port`; with `port` None it has to be there. Raises ValueError: "found …, expected …"."""
        match = _AUTHORITY.fullmatch(text.lower())
        name = _name(match[1]) if match else None
        number = int(match[2]) if match and match[2] else port
        if name is None or number is None or not 0 < number < 65536:
            expected = "a host name or address" + (" with a port" if port is None else ", perhaps with a port")
            raise ValueError(f"found {text!r}, expected {expected}")
        return cls(name, number)

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The address, where it is one and not a name."""
        return None if _LABEL.fullmatch(self.name.rpartition(".")[2]) and not _is_number(self.name) else ip_address(self.name)

    @property
    def host(self) -> str:
        """As URLs have it: IPv6 in brackets."""
        return f"[{self.name}]" if ":" in self.name else self.name

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """One host and port. `needed_for` is for people, `versions` are those of the client that use it."""

    place: Place
    scheme: Scheme
    route: Route
    need: Need
    needed_for: tuple[str, ...]
    streaming: bool
    websocket: bool
    catalogs: tuple[str, ...]
    versions: tuple[str, ...]
    endpoints: tuple[str, ...]

    @property
    def authority(self) -> str:
        """As it stands in a URL and in the Host header: the port only where it is not the scheme's own."""
        return self.place.host if self.place.port == _PORTS[self.scheme] else str(self.place)

    @property
    def headers(self) -> tuple[str, ...]:
        """The Host headers that mean it."""
        return tuple(dict.fromkeys([self.authority, str(self.place)]))


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A catalog that it comes from, and the versions of the client that it was made from."""

    catalog: str
    versions: tuple[str, ...]


class Egress(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `amp_url` has neither user info nor a slash at the end."""

    amp_url: str
    hosts: tuple[Host, ...]
    elsewhere: tuple[Elsewhere, ...]
    timeouts: TimeLimits
    sources: tuple[Source, ...]
    program: str

    @classmethod
    def of(cls, catalog: Catalog, amp_url: str, program: str) -> "Egress":
        """Gather it. Raises ValueError where amp.url or a row's host is none that can be written down everywhere."""
        scheme, amp, base = _split(amp_url)
        documents = documents_of(catalog)
        rows: dict[Place, list[Endpoint]] = {amp: []}
        for row in catalog.endpoints:
            rows.setdefault(_place(row) if row.host else amp, []).append(row)
        networks = [file.network for file in catalog.files if file.network]
        whole = next((network.needed_for for network in reversed(networks) if network.needed_for), None)
        hosts = [_host(place, scheme if place == amp else None, found, documents, whole) for place, found in rows.items()]
        ordered = sorted(hosts, key=lambda host: (host.place != amp, host.need != "required", host.route != "direct"))
        return cls(
            amp_url=f"{scheme}://{ordered[0].authority}{base}",
            hosts=tuple(ordered),
            elsewhere=tuple(each for network in networks for each in network.elsewhere),
            timeouts=next((network.timeouts for network in reversed(networks) if network.timeouts), TIMEOUTS),
            sources=tuple(
                Source(catalog=file.catalog, versions=(file.version,) if file.version else tuple(file.clients)) for file in catalog.files
            ),
            program=program,
        )

    @property
    def amp(self) -> Host:
        """The host of amp.url."""
        return self.hosts[0]

    def required(self) -> "Egress":
        """The same with nothing optional."""
        needed = tuple(each for each in self.elsewhere if each.need == "required")
        return msgspec.structs.replace(self, hosts=tuple(host for host in self.hosts if host.need == "required"), elsewhere=needed)


def need_of(row: Endpoint) -> Need:
    """What the row says, else: what goes through amp.url is required, reports and pages are not, nor is another host."""
    if row.need:
        return row.need
    return "required" if row.route == "proxied" and row.category not in DISPENSABLE else "optional"


def documents_of(catalog: Catalog) -> dict[str, str]:
    """The version of the client that a catalog as a whole describes, where it describes one."""
    return {file.catalog: file.version for file in catalog.files if file.version}


def versions_of(rows: Iterable[Endpoint], documents: Mapping[str, str]) -> tuple[str, ...]:
    """The versions of the client that are known to have these rows, each once."""
    return _once(each for row in rows for each in (documents.get(row.catalog or ""), *row.versions) if each)


def _host(place: Place, amp_scheme: Scheme | None, rows: list[Endpoint], documents: Mapping[str, str], whole: str | None) -> Host:
    route: Route = "proxied" if amp_scheme else next((row.route for row in rows if row.route == "direct"), "external")
    needed_for = [whole if amp_scheme else None, *(row.needed_for for row in rows)]
    return Host(
        place=place,
        scheme=amp_scheme or ("http" if place.port == 80 else "https"),
        route=route,
        need="required" if amp_scheme or any(need_of(row) == "required" for row in rows) else "optional",
        needed_for=_once(text for text in needed_for if text),
        streaming=any(row.streaming for row in rows),
        websocket=any(row.websocket for row in rows),
        catalogs=_once(row.catalog for row in rows if row.catalog),
        versions=versions_of(rows, documents),
        endpoints=_once(row.id for row in rows),
    )


def _place(row: Endpoint) -> Place:
    try:
        return Place.parse(row.host or "")
    except ValueError as error:
        raise ValueError(f"catalog {row.catalog}, endpoint {row.id}, host: {error}") from error


def _split(amp_url: str) -> tuple[Scheme, Place, str]:
    if match := _BASE.fullmatch(amp_url):
        scheme: Scheme = "https" if match[1].lower() == "https" else "http"
        with suppress(ValueError):
            return scheme, Place.parse(match[2], _PORTS[scheme]), match[3].rstrip("/")
    # What was found is not repeated: there may be a password in it.
    raise ValueError("amp.url: expected http:// or https://, a host name or address, and perhaps a port and a path without blanks")


def _name(host: str) -> str | None:
    """The host in one spelling, or None where programs could take it for something else (a suffix, another way to write an address)."""
    if host.startswith("[") or _is_number(host):
        try:
            return str(ip_address(host.strip("[]")))
        except ValueError:
            return None
    return host if len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.split(".")) else None


def _is_number(host: str) -> bool:
    # By the WHATWG's URL standard a last label that is a number, 0x… included, makes an IPv4 address of a host.
    return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]) is not None


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
