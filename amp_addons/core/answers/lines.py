"""The lines of an event stream, to be changed one by one."""

import re
from collections.abc import Callable

MAX_LINE = 1024 * 1024
"""Longest line that is looked at (bytes). A longer one, which only an image would make, goes on as it is, in pieces."""

_LONG_LINE = 4096
"""From this length (bytes) a held line is kept in a bytearray, which grows in place. Below it, joining bytes is quicker."""

_END = re.compile(rb"[\r\n]")


class Lines:
    """Changes the lines in which `mark` occurs. `edit` takes and returns one line without its end, which is CR, LF or CRLF.

    An unfinished line is held back; all others go on at once.
    """

    def __init__(self, mark: bytes, edit: Callable[[bytes], bytes]) -> None:
        self._mark = mark
        self._edit = edit
        self._held: bytes | bytearray = b""
        self._too_long = False  # we are within a line that was too long to hold

    def feed(self, data: bytes) -> list[bytes]:
        end, cr = data.rfind(b"\n"), data.rfind(b"\r")
        end = max(end, cr) + 1 if cr >= 0 else end + 1
        if not end:
            return self._hold(data)
        whole = bytes(self._held + data[:end])
        if self._mark in whole:
            whole = self._edited(whole)
        self._too_long = False
        self._held = data[end:]
        return [whole, *self._hold(b"")] if len(self._held) > MAX_LINE else [whole]

    def close(self) -> list[bytes]:
        """The last line may lack its end: some clients take it all the same."""
        held = bytes(self._held)
        if self._mark in held:
            held = self._line(held)
        self._held, self._too_long = b"", False
        return [held] if held else []

    def _hold(self, data: bytes) -> list[bytes]:
        if len(self._held) > _LONG_LINE and isinstance(self._held, bytes):
            self._held = bytearray(self._held)
        self._held += data
        self._too_long = self._too_long or len(self._held) > MAX_LINE
        if not self._too_long or not self._held:
            return []
        pieces = [bytes(self._held)]
        self._held = b""
        return pieces

    def _edited(self, whole: bytes) -> bytes:
        """Whole lines, edited; the first may be the rest of one that was too long."""
        rest = b""
        if self._too_long and (end := _END.search(whole)):
            rest, whole = whole[: end.start()], whole[end.start() :]
        return rest + self._each(whole, b"\n")

    def _each(self, whole: bytes, end: bytes) -> bytes:
        return end.join([self._line(line) if self._mark in line else line for line in whole.split(end)])

    def _line(self, line: bytes) -> bytes:
        if b"\r" in line:  # the first half of its end, or lines by itself
            return self._each(line, b"\r")
        return self._edit(line) if len(line) <= MAX_LINE else line
