"""Long texts of the traffic as the lines that are shown of them: without secrets, nothing in them steers a terminal, and bounded in all.

Masking takes time in proportion to a text, so that only what is shown, and some more around it, is looked through.
"""

import textwrap
from collections.abc import Callable, Sequence

from amp_addons.core.conversation.body import json_of

MARGIN = 4096
"""Characters looked through past what is shown: longer than any secret, so that none is cut into a piece that is no secret any more."""

BUDGET = 80 * 1024
"""Characters looked through for a view, or its head: about 50 ms."""

MAX_LINES = 60
"""Lines shown of one text."""

WIDTH = 80
"""Columns after which a line goes on in the next one: mitmweb breaks none, and has about as many beside its list of flows."""

BLANK = " "
"""An empty line: mitmweb shows nothing of one that is really empty."""

NO_ROOM = "[… {count:,} characters, not shown: this view is long enough …]"


class Excerpts:
    """Makes excerpts for one view. `clean` masks a text and makes it harmless; `arguments` does it for a value of JSON."""

    def __init__(self, clean: Callable[[str], str], arguments: Callable[[object], object], budget: int = BUDGET) -> None:
        self._clean, self._arguments = clean, arguments
        self._left = budget

    def lines(self, text: str, head: int = 2000, tail: int = 400, most: int = MAX_LINES) -> list[str]:
        """The beginning and the end of a text."""
        if len(text) <= head + tail + MARGIN:
            if not self._take(len(text)):
                return [NO_ROOM.format(count=len(text))]
            clean = self._clean(text)
            if len(clean) <= head + tail + 200:
                return _folded(_wrapped(clean), most)
            first, last, count = clean[:head], clean[len(clean) - tail :], len(clean) - head - tail
            return [*_folded(_wrapped(first)), _note(count), *_folded(_wrapped(last))]
        if not self._take(head + tail + 2 * MARGIN):
            return [NO_ROOM.format(count=len(text))]
        first, last = self._clean(text[: head + MARGIN]), self._clean(text[-(tail + MARGIN) :])
        first = first[: max(0, min(head, len(first) - MARGIN))]
        last = last[min(MARGIN, len(last)) :][-tail:]
        return [*_folded(_wrapped(first)), _note(len(text) - head - tail), *_folded(_wrapped(last))]

    def value(self, value: object, head: int = 1500, tail: int = 300) -> list[str]:
        """A value of JSON, its texts with their line ends."""
        if isinstance(value, str):
            return self.lines(value, head, tail)
        text = json_of(value)
        if len(text) > head + MARGIN:
            return self.lines(text, head, tail)
        if not self._take(2 * len(text)):
            return [NO_ROOM.format(count=len(text))]
        found = self._arguments(value)
        if not isinstance(found, dict):
            return _wrapped(json_of(found))
        lines = []
        for name, item in found.items():
            below = _wrapped(item if isinstance(item, str) else json_of(item))
            lines += [f"{name}: {below[0]}"] if len(below) == 1 else [f"{name}:", *(f"    {line}" for line in below)]
        return _folded(lines)

    def line(self, text: str, width: int = 120) -> str:
        """A short text on one line."""
        if not text or not self._take(min(len(text), 1024)):
            return ""
        clean = " ".join(self._clean(text[:1024]).split())
        return clean if len(clean) <= width else clean[: width - 1] + "…"

    def _take(self, size: int) -> bool:
        self._left -= size
        return self._left >= 0


def indented(lines: Sequence[str], by: int = 4) -> list[str]:
    return [" " * by + line for line in lines]


def heading(text: str) -> list[str]:
    return [BLANK, f"── {text} ──"]


def _note(count: int) -> str:
    return f"[… {count:,} characters left out …]"


def _wrapped(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.rstrip("\n").split("\n"):
        lines += textwrap.wrap(line, WIDTH, replace_whitespace=False, drop_whitespace=False) if len(line) > WIDTH else [line]
    return lines


def _folded(lines: list[str], most: int = MAX_LINES) -> list[str]:
    if len(lines) <= most:
        return lines
    tail = most // 4
    return [*lines[: most - tail], f"[… {len(lines) - most:,} lines left out …]", *lines[-tail:]]
