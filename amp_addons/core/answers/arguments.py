"""A filter for the arguments of a tool: JSON that comes in pieces, in whose string values a text filter looks for what it knows.

The filter sees the characters that the tool will read. What it leaves alone keeps its spelling, what it puts in is escaped, so that the
JSON stays valid. Keys, numbers and brackets pass. Each string value has a filter of its own: it ends where the string does.
"""

import re
from collections.abc import Callable

from amp_addons.core.answers.filter import TextFilter
from amp_addons.core.answers.spelled import Spelled, plain
from amp_addons.core.json_text import MAX_DEPTH

_RUN = re.compile(r'(?:[^"\\]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
_CUT = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?")
_MARK = re.compile(r'["{}\[\],:]')
_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*|-")
_WORDS = frozenset(word[:end] for word in ("true", "false", "null") for end in range(1, len(word) + 1))


class Arguments:
    """A TextFilter of JSON. `begin` makes the filter of a string value.

    What is no JSON goes on unchanged from where that shows; `broken` is then set.
    """

    def __init__(self, begin: Callable[[], TextFilter]) -> None:
        self.broken = False
        self._begin = begin
        self._open: list[str] = []
        self._key = False  # a string here would be a key
        self._within = False  # we are within a string
        self._value: Spelled | None = None  # which is a value
        self._held = ""  # an escape that is not complete
        self._word = ""  # a number or the like that may go on
        self._spellings: dict[str, str] = {}

    def feed(self, text: str) -> str:
        text = self._held + text
        self._held = ""
        out: list[str] = []
        at = 0
        while at < len(text) and not self.broken:
            at = self._string(text, at, out) if self._within else self._between(text, at, out)
        return "".join([*out, text[at:]])

    def flush(self) -> str:
        rest = self._value.flush() if self._value else ""
        held, self._held, self._value = self._held, "", None
        return rest + held

    def _string(self, text: str, at: int, out: list[str]) -> int:
        """Take what there is of a string. -> where to go on"""
        run = _RUN.match(text, at)
        end = run.end() if run else at
        raw = text[at:end]
        if text.startswith('"', end):
            out += (self._last(raw), '"')
            self._within, self._value = False, None
            return end + 1
        if end < len(text) and not _CUT.fullmatch(text, end):
            out += (self._passed(raw), self.flush())
            self.broken = True
            return end
        if raw and _is_high(text_of_it := plain(raw)) and raw[-1] != text_of_it[-1]:  # its other half may follow
            raw = raw[:-6]
        self._held = text[at + len(raw) :]
        out.append(self._passed(raw))
        return len(text)

    def _last(self, raw: str) -> str:
        """Take the last of a string, which may be all of it."""
        if self._value is None:
            return raw
        if self._value.is_new:
            return self._value.feed_whole(raw, plain(raw))
        return self._passed(raw) + self._value.flush()

    def _passed(self, raw: str) -> str:
        if self._value is None or not raw:
            return raw
        return self._value.feed(raw, plain(raw))

    def _between(self, text: str, at: int, out: list[str]) -> int:
        """Take what is before, between or after strings, up to a mark. -> where to go on"""
        mark = _MARK.search(text, at)
        end = mark.start() if mark else len(text)
        if self._is_odd(text[at:end]):
            self.broken = True
            return at
        if mark:
            self._word = ""
            if not self._take_mark(mark.group()):
                self.broken = True
                return at
            end += 1
        out.append(text[at:end])
        return end

    def _is_odd(self, text: str) -> bool:
        """Whether it is neither white space nor (so far) a number or a word of JSON."""
        if not text:
            return False
        words = (self._word + text).split()
        # Of a number only that it is one need be kept.
        self._word = "" if text[-1].isspace() else words[-1][:6]
        return not all(word in _WORDS or _NUMBER.fullmatch(word) for word in words)

    def _take_mark(self, mark: str) -> bool:
        """Follow the brackets. -> whether the mark may stand here"""
        top = self._open[-1] if self._open else ""
        if mark == '"':
            self._within = True
            self._value = None if self._key else Spelled(self._begin(), self._spellings)
            self._key = False
        elif mark in "{[":
            self._open.append(mark)
            self._key = mark == "{"
        elif mark in "}]":
            self._key = False
            return bool(self._open) and self._open.pop() + mark in ("{}", "[]")
        else:
            self._key = mark == "," and top == "{"
        return len(self._open) <= MAX_DEPTH


def _is_high(text: str) -> bool:
    return "\ud800" <= text[-1] <= "\udbff"
