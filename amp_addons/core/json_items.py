"""The items of a JSON array that arrives in pieces, as Google's streams without `alt=sse` do."""

import re

_MARK = re.compile(rb'["\\\[\]{},]')
_IN_STRING = re.compile(rb'["\\]')
_OPEN, _CLOSE = b"[{", b"]}"
_SPACE = b" \t\r\n"


class JsonItems:
    """Splits an array into the bytes of its items. Never raises; the cost is linear in the bytes, however they are cut.

    `skipped` counts the items left out because they have more than `max_bytes`. `finished` is set at the array's end.
    """

    def __init__(self, max_bytes: int = 16 * 1024 * 1024) -> None:
        self.skipped = 0
        self.finished = False
        self._max = max_bytes
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._oversized = False
        self._item = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes, return the items they complete. The array begins with the first `[`."""
        items: list[bytes] = []
        start = at = 0
        if self._escaped and data:
            at, self._escaped = 1, False
        while not self.finished and (mark := (_IN_STRING if self._in_string else _MARK).search(data, at)):
            at = mark.end()
            found = mark.group()
            if found == b"\\":
                self._escaped = at == len(data)
                at += 1
            elif found == b'"':
                self._in_string = not self._in_string
            elif self._is_edge(found):
                self._keep(data[start : at - 1])
                self._end(items)
                start = at
        if self._depth:
            self._keep(data[start:])
        return items

    def _is_edge(self, found: bytes) -> bool:
        """Follow the depth. -> whether an item of the array begins or ends here"""
        if found in _OPEN:
            self._depth += 1
            return self._depth == 1
        if found in _CLOSE:
            self._depth -= 1
            self.finished = self._depth <= 0
            return self.finished
        return self._depth == 1

    def _keep(self, data: bytes) -> None:
        if len(self._item) + len(data) > self._max:
            self._oversized = True
            self._item.clear()
        elif not self._oversized:
            self._item += data

    def _end(self, items: list[bytes]) -> None:
        if self._oversized:
            self.skipped += 1
        elif item := bytes(self._item).strip(_SPACE):
            items.append(item)
        self._oversized = False
        self._item.clear()
