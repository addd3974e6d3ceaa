"""Patterns in RE2's syntax as trees: RE2 does not show its own, and Python's parser reads another dialect.

Only patterns that RE2 has compiled are read: this takes apart, it does not check (github.com/google/re2/wiki/Syntax).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_FLAGS = re.compile(r"\?(?:P?<(?P<name>\w+)>|(?P<on>[imsU]*)(?:-(?P<off>[imsU]+))?(?P<end>[:)]))")
_REPEAT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_ESCAPE = re.compile(r"\\(?:x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[pP]\{\^?\w+\}|[pP]\w|[0-7]{1,3}|.)", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\(?:[pP]\{\^?\w+\}|x\{[0-9A-Fa-f]+\}|.)|[^\]\\])*\]", re.DOTALL)
_PLACES = frozenset(r"\A \z \b \B".split())


class Character(NamedTuple):
    """One character: itself, a class or an escape, as it stands in the pattern, and the flags that are on there."""

    text: str
    flags: frozenset[str]


class Place(NamedTuple):
    """What matches between characters: `^`, `$`, `\\b` and the like."""

    text: str
    flags: frozenset[str]


class Group(NamedTuple):
    name: str
    inner: "Node"


class Row(NamedTuple):
    parts: "tuple[Node, ...]"


class Choice(NamedTuple):
    parts: "tuple[Node, ...]"


class Repeat(NamedTuple):
    """`most` is None where there is no such number."""

    inner: "Node"
    least: int
    most: int | None


type Node = Character | Place | Group | Row | Choice | Repeat


def parse(pattern: str) -> Node:
    """The tree of a pattern that RE2 has compiled."""
    return _Parser(pattern).alternatives(frozenset())


def has_group(node: Node, name: str) -> bool:
    """Whether there is a group of that name in it."""
    return any(isinstance(one, Group) and one.name == name for one in _nodes(node))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Group | Repeat):
        yield from _nodes(node.inner)
    elif isinstance(node, Row | Choice):
        for part in node.parts:
            yield from _nodes(part)


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0

    def alternatives(self, flags: frozenset[str]) -> Node:
        """Up to the end of the group, which is passed."""
        choices: list[Node] = []
        row: list[Node] = []
        while self._at < len(self._text) and (char := self._text[self._at]) != ")":
            if char == "|":
                self._at += 1
                choices.append(_row(row))
                row = []
            elif char == "(" and (found := _FLAGS.match(self._text, self._at + 1)) and found["end"] == ")":
                self._at = found.end()
                flags = _changed(flags, found)
            else:
                row.append(self._repeated(self._atom(char, flags)))
        self._at += 1
        choices.append(_row(row))
        return choices[0] if len(choices) == 1 else Choice(tuple(choices))

    def _atom(self, char: str, flags: frozenset[str]) -> Node:
        if char == "(":
            return self._group(flags)
        if char == "[":
            return Character(self._take(_CLASS), flags)
        if char == "\\":
            return self._quoted(flags) if self._text.startswith(r"\Q", self._at) else self._escape(flags)
        self._at += 1
        return Place(char, flags) if char in "^$" else Character(char, flags)

    def _group(self, flags: frozenset[str]) -> Node:
        self._at += 1
        name = ""
        if found := _FLAGS.match(self._text, self._at):
            self._at = found.end()
            name, flags = found["name"] or "", _changed(flags, found)
        inner = self.alternatives(flags)
        return Group(name, inner) if name else inner

    def _quoted(self, flags: frozenset[str]) -> Node:
        end = self._text.find(r"\E", self._at)
        quoted = self._text[self._at + 2 : end if end >= 0 else None]
        self._at = end + 2 if end >= 0 else len(self._text)
        return _row([Character("\\" + char if char.isascii() and not char.isalnum() else char, flags) for char in quoted])

    def _escape(self, flags: frozenset[str]) -> Node:
        text = self._take(_ESCAPE)
        return Place(text, flags) if text in _PLACES else Character(text, flags)

    def _take(self, what: re.Pattern[str]) -> str:
        found = what.match(self._text, self._at)
        text = found[0] if found else self._text[self._at]
        self._at += len(text)
        return text

    def _repeated(self, node: Node) -> Node:
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in "*+?":
                node = Repeat(node, int(char == "+"), 1 if char == "?" else None)
                self._at += 1
            elif found := _REPEAT.match(self._text, self._at):
                least, comma, most = found.groups()
                node = Repeat(node, int(least), int(most) if most else None if comma else int(least))
                self._at = found.end()
            else:
                break
            self._at += self._text.startswith("?", self._at)  # lazy: the same texts as greedy
        return node


def _row(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Row(tuple(parts))


def _changed(flags: frozenset[str], found: re.Match[str]) -> frozenset[str]:
    return (flags | set(found["on"] or "")) - set(found["off"] or "")
