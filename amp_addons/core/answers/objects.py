"""The objects of a JSON body, to be changed one by one: the one that an answer is, or the items of an array that grows."""

import re
from collections.abc import Callable

MAX_OBJECT = 16 * 1024 * 1024
"""Largest object that is held (bytes): the largest known, with an image in base64, have a few MiB. A larger one goes on as it is."""

_MARK = re.compile(rb'["\[\]{}]')
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
"""Up to the quote that ends a string: escapes are passed over in C, as source code is full of them."""


_QUOTE = ord('"')


class Objects:
    """Changes each object within `nesting` arrays (0: those of the body itself). What is between them goes on at once, unchanged.

    `edit` takes and returns one object; what `end` returns goes before the end of the array. `skipped` counts the objects that were too
    large to hold.
    """

    def __init__(self, edit: Callable[[bytes], bytes], nesting: int = 0, end: Callable[[], bytes] = bytes) -> None:
        self.skipped = 0
        self._edit = edit
        self._end_array = end
        self._nesting = nesting
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._object = bytearray()
        self._open = False  # we are within an object
        self._too_large = False  # it is too large to hold

    def feed(self, data: bytes) -> list[bytes]:
        pieces: list[bytes] = []
        start = at = 0
        if self._escaped and data:
            at, self._escaped = 1, False
        while (at := self._out_of_string(data, at)) < len(data) and (mark := _MARK.search(data, at)):
            at = mark.end()
            found = mark.group()
            if found == b'"':
                self._in_string = True
            elif found in b"{[":
                if not self._open and found == b"{" and self._depth == self._nesting:
                    pieces.append(data[start : at - 1])
                    start, self._open = at - 1, True
                self._depth += 1
            else:
                self._depth -= 1
                if self._open and self._depth == self._nesting:
                    self._keep(data[start:at], pieces)
                    self._end(pieces)
                    start = at
                elif self._depth == self._nesting - 1:
                    pieces += (data[start : at - 1], self._end_array())
                    start = at - 1
        if self._open:
            self._keep(data[start:], pieces)
        else:
            pieces.append(data[start:])
        joined = b"".join(pieces)
        return [joined] if joined else []

    def close(self) -> list[bytes]:
        """An object that was cut off goes on as it is."""
        held = bytes(self._object)
        self._object.clear()
        return [held] if held else []

    def _out_of_string(self, data: bytes, at: int) -> int:
        """Behind the string that we are in; the end of the data, if it goes on."""
        if not self._in_string or at == len(data) or (inside := _IN_STRING.match(data, at)) is None:
            return at
        end = inside.end()
        self._in_string = end == len(data) or data[end] != _QUOTE
        self._escaped = self._in_string and end < len(data)  # a backslash is the last of the data
        return len(data) if self._in_string else end + 1

    def _keep(self, data: bytes, pieces: list[bytes]) -> None:
        self._object += data
        if self._too_large or len(self._object) > MAX_OBJECT:
            self.skipped += not self._too_large
            self._too_large = True
            pieces.append(bytes(self._object))
            self._object.clear()

    def _end(self, pieces: list[bytes]) -> None:
        if not self._too_large:
            pieces.append(self._edit(bytes(self._object)))
        self._object.clear()
        self._open = self._too_large = False
