"""Which texts could still become a match: RE2 tells only of matches that are complete, a stream has to know of those that have begun.

A pattern is made an automaton of positions (Glushkov's construction: a state is the set of characters of the pattern that may have been
the last), several patterns one of them with all their positions side by side, and that a deterministic one as it is needed. As long as a
state is not empty, what was read is the beginning of some match. It may hold too much to be so (what stands between characters, `\\b`
and `$`, always holds; of characters past ASCII it is only known whether there may be one), never too little: RE2 has the last word.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import re2  # type: ignore[import-untyped]

from amp_addons.core.redact.syntax import Character, Choice, Group, Node, Place, Repeat, Row, has_group, parse
from amp_addons.core.redact.width import character_width

MAX_STATES = 20_000
"""States kept of the automata that share a store; past it they are made anew. A state is about 1 KB; source code needs about 5,000."""

BEYOND = 128
"""Stands for every character past ASCII, read with its first byte."""
_BYTE = 129
"""Stands for a byte inside of a character: only `\\C` reads it."""
_EVERY = (1 << BEYOND + 1) - 1


class State(dict[int, "State"]):
    """Where an automaton is. Indexed with the next byte it gives the next state."""

    __slots__ = ("_automaton", "_next", "bits", "marks")

    def __init__(self, automaton: "Automaton", bits: int, following: int) -> None:
        self.bits = bits
        self.marks = automaton.marks(bits)
        """0: no match is complete and no secret has begun; otherwise DEAD, or INSIDE and COMPLETE as they are."""
        self._automaton = automaton
        self._next = following

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __missing__(self, byte: int) -> "State":
        reads = self._automaton.reads
        if byte < 0x80:
            bits = self._next & reads[byte]
        elif byte >= 0xC0:
            bits = self._next & reads[BEYOND]
        else:
            bits = self.bits | self._next & reads[_BYTE]
        self[byte] = state = self if bits == self.bits and byte & 0xC0 == 0x80 else self._automaton.state(bits)
        return state


DEAD, INSIDE, COMPLETE = 1, 2, 4


class Store:
    """Counts the states of some automata, and lets them all be forgotten."""

    def __init__(self) -> None:
        self.automata: list[Automaton] = []
        self._count = 0

    def add(self) -> None:
        self._count += 1
        if self._count > MAX_STATES:
            self._count = 0
            for automaton in self.automata:
                automaton.forget()


class Automaton:
    """The beginnings of matches of some patterns. `secret` names the group that is to be held back, or nothing else.

    `begins`: the text begins where a match does, so that `^` holds there.
    `floats`: a match may begin anywhere in what is read, not at its start alone.
    """

    def __init__(self, patterns: Iterable[str], secret: str, store: Store, *, begins: bool = False, floats: bool = False) -> None:
        self._store = store
        self._floats = floats
        store.automata.append(self)
        built = _Builder(secret, begins)
        firsts = [built.add(pattern) for pattern in patterns]
        self.masks = [mask for _, mask in firsts]
        """The positions of each pattern."""
        self.last, self.inside = built.last, built.inside
        self._chain, self._links = built.chain, built.links
        self.reads = built.reads()
        self._first = 0
        for first, _ in firsts:
            self._first |= first
        self.forget()

    def forget(self) -> None:
        self._states: dict[int, State] = {}
        self.start = State(self, 1, self._first)

    def state(self, bits: int) -> State:
        found = self._states.get(bits)
        if found is None:
            self._store.add()
            self._states[bits] = found = State(self, bits, self._following(bits))
        return found

    def marks(self, bits: int) -> int:
        return (not bits and not self._floats) * DEAD + bool(bits & self.inside) * INSIDE + bool(bits & self.last) * COMPLETE

    def after(self, position: int) -> Iterator[int]:
        """The positions that may follow one, each by its bit."""
        following = self._first if position == self.start.bits else self._following(position)
        while following:
            yield following & -following
            following &= following - 1

    def distinct(self, besides: bytes) -> list[int]:
        """Characters that stand for all, as far as the patterns tell them apart; and some besides."""
        each = {positions: symbol for symbol, positions in enumerate(self.reads[: BEYOND + 1])}
        return sorted({*each.values(), *besides.lower(), *besides.upper()})

    def _following(self, bits: int) -> int:
        following = (bits & self._chain) << 1 | (self._first if self._floats else 0)
        for before, after in self._links:
            if bits & before:
                following |= after
        return following


class _Part(NamedTuple):
    """A part of a pattern: whether it can be empty, and the positions that it can begin and end with."""

    empty: bool
    first: int
    last: int


class _Builder:
    """Gives positions to characters; position 0 is before everything."""

    def __init__(self, secret: str, begins: bool) -> None:
        self._secret = secret
        self._begins = begins
        self._count = 1
        self._characters: dict[int, int] = {}  # positions by what they read
        self.last = self.inside = self.chain = 0
        self.links: list[tuple[int, int]] = []

    def add(self, pattern: str) -> tuple[int, int]:
        """-> the positions that a match begins with, and all positions of the pattern"""
        begun = self._count
        tree = parse(pattern)
        part = self._part(tree, inside=not has_group(tree, self._secret))
        self.last |= part.last
        return part.first, (1 << self._count) - (1 << begun)

    def reads(self) -> list[int]:
        """The positions that read each of the ASCII characters, one past them, and a byte inside of one."""
        reads = [0] * (_BYTE + 1)
        for symbols, positions in self._characters.items():
            for symbol in range(_BYTE + 1):
                if symbols >> symbol & 1:
                    reads[symbol] |= positions
        return reads

    def _part(self, node: Node, inside: bool) -> _Part:
        if isinstance(node, Character):
            return self._character(node, inside)
        if isinstance(node, Place):
            never = node.text in ("^", r"\A") and not self._begins and "m" not in node.flags
            return _Part(not never, 0, 0)
        if isinstance(node, Group):
            return self._part(node.inner, inside or node.name == self._secret)
        if isinstance(node, Choice):
            besides = inside or has_group(node, self._secret)  # a part beside the one with the secret is held back as a whole
            parts = [self._part(part, inside if has_group(part, self._secret) else besides) for part in node.parts]
            return _Part(any(part.empty for part in parts), _union(part.first for part in parts), _union(part.last for part in parts))
        return self._row(node, inside) if isinstance(node, Row) else self._repeat(node, inside)

    def _row(self, node: Row, inside: bool) -> _Part:
        whole = _Part(True, 0, 0)
        for child in node.parts:
            whole = self._joined(whole, self._part(child, inside))
            inside = inside or has_group(child, self._secret)
        return whole

    def _repeat(self, node: Repeat, inside: bool) -> _Part:
        inside = inside or (node.most != 1 and has_group(node.inner, self._secret))
        whole = _Part(True, 0, 0)
        ends = 0
        part = whole
        for turn in range(max(node.least, 1) if node.most is None else node.most):
            if turn >= node.least:
                ends |= whole.last
            before, part = whole, self._part(node.inner, inside)
            self._link(before.last, part.first)
            first = before.first | (part.first if before.empty else 0)
            whole = _Part(before.empty and part.empty, first, part.last | (before.last if part.empty else 0))
        if node.most is None:
            self._link(part.last, part.first)
        return _Part(node.least == 0 or whole.empty, whole.first, whole.last | ends)

    def _joined(self, left: _Part, right: _Part) -> _Part:
        if right == (False, 0, 0):
            return _Part(False, 0, 0)  # what never holds
        self._link(left.last, right.first)
        first = left.first | (right.first if left.empty else 0)
        return _Part(left.empty and right.empty, first, right.last | (left.last if right.empty else 0))

    def _link(self, last: int, first: int) -> None:
        if last and first == last << 1 and last & (last - 1) == 0:
            self.chain |= last
        elif last and first:
            self.links.append((last, first))

    def _character(self, node: Character, inside: bool) -> _Part:
        bit = 1 << self._count
        self._count += 1
        symbols = symbols_of(node)
        self._characters[symbols] = self._characters.get(symbols, 0) | bit
        self.inside |= bit * inside
        return _Part(False, bit, bit)


@cache
def symbols_of(node: Character) -> int:
    """What one character of a pattern reads: a bit for each ASCII character, one for all past them, one for a byte inside of those."""
    if node.text == r"\C":
        return _EVERY | 1 << _BYTE
    flags = "".join(sorted(node.flags & set("is")))
    found = re2.compile(f"(?{flags}:{node.text})" if flags else node.text).findall(bytes(range(BEYOND)))
    return _union(1 << char[0] for char in found) | (character_width(node)[1] > 1) << BEYOND


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union
