"""URL patterns: those of the document's section 9, and what later versions of the client send beside them.

In a pattern `*` stands for anything, slashes included.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from amp_addons.admin.comment import head, heading
from amp_addons.admin.egress import Egress, Place, documents_of, need_of, versions_of
from amp_addons.core.endpoint import Endpoint, Need
from amp_addons.core.pattern import Pattern
from amp_addons.core.scrub import visible
from amp_addons.rulefiles.catalog import Catalog

type Way = Literal["must-proxy", "must-allow"]

_AMP = "{amp.url}"
_HEADINGS = {
    ("must-proxy", True): "Must proxy, through amp.url (section 9.1 of the document):",
    ("must-proxy", False): "Must proxy as well: below amp.url, and not in section 9:",
    ("must-allow", True): "Must allow directly (section 9.2):",
    ("must-allow", False): "Other hosts, not in section 9:",
}


class Url(msgspec.Struct, frozen=True, kw_only=True):
    """One pattern; `documented` is whether section 9 has it."""

    pattern: str
    way: Way
    documented: bool
    need: Need
    purpose: str | None
    streaming: bool
    websocket: bool
    endpoints: tuple[str, ...]
    versions: tuple[str, ...]


class _Patterns(msgspec.Struct, frozen=True):
    patterns: dict[str, str | None] = {}


class _Section9(msgspec.Struct, frozen=True):
    """Of a catalog's `facts.proxy`, what is read here."""

    proxied: _Patterns = _Patterns()
    direct: _Patterns = _Patterns()


def urls(catalog: Catalog, egress: Egress) -> tuple[Url, ...]:
    """The patterns that catalogs state, then one for each row that none of them covers. Raises ValueError where `facts.proxy` is not in the
    form of the shipped catalog's."""
    documents = documents_of(catalog)
    rows: dict[str, list[Endpoint]] = {pattern: [] for _, pattern, _ in _stated(catalog)}
    beside: dict[str, list[Endpoint]] = {}
    for row in catalog.endpoints:
        where = _AMP if row.host is None else _origin(row.host)
        for pattern in (where + glob for path in row.paths for glob in globs(path)):
            covering = [each for each in rows if _covers(each, pattern)]
            for each in covering or [pattern]:
                (rows if covering else beside).setdefault(each, []).append(row)
    found = [_url(pattern, egress, rows[pattern], documents, way, purpose) for way, pattern, purpose in _stated(catalog)]
    found += [_url(pattern, egress, rows_, documents) for pattern, rows_ in beside.items()]
    order = list(_HEADINGS)
    return tuple(sorted(found, key=lambda url: (order.index((url.way, url.documented)), url.need == "optional")))


def globs(path: str) -> Iterator[str]:
    """A catalog's path as patterns: what ends in `/**` is a path and all below it."""
    pattern = Pattern.parse(path)
    base = "".join(f"/*{part.text}" if part.field else f"/{part.text}" for part in pattern.segments)
    query = "?*" if pattern.conditions else ""
    if base or not pattern.below:
        yield base + query
    if pattern.below:
        yield f"{base}/*{query}"


def text(egress: Egress, found: tuple[Url, ...]) -> Iterator[str]:
    """For people, and for what reads lists with comments."""
    yield from head("#", heading(egress))
    group = None
    for url in found:
        if group != (group := (url.way, url.documented)):
            yield from head("#", [_HEADINGS[group]])
        yield from head("#", [_about(url)])
        yield visible(url.pattern)


def _about(url: Url) -> str:
    carries = [name for name, there in (("server-sent events", url.streaming), ("WebSocket", url.websocket)) if there]
    facts = [url.need, url.purpose, *carries, f"client {', '.join(url.versions)}" if url.versions else None]
    return "; ".join(fact for fact in facts if fact)


def _stated(catalog: Catalog) -> tuple[tuple[Way, str, str | None], ...]:
    found: dict[str, tuple[Way, str, str | None]] = {}
    for file in catalog.files:
        try:
            said = msgspec.convert(file.facts.get("proxy", {}), _Section9)
        except msgspec.ValidationError as error:
            raise ValueError(f"catalog {file.catalog}, facts.proxy: {error}") from error
        for pattern, purpose in said.proxied.patterns.items():
            found[pattern] = ("must-proxy", pattern, purpose)
        for pattern, purpose in said.direct.patterns.items():
            found[pattern] = ("must-allow", pattern, purpose)
    return tuple(found.values())


def _covers(stated: str, pattern: str) -> bool:
    if stated.endswith("*"):
        # `…/api/v1/*` is meant for the base itself too: the document's own rows say `https://openrouter.ai/api/v1`.
        return pattern.startswith(stated[:-1]) or (stated.endswith("/*") and pattern == stated[:-2])
    return pattern == stated


def _url(
    pattern: str,
    egress: Egress,
    rows: list[Endpoint],
    documents: Mapping[str, str],
    way: Way | None = None,
    purpose: str | None = None,
) -> Url:
    direct = not pattern.startswith(_AMP)
    return Url(
        pattern=egress.amp_url + pattern.removeprefix(_AMP) if not direct else pattern,
        way=way or ("must-allow" if direct else "must-proxy"),
        documented=way is not None,
        need="required" if any(need_of(row) == "required" for row in rows) else "optional",
        purpose=purpose or next((text for row in rows if (text := row.purpose or row.title or row.needed_for)), None),
        streaming=any(row.streaming or False for row in rows),
        websocket=any(row.websocket or False for row in rows),
        endpoints=tuple(dict.fromkeys(row.id for row in rows)),
        versions=versions_of(rows, documents),
    )


def _origin(host: str) -> str:
    place = Place.parse(host)
    scheme, own = ("http", 80) if place.port == 80 else ("https", 443)
    return f"{scheme}://{place.host if place.port == own else place}"
