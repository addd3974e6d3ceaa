"""Several transforms, one after the other."""

from collections.abc import Sequence

from amp_addons.core.answers.transform import Transform


class Chain:
    """A Transform: what comes out of each goes into the next."""

    def __init__(self, parts: Sequence[Transform]) -> None:
        self._parts = parts

    def feed(self, data: bytes) -> list[bytes]:
        return self._through([data], 0)

    def close(self) -> list[bytes]:
        found: list[bytes] = []
        for number, part in enumerate(self._parts):
            found += self._through(part.close(), number + 1)
        return found

    def _through(self, pieces: list[bytes], start: int) -> list[bytes]:
        for part in self._parts[start:]:
            pieces = [out for piece in pieces for out in part.feed(piece)]
        return pieces
