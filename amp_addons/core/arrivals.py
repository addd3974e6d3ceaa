"""When the pieces of a body came, in few bytes: for who looks at it afterwards."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from amp_addons.core.encoding import ContentDecoder
from amp_addons.core.facts import Facts
from amp_addons.core.stream import Chunk

MAX_PIECES = 100_000
"""Pieces noted, at 12 bytes each; an answer of an hour has some ten thousand."""

MAX_DECODED = 4_000
"""Pieces decoded one by one to know where in the decoded body they end: some 20 ms."""


class Arrivals:
    """`started` is when the request began, in seconds since the epoch."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.whole = True
        self._times, self._sizes = array("d"), array("I")

    def add(self, chunks: Sequence[Chunk]) -> None:
        """Take the next pieces."""
        if len(self._times) + len(chunks) > MAX_PIECES:
            self.whole = False
        if self.whole:
            self._times.extend([at for at, _ in chunks])
            self._sizes.extend([len(data) for _, data in chunks])

    def moments(self, body: bytes, coding: str) -> "Moments | None":
        """For the body as it was on the wire; None where it is another."""
        ends = [*accumulate(self._sizes)]
        return _moments(self.started, self._times, ends, body, coding) if self.whole and ends and ends[-1] == len(body) else None


class Moments:
    """When the bytes of a decoded body had come."""

    def __init__(self, started: float, times: Sequence[float], ends: Sequence[int]) -> None:
        self._started, self._times, self._ends = started, times, ends

    def at(self, end: int) -> float:
        """When so many bytes were there: milliseconds since the request began."""
        place = min(bisect_left(self._ends, end), len(self._times) - 1)
        return max(0.0, self._times[place] - self._started) * 1000


def recorded_moments(facts: Facts, started: float, body: bytes, coding: str) -> Moments | None:
    """The same of a body in a recording."""
    if not facts.chunk_ms:
        return None
    pieces = facts.pieces(started, body)
    return _moments(started, pieces.times, pieces.ends, body, coding)


def _moments(started: float, times: Sequence[float], ends: Sequence[int], body: bytes, coding: str) -> Moments | None:
    if coding and coding.lower() != "identity":
        if len(ends) > MAX_DECODED:
            return None
        decoder, at, sizes = ContentDecoder(coding), 0, []
        for end in ends:
            sizes.append(len(decoder.feed(body[at:end])))
            at = end
        if decoder.error:
            return None
        ends = [*accumulate(sizes)]
    return Moments(started, times, ends)
