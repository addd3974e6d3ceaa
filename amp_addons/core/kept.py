"""An answer's body, kept while it passes by, up to a limit."""

from collections.abc import Callable, Sequence

from amp_addons.core.stream import Chunk


class Kept:
    """The pieces as they came. `left_out` counts the bytes past `limit`, or past what `room` gives: it is asked for a number of bytes
    and says how many there may be (all answers together have a limit too)."""

    __slots__ = ("_room", "chunks", "left_out", "limit", "size")

    def __init__(self, limit: int, room: Callable[[int], int] = lambda wanted: wanted) -> None:
        self.chunks: list[Chunk] = []
        self.left_out = 0
        self.limit = limit
        self.size = 0
        self._room = room

    def add(self, chunks: Sequence[Chunk]) -> None:
        """Take the next pieces. What is left out is a tail: once something was, nothing more is kept."""
        for at, data in chunks:
            fits = 0 if self.left_out else self._room(min(len(data), self.limit - self.size))
            self.size += fits
            self.left_out += len(data) - fits
            if fits:
                self.chunks.append((at, data[:fits]))
