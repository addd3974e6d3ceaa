"""A whole answer at a glance: its first and last events with their data, the others only counted, and what it amounts to.

Contract: nothing raises on any bytes. What is read is bounded by the limits below, and by the patience of whoever asks: most answers take
15 ms a megabyte, some that are none take a hundred times as long.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from amp_addons.core.reader import StreamEvent
from amp_addons.core.reading import Summary
from amp_addons.core.telling import TellingReader

MAX_READ = 6 * 1024 * 1024
"""Bytes of a body that are read: some 40,000 events of a model's answer."""

MAX_EVENTS = 100_000
"""Events that are read."""

FIRST, LAST = 200, 50
"""Events that are kept."""

BEFORE = 20
"""Events kept before the last ones, to see secrets that go on in them."""

MAX_PIECES = 4 * FIRST
"""Pieces, each up to a line's end, in which the first events are looked for, and as many for the last."""

_STEP = 16 * 1024
_FAR = 1024 * 1024
"""Bytes at the end in which the last events are looked for."""


class Seen(NamedTuple):
    """An event, its data, and where in the body it ended."""

    event: StreamEvent
    data: str
    end: int


class Glance(NamedTuple):
    """`total` counts all events. `first` and `last` do not overlap; `before` are events before `last`, not to be shown. `unread` bytes at
    the end were not read."""

    summary: Summary
    total: int
    first: list[Seen]
    before: list[Seen]
    last: list[Seen]
    unread: int

    @property
    def left_out(self) -> int:
        """Events between the first and the last ones."""
        return self.total - len(self.first) - len(self.last)


def glance(body: bytes, api: str | None = None, over: Callable[[], bool] = lambda: False) -> Glance:
    """Read a body without content coding. `over` says when there is no more time."""
    return _Look(body, api, over).result()


class _Look:
    def __init__(self, body: bytes, api: str | None, over: Callable[[], bool]) -> None:
        self._body, self._over = body, over
        self._reader = TellingReader(api)
        self._stop = min(len(body), MAX_READ)
        self._mark = b"\n\n" if b"\n\n" in body[: 4 * _STEP] else b"\n"  # where events end, or may end
        self._at = self._count = 0

    def result(self) -> Glance:
        first: list[Seen] = []
        for _ in range(MAX_PIECES):
            if len(first) >= FIRST or not self._goes_on:
                break
            first += self._piece()
        last: deque[Seen] = deque(first[FIRST:], maxlen=BEFORE + LAST)
        self._skim(self._tail())
        while self._goes_on:
            last += self._piece()
        self._reader.close()
        kept = list(last)
        shown = kept[-LAST:]
        before = kept[: len(kept) - len(shown)]
        return Glance(self._reader.summary(), self._count, first[:FIRST], before, shown, len(self._body) - self._at)

    @property
    def _goes_on(self) -> bool:
        return self._at < self._stop and self._count < MAX_EVENTS and not self._over()

    def _piece(self) -> list[Seen]:
        found = self._body.find(self._mark, self._at, min(self._stop, self._at + _STEP))
        end = min(self._stop, self._at + _STEP) if found < 0 else found + len(self._mark)
        events = [Seen(event, data, end) for event, data in self._reader.pairs(self._body[self._at : end])]
        self._at = end
        self._count += len(events)
        return events

    def _skim(self, stop: int) -> None:
        while self._at < stop and self._goes_on:
            end = min(self._at + _STEP, stop)
            self._count += self._reader.skim(self._body[self._at : end])
            self._at = end

    def _tail(self) -> int:
        """Where the last events begin."""
        place = self._stop
        for _ in range(BEFORE + LAST + 1):
            found = self._body.rfind(self._mark, max(self._at, self._stop - _FAR), max(self._at, place - len(self._mark)))
            if found < 0:
                break
            place = found + len(self._mark)
        return place
