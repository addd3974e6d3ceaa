"""The rows of all catalogs, found by host, path, method and query in a time that does not grow with their number.

For each host there is a tree of path segments; the rows hang where their paths end. On the way down a segment's own text beats a
template, and a longer path beats the `/**` of a shorter one. Where several rows end at one place, the one whose query says more
wins, then the one of the later catalog.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from amp_addons.core.endpoint import ANY_METHOD, Endpoint
from amp_addons.core.path import canonical, is_odd
from amp_addons.core.pattern import Pattern
from amp_addons.core.target import host_key

PROVIDER_PREFIX = ("api", "provider")
"""Below amp.url; the segment that follows is a provider's name."""


class Row(NamedTuple):
    """One path pattern of an endpoint. `rank` is the place of its catalog, the later the higher."""

    endpoint: Endpoint
    pattern: Pattern
    rank: int

    def fields(self, path: str, query: str) -> dict[str, str]:
        """What the templates of the pattern stand for in a path and query that this row matches, as they were sent."""
        if not self.pattern.has_fields:
            return {}
        fields = self.pattern.query_fields(query) or {}
        for segment, part in zip(self.pattern.segments, path.split("/")[1:], strict=False):
            if segment.field:
                fields[segment.field] = part.removesuffix(segment.text)
        return fields


class Place:
    """The rows that end at one place, by method, the best first."""

    __slots__ = ("by_method",)

    def __init__(self) -> None:
        self.by_method: dict[str, list[Row]] = {}

    def add(self, row: Row) -> None:
        """Add a row that is no better than those added before it."""
        if ANY_METHOD in row.endpoint.methods:
            self.by_method.setdefault(ANY_METHOD, [])
            for rows in self.by_method.values():
                rows.append(row)
            return
        for method in row.endpoint.methods:
            self.by_method.setdefault(method, list(self.by_method.get(ANY_METHOD, ()))).append(row)

    def find(self, method: str, query: str) -> Row | None:
        for row in self.by_method.get(method) or self.by_method.get(ANY_METHOD) or ():
            if not row.pattern.conditions or row.pattern.query_fields(query) is not None:
                return row
        return None


class Node:
    """A place in the tree: what may follow, and the rows that end here or take in all that follows."""

    __slots__ = ("below", "here", "literals", "templates")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        self.templates: dict[str, Node] = {}  # by the segment's ending, "" for any segment
        self.here: Place | None = None
        self.below: Place | None = None

    def add(self, row: Row) -> None:
        node = self
        for text, field in row.pattern.segments:
            node = (node.templates if field else node.literals).setdefault(text, Node())
        if row.pattern.below:
            node.below = node.below or Place()
            node.below.add(row)
        else:
            node.here = node.here or Place()
            node.here.add(row)

    def find(self, segments: Sequence[str], at: int, method: str, query: str) -> Row | None:
        if at == len(segments):
            row = self.here.find(method, query) if self.here else None
        else:
            segment = segments[at]
            following = self.literals.get(segment)
            row = following.find(segments, at + 1, method, query) if following else None
            if row is None and self.templates:
                row = self._find_template(segment, segments, at, method, query)
        return row or (self.below.find(method, query) if self.below else None)

    def _find_template(self, segment: str, segments: Sequence[str], at: int, method: str, query: str) -> Row | None:
        for ending in _endings(segment):
            if (following := self.templates.get(ending)) and (row := following.find(segments, at + 1, method, query)):
                return row
        return None


class Catalog:
    """An immutable index of endpoints. Each group is a catalog; the later beats the earlier.

    `beneath` has rows that are only asked for what is in no row here: those of catalogs by URL (THREATS 8).
    """

    def __init__(self, *groups: Iterable[Endpoint], beneath: "Catalog | None" = None) -> None:
        self.beneath = beneath
        ranked = [(endpoint, rank) for rank, group in enumerate(groups) for endpoint in group]
        self.endpoints = tuple(endpoint for endpoint, _ in ranked)
        self.rows = tuple(Row(endpoint, Pattern.parse(path), rank) for endpoint, rank in ranked for path in endpoint.paths)
        self.direct_hosts = frozenset(host_key(e.host) for e in self.endpoints if e.host and e.route == "direct")
        self.providers = frozenset(_provider_names(self.rows))
        self._longest = max((len(row.pattern.segments) for row in self.rows), default=0)
        self._trees: dict[str | None, Node] = {}
        for row in sorted(self.rows, key=_precedence):
            self._trees.setdefault(tree_key(row.endpoint), Node()).add(row)

    def find(self, host: str | None, method: str, path: str, query: str = "") -> Row | None:
        """The row of a request; `host` is None for amp.url, whose own path has been taken off `path`. Never raises."""
        tree = self._trees.get(host)
        if tree is None:
            return None
        row = self._find(tree, method, path, query)
        if row is None or not is_odd(path):
            return row
        reading = canonical(path)
        other = self._find(tree, method, reading, query) if reading is not None else None
        return row if other is not None and other.endpoint is row.endpoint else None

    def has(self, host: str | None) -> bool:
        """Whether any row is for this host, those beneath left out."""
        return host in self._trees

    @property
    def ids(self) -> set[str]:
        """Those of all rows."""
        return {row.id for row in self.endpoints} | (self.beneath.ids if self.beneath else set())

    def _find(self, tree: Node, method: str, path: str, query: str) -> Row | None:
        # Past the longest pattern only a `/**` can match, however many segments follow: they stay in one piece.
        return tree.find(path.split("/", self._longest + 1)[1:], 0, method, query)


def tree_key(endpoint: Endpoint) -> str | None:
    """What `Catalog.find` takes as host for a row."""
    return host_key(endpoint.host) if endpoint.host else None


def _precedence(row: Row) -> tuple[int, int, int, bool]:
    conditions = row.pattern.conditions
    literal = sum(condition.value is not None for condition in conditions)
    return -literal, -len(conditions), -row.rank, ANY_METHOD in row.endpoint.methods


def _provider_names(rows: Iterable[Row]) -> Iterator[str]:
    for endpoint, pattern, _ in rows:
        names = [text for text, field in pattern.segments[:3] if field is None]
        if endpoint.host is None and len(names) == 3 and tuple(names[:2]) == PROVIDER_PREFIX:
            yield names[2]


def _endings(segment: str) -> Iterator[str]:
    """What a template for this segment may end with, the longest claim first: `x.tar:get` has `:get`, `.tar:get` and any."""
    for mark in ":.":
        _, found, rest = segment[1:].rpartition(mark)
        if found:
            yield found + rest
    if segment:
        yield ""
