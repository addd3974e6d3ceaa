"""JSON seen as bytes: where each value stands, so that one can be looked at or changed without writing the rest anew.

The contract: the text is valid JSON (`json_problem.problem_of` says whether). Of any other bytes nothing raises and nothing takes more
than linear time, but what is found means nothing.

What makes it quick: escaped backslashes and quotes are first replaced by letters, two for two. From then on every quote begins or ends
a string, and patterns find the end of a value in C.
"""

import re
from collections.abc import Iterator

import msgspec

from amp_addons.core.payload import loads

MAX_DEPTH = 200
"""Most arrays and objects within each other. Schemas of tools have some 20, and some readers give up at 100 or 1,000 by default."""

_LEVELS = 12
"""Levels that one pattern skips at once. Deeper values are skipped bracket by bracket, at a third of the speed."""

SPACE = rb"[ \t\r\n]*+"
STRING = rb'"[^"]*+"'
OTHER = rb'[^"\[\]{}]'


def _nested(levels: int) -> bytes:
    """A pattern for a value in brackets. Possessive: each byte is read once for each level at most."""
    inner = b"|" + _nested(levels - 1) if levels > 1 else b""
    return rb"[\[{](?:" + OTHER + rb"++|" + STRING + inner + rb")*+[\]}]"


_VALUE = re.compile(STRING + rb"|[^\s,:\"\[\]{}]++|" + _nested(_LEVELS))
_NEXT_BRACKET = re.compile(OTHER + rb"*+(?:" + STRING + OTHER + rb"*+)*+([\[\]{}])")
_SPACE = re.compile(SPACE)
_KEY = re.compile(STRING + SPACE + b":" + SPACE)
_COMMA = re.compile(SPACE + b"," + SPACE)
_OPEN = b"[{"


class Span(msgspec.Struct, frozen=True, gc=False):
    """Where a value stands (`data[start:end]`), and where its member begins (`head`: the key's quote) and its neighbours are."""

    start: int
    end: int
    head: int
    before: int | None = None
    """End of the value before it in the same array or object."""
    after: int | None = None
    """Head of the next one."""


class JsonText:
    """A JSON text and the same text with its escapes masked, offset for offset."""

    __slots__ = ("_data", "masked")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.masked = data.replace(b"\\\\", b"__").replace(b'\\"', b"__")

    def root(self) -> Span | None:
        """The outermost value; None when there is nothing but space."""
        start = _skip_space(self.masked, 0)
        end = len(self.masked.rstrip(b" \t\r\n"))
        return Span(start, end, start) if start < end else None

    def is_object(self, span: Span) -> bool:
        return self.masked[span.start : span.start + 1] == b"{"

    def is_array(self, span: Span) -> bool:
        return self.masked[span.start : span.start + 1] == b"["

    def children(self, span: Span) -> Iterator[Span]:
        """The items of an array or the members of an object, in their order; nothing for other values."""
        text = self.masked
        keyed = self.is_object(span)
        if not keyed and not self.is_array(span):
            return
        before = None
        head: int | None = _skip_space(text, span.start + 1)
        while head is not None:
            start = head
            if keyed:
                if (key := _KEY.match(text, head)) is None:
                    return
                start = key.end()
            if (end := self._end_of_value(start)) is None:
                return
            comma = _COMMA.match(text, end)
            after = comma.end() if comma else None
            yield Span(start, end, head, before, after)
            before, head = end, after

    def key(self, member: Span) -> str:
        """The key of an object's member, its escapes undone."""
        return key_text(self._data[member.head : self.masked.index(b'"', member.head + 1) + 1])

    def _end_of_value(self, start: int) -> int | None:
        if value := _VALUE.match(self.masked, start):
            return value.end()
        return self._end_of_nested(start) if self.masked[start : start + 1] in (b"[", b"{") else None

    def _end_of_nested(self, start: int) -> int | None:
        text, at, depth = self.masked, start, 0
        while bracket := _NEXT_BRACKET.match(text, at):  # anchored: a search would begin anew at each byte of a broken string
            at = bracket.end()
            depth += 1 if text[at - 1] in _OPEN else -1
            if not depth:
                return at
        return None


def _skip_space(text: bytes, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def key_text(quoted: bytes) -> str:
    """The text of a string in its quotes; half a surrogate pair stays one. What is no string still gets a text of its own."""
    text = quoted.decode(errors="surrogateescape")
    if "\\" in text and isinstance(plain := loads(text), str):
        return plain
    return text[1:-1]
