"""The events of a stream as they stand in its bytes, to be changed one by one."""

import re
from collections.abc import Callable

MAX_EVENT = 16 * 1024 * 1024
"""Largest event that is held (bytes): the largest known, with an image in base64, have a few MiB. A larger one goes on as it is."""

_END = re.compile(rb"\n(?:\n|\r\n?)|\r\r\n?")
"""An end of a line and an empty line; of a CR LF before it the CR is still the event's."""
_COMMENTS = re.compile(rb"(?::[^\r\n]*+\r?\n)+")

_LONGEST_END = 3


class Blocks:
    """Changes each event: the lines up to an empty one. Comments alone are an event too, and go on line by line.

    `edit` takes the lines of an event without the last end of line and the empty line, and returns what is to stand there. An unfinished
    event is held back; all others go on at once. `skipped` counts those that were too large to hold.
    """

    def __init__(self, edit: Callable[[bytes], bytes]) -> None:
        self.skipped = 0
        self._edit = edit
        self._held = bytearray()
        self._too_large = False  # we are within an event that was too large to hold
        self._plain = True  # there has been no CR
        self._cr = False  # the last byte was the CR that ended an event: an LF may belong to it

    def feed(self, data: bytes) -> list[bytes]:
        pieces: list[bytes] = []
        if self._plain and 13 not in data:
            if not self._held and data.endswith(b"\n\n") and data.find(b"\n\n") == len(data) - 2:  # one event, as most servers send them
                return [self._take(data[:-2]) + b"\n\n"]
            self._split(data, pieces)
        else:
            self._plain = False
            self._search(data, pieces)
        if self._held.startswith(b":") and (comments := _COMMENTS.match(self._held)):
            # They keep a connection alive, and are not to wait for the event after them.
            pieces.append(comments.group())
            del self._held[: comments.end()]
        if len(self._held) > MAX_EVENT + _LONGEST_END or (self._too_large and self._held):
            self._pass_on(pieces)
        return pieces

    def close(self) -> bytes:
        """End the stream. -> the lines of an unfinished event, which are not edited"""
        held = bytes(self._held)
        self._held.clear()
        self._too_large = self._cr = False
        return held

    def _split(self, data: bytes, pieces: list[bytes]) -> None:
        """Every line so far ends with LF: the quick way."""
        held = self._held
        if b"\n\n" not in data and not (held.endswith(b"\n") and data.startswith(b"\n")):
            held += data
            return
        *blocks, rest = (bytes(held) + data).split(b"\n\n") if held else data.split(b"\n\n")
        pieces.append(b"".join([each for block in blocks for each in (self._take(block), b"\n\n")]))
        self._held = bytearray(rest)

    def _search(self, data: bytes, pieces: list[bytes]) -> None:
        """Look for ends of events of any kind, from where one may have begun before."""
        if self._cr and data:
            self._cr = False
            if data.startswith(b"\n"):
                pieces.append(b"\n")
                data = data[1:]
        held = self._held
        at = max(len(held) - _LONGEST_END, 0)
        held += data
        start = 0
        while end := _END.search(held, at):
            pieces.append(self._take(bytes(held[start : end.start()])) + end.group())
            start = at = end.end()
        if start:
            self._cr = held[start - 1] == 13 and start == len(held)
            del held[:start]

    def _take(self, block: bytes) -> bytes:
        if self._too_large:
            self._too_large = False
            return block
        if len(block) > MAX_EVENT:
            self.skipped += 1
            return block
        return self._edit(block)

    def _pass_on(self, pieces: list[bytes]) -> None:
        """All but what may be a part of the event's end."""
        self.skipped += not self._too_large
        self._too_large = True
        if part := bytes(self._held.rstrip(b"\r\n")):
            pieces.append(part)
            del self._held[: len(part)]
