"""How many bytes of UTF-8 a pattern in RE2's syntax can match, at least and at most.

The redactor looks at windows around keywords, and a stream holds back as many bytes as a secret may still need: both want a
pattern whose matches have a longest length. RE2 itself does not tell it, and Python's parser reads another dialect, so the syntax is
walked here. Only patterns that RE2 has compiled are measured: this counts, it does not check.
"""

import re

WIDEST_CHARACTER = 4
"""Bytes of a character that may be any (RFC 3629)."""
MAX_WIDTH = 16_384
"""Widest match that is sensible to look for (bytes): longer than any key, and what a stream may be held back by."""

_FLAGS = re.compile(r"\?(?:P?<\w+>|[imsU]*(?:-[imsU]+)?(?P<end>[:)]))")
_REPEAT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_ESCAPE = re.compile(r"\\(?:x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[pP]\{\^?\w+\}|[pP]\w|[0-7]{1,3}|.)", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\(?:[pP]\{\^?\w+\}|x\{[0-9A-Fa-f]+\}|.)|[^\]\\])*\]", re.DOTALL)
_WIDE_IN_CLASS = re.compile(r"\[\^|\\[DWSpPx]|\[:\^|[^\x00-\x7f]")
_NOTHING = frozenset("AzbB")
_SEVERAL = frozenset("DWSpP")
_FOLDED = 3
"""Bytes of the widest character that folds to an ASCII letter (the Kelvin sign, to k)."""


_ENDLESS = float("inf")

type Range = tuple[float, float]


def width(pattern: str) -> tuple[int, int | None]:
    """Fewest and most bytes that a match of the pattern has; None for the most where there is no such number."""
    low, high = _Walk(pattern).alternatives()
    return int(low), None if high == _ENDLESS else int(high)


class _Walk:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._letter = _FOLDED if re.search(r"\(\?[imsU]*i", pattern) else 1

    def alternatives(self) -> Range:
        choices: list[Range] = []
        low = high = 0.0
        while self._at < len(self._text) and (char := self._text[self._at]) != ")":
            if char == "|":
                self._at += 1
                choices.append((low, high))
                low = high = 0.0
            else:
                least, most = self._repeated(self._atom(char))
                low, high = low + least, high + most
        self._at += 1
        choices.append((low, high))
        return min(low for low, _ in choices), max(high for _, high in choices)

    def _atom(self, char: str) -> Range:
        if char == "(":
            return self._group()
        if char == "[":
            text = self._take(_CLASS)
            return 1, WIDEST_CHARACTER if _WIDE_IN_CLASS.search(text) else self._letter
        if char == "\\":
            return self._escape()
        self._at += 1
        if char in "^$":
            return 0, 0
        if char == ".":
            return 1, WIDEST_CHARACTER
        size = len(char.encode(errors="replace"))
        return size, max(size, self._letter)

    def _group(self) -> Range:
        self._at += 1
        if flags := _FLAGS.match(self._text, self._at):
            self._at = flags.end()
            if flags["end"] == ")":
                return 0, 0
        return self.alternatives()

    def _escape(self) -> Range:
        if self._text.startswith(r"\Q", self._at):
            end = self._text.find(r"\E", self._at)
            quoted = self._text[self._at + 2 : end if end >= 0 else None]
            self._at = end + 2 if end >= 0 else len(self._text)
            size = len(quoted.encode(errors="replace"))
            return size, size * self._letter
        text = self._take(_ESCAPE)
        if text[1] in _NOTHING:
            return 0, 0
        return 1, WIDEST_CHARACTER if text[1] in _SEVERAL or text[1] == "x" else self._letter

    def _take(self, what: re.Pattern[str]) -> str:
        found = what.match(self._text, self._at)
        text = found[0] if found else self._text[self._at]
        self._at += len(text)
        return text

    def _repeated(self, size: Range) -> Range:
        low, high = size
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in "*+":
                low, high = low * (char == "+"), _ENDLESS if high else 0
                self._at += 1
            elif repeat := _REPEAT.match(self._text, self._at):
                least, comma, most = repeat.groups()
                times = int(most) if most else _ENDLESS if comma else int(least)
                low, high = low * int(least), high * times if high else 0
                self._at = repeat.end()
            elif char == "?":
                low = 0
                self._at += 1
            else:
                break
            self._at += self._text.startswith("?", self._at)  # lazy: as wide as greedy
        return low, high
