"""The times between the pieces of one answer, counted by length as they come: a few numbers, however many pieces there are."""

import math
from bisect import bisect_left
from collections.abc import Sequence

from amp_addons.core.stream import Chunk

SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Upper bounds, in seconds: those that OpenTelemetry's conventions name for every duration of a model's answer."""


class Gaps:
    """`first` is when the first piece came, `counts` has one number more than there are bounds: the last is for all that is longer."""

    __slots__ = ("_last", "counts", "first", "high", "low", "total")

    def __init__(self) -> None:
        self.first: float | None = None
        self.counts = [0] * (len(SECONDS) + 1)
        self.total = 0.0
        self.low, self.high = math.inf, 0.0
        self._last = 0.0

    def add(self, chunks: Sequence[Chunk]) -> None:
        """The next pieces. Thousands a second come here: no call that a piece does not need."""
        counts, last = self.counts, self._last
        for at, _ in chunks:
            if self.first is None:
                self.first = last = at
                continue
            gap = at - last
            if gap < 0.0:  # the wall clock may step back
                gap = 0.0
            last = at
            if gap < self.low:
                self.low = gap
            if gap > self.high:
                self.high = gap
            self.total += gap
            counts[bisect_left(SECONDS, gap)] += 1
        self._last = last

    @property
    def count(self) -> int:
        return sum(self.counts)
