"""Every string value of a JSON text, with its place, so that one can be read, changed and written back alone."""

import json
import re
from collections.abc import Iterator

import msgspec

from amp_addons.core.json_edit import dumps
from amp_addons.core.json_pointer import escape
from amp_addons.core.json_text import MAX_DEPTH, OTHER, SPACE, STRING, JsonText, key_text

MAX_POINTER = 1024
"""Longest pointer of a string (characters); a longer one is cut and ends in `…`. Else the strings below one long key cost gigabytes."""

_TOKEN = re.compile(
    rb"(" + OTHER + rb"*+)(?:(" + STRING + rb")(?:(" + SPACE + b":" + SPACE + rb")(?:(" + STRING + rb")|([\[{]))?+)?+|([\[{])|([\]}]))"
)
_QUOTED = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_KEYED = re.compile(b"(" + _QUOTED + b")(?:" + SPACE + b"(:)" + SPACE + b"(" + _QUOTED + b")?+)?+", re.DOTALL)
_GAP, _STRING, _COLON, _MEMBER_STRING, _MEMBER_OPEN, _OPEN, _CLOSE = range(1, 8)
"""Groups of the pattern; the last that took part says what was found. A string is a key when a colon follows."""


class _Place:
    """An array or object: what holds it, and under which key (in its quotes) or index."""

    __slots__ = ("_holder", "_key", "_pointer")

    def __init__(self, holder: "_Place | None", key: bytes | int) -> None:
        self._holder = holder
        self._key = key
        self._pointer: str | None = None

    @property
    def pointer(self) -> str:
        """Made once, when first asked for: what is in it asks again and again."""
        if self._pointer is None:
            self._pointer = _pointer_below(self._holder, self._key)
        return self._pointer


class StringSpan(msgspec.Struct, frozen=True, gc=False):
    """Where a string stands, its quotes included."""

    start: int
    end: int
    _place: _Place | None
    _key: bytes | int

    @property
    def pointer(self) -> str:
        return _pointer_below(self._place, self._key)

    @property
    def key(self) -> str:
        """The key that it stands under, nothing for an item of an array."""
        return "" if isinstance(self._key, int) or not self._key else key_text(self._key)


def _pointer_below(holder: _Place | None, key: bytes | int) -> str:
    above = holder.pointer if holder else None
    if above is None:
        return ""
    pointer = f"{above}/{key if isinstance(key, int) else escape(key_text(key))}"
    return pointer if len(pointer) <= MAX_POINTER else pointer[:MAX_POINTER] + "…"


def strings(data: bytes) -> Iterator[StringSpan]:
    """Every string that is a value, in their order; keys are none. Every one of equal keys has its turn.

    The text is taken as JSON (`json_problem.problem_of`); of other bytes some strings may be found. ValueError past MAX_DEPTH.
    """
    masked = JsonText(data).masked
    place: _Place | None = None
    index = at = 0
    outer: list[tuple[_Place | None, int]] = []
    while token := _TOKEN.match(masked, at):
        at = token.end()
        kind = token.lastindex
        if kind == _MEMBER_STRING:
            yield StringSpan(*token.span(_MEMBER_STRING), place, data[slice(*token.span(_STRING))])
        elif kind == _CLOSE:
            if not outer:
                return
            place, index = outer.pop()
        elif kind != _COLON:  # a number or the like follows, which the next gap passes over
            key: bytes | int
            if kind == _MEMBER_OPEN:
                key = data[slice(*token.span(_STRING))]
            else:
                key = index = index + masked.count(b",", *token.span(_GAP))
            if kind == _STRING:
                yield StringSpan(*token.span(_STRING), place, key)
                continue
            if len(outer) == MAX_DEPTH:
                raise ValueError(f"the body has more than {MAX_DEPTH} arrays and objects within each other")
            outer.append((place, index))
            place, index = _Place(place, key), 0


def keyed_strings(data: bytes) -> list[tuple[bytes, bytes]]:
    """The same strings in their quotes, each with its key (in quotes too, or nothing), without their places: at a tenth of the cost."""
    # One by one: to find all at once would keep every other thread waiting, and this is work for threads.
    found = [each.groups() for each in _KEYED.finditer(data)]
    return [(key if value else b"", value or key) for key, colon, value in found if value or not colon]


def encode_string(text: str, like: bytes) -> bytes:
    """A text as a JSON string. Non-ASCII is raw if `like`, the string or body that it goes into, has any raw, else escaped."""
    return json.dumps(text).encode() if like.isascii() else dumps(text)
