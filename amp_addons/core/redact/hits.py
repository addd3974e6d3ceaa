"""What one detector makes of a stream: its candidates that are complete, decided in their order as `core.redact.engine` does."""

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import NamedTuple

from amp_addons.core.redact import checks, extent
from amp_addons.core.redact.detector import MAX_KEYWORD, Found, stands_apart
from amp_addons.core.redact.engine import MAX_REFUSED, Engine, Span

type IsOpen = Callable[[int, int], bool]
"""Whether a match of a detector (by its number) may still come that starts at a place or before it."""


class Hit(NamedTuple):
    """Matches may start from `start` to `latest`; the secret does at `low` or later."""

    start: int
    latest: int
    low: int


class Hits:
    """Places count from the beginning of the stream."""

    def __init__(self, engine: Engine, number: int) -> None:
        self.number = number
        self.waiting: list[Hit] = []
        self.places: list[int] = []
        """Where keywords stand, of a detector whose matches need not begin with one."""
        self._claims = engine.claims
        self._detector = engine.detectors[number]
        self._keywords = tuple(word.encode() for word in self._detector.keywords)
        self._done = 0  # everything before it is decided
        self._refused = 0

    @property
    def hold(self) -> int:
        """From where on what waits may be a secret."""
        return min((hit.low for hit in self.waiting), default=1 << 62)

    def add(self, hit: Hit) -> None:
        insort(self.waiting, hit)

    def settle(self, data: bytes, base: int, is_open: IsOpen | None) -> list[Span]:
        """The secrets that can be decided, with `data` in sight from the place `base` on; all when nothing is open any more."""
        spans: list[Span] = []
        while self.waiting:
            start, latest, low = self.waiting[0]
            start = max(start, self._done)
            if start > latest:
                del self.waiting[0]
                continue
            if is_open is not None and is_open(self.number, start):
                break
            found = self._match(data, base, start, latest)
            if found is None:
                del self.waiting[0]
                continue
            if base + found[0][0] > start:  # another may be first
                del self.waiting[0]
                self.add(Hit(base + found[0][0], latest, low))
                continue
            if not self._decide(data, base, found, is_open is None, spans):
                break
        return spans

    def forget(self, base: int) -> None:
        del self.places[: bisect_left(self.places, base - self._detector.shape.after)]

    def _match(self, data: bytes, base: int, start: int, latest: int) -> Found | None:
        shape = self._detector.shape
        find = shape.match if start == latest else shape.search
        at, stop = start - base, min(latest + shape.after - base, len(data))
        while at <= stop and (found := find(data, at, stop))[0][0] >= 0:
            begun = found[0][0]
            if begun + base > latest:
                return None
            if start == latest or not shape.starts or self._is_place(data, begun):
                return found
            at = begun + 1
        return None

    def _is_place(self, data: bytes, place: int) -> bool:
        return data[place : place + MAX_KEYWORD].lower().startswith(self._keywords) and (
            not self._detector.apart or stands_apart(data, place)
        )

    def _decide(self, data: bytes, base: int, found: Found, final: bool, spans: list[Span]) -> bool:
        """Whether a match could be decided."""
        detector = self._detector
        begun, ended = found[0]
        if not detector.shape.starts:
            reach = self._reach(base + begun) - base
            if ended > reach:
                if not final and len(data) - MAX_KEYWORD - detector.shape.before <= max(reach, begun):
                    return False  # a keyword may come
                found = detector.shape.match(data, begun, reach) if reach > begun else ()
                if not found or found[0][0] < 0:
                    self._done = base + begun + 1
                    return True
        first, last = found[detector.shape.group]
        if first < 0:
            self._done = base + begun + 1
            return True
        end = detector.end(data, last)
        if not final and self._ends_open(data, first, last, end):
            self.waiting[0] = self.waiting[0]._replace(low=base + first)
            return False
        if not detector.refuses(data, first, end):
            self._done = base + end
            if not (detector.yields and self._claims.claim(data, first, end)):
                spans.append((base + first, base + end, self.number))
        else:
            self._refused += 1
            self._done = base + max(first, begun + 1)
            if self._refused > MAX_REFUSED:
                self._done = max(base + end, self._done)
        return True

    def _ends_open(self, data: bytes, first: int, last: int, end: int) -> bool:
        detector = self._detector
        if detector.run is not None and extent.is_open(data, last, end, detector.run):
            return True
        return len(data) < end + checks.ahead(detector.check) or (detector.yields and self._claims.is_open(data, first))

    def _reach(self, start: int) -> int:
        """Up to where keywords that stand near enough to each other allow a match that starts there."""
        shape = self._detector.shape
        reach = start
        for place in self.places:
            if place - shape.before <= reach <= place + shape.after:
                reach = place + shape.after
        return reach
