"""Bodies that are only changed as a whole: of answers whose API is not known."""

from collections.abc import Callable

MAX_BYTES = 16 * 1024 * 1024
"""Most bytes held; a body that is longer cannot be changed, and whoever must change it ends it there."""


class TooLong(ValueError):
    """The body is longer than what is held of one."""

    def __init__(self) -> None:
        super().__init__(f"the body has more than {MAX_BYTES} bytes and cannot be changed as a whole")


class Whole:
    """A Transform that holds everything until the end, and then gives what `edit` makes of it. Raises TooLong."""

    def __init__(self, edit: Callable[[bytes], bytes]) -> None:
        self._edit = edit
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        if len(self._held) + len(data) > MAX_BYTES:
            raise TooLong
        self._held += data
        return []

    def close(self) -> list[bytes]:
        body = self._edit(bytes(self._held))
        return [body] if body else []
