"""What an engine's detectors know of secrets that have only begun: made once for an engine, shared by its streams."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from amp_addons.core.redact.detector import SECRET, Detector
from amp_addons.core.redact.keywords import ANYWHERE, APART, NEVER, Node
from amp_addons.core.redact.prefixes import BEYOND, INSIDE, Automaton, State, Store
from amp_addons.core.redact.width import width_before

type Users = tuple[list[int], list[int]]
"""The numbers of a keyword's detectors, and of those that take it right after a letter or digit too."""


class Family(NamedTuple):
    """Detectors whose matches can begin at the same place, and the automaton of their beginnings."""

    numbers: tuple[int, ...]
    automaton: Automaton
    after: int
    """Most bytes of a match."""


class Beginnings:
    """Where to look for matches that have begun. Most begin with a keyword. Of the others, those whose secret stands behind a keyword are
    looked for when that keyword comes, in what went before (`late`); the rest (`roaming`) is looked for from every place."""

    def __init__(self, detectors: Sequence[Detector], keywords: dict[bytes, Users]) -> None:
        self._detectors = detectors
        self._keywords = keywords
        self._store = Store()
        self._families: dict[tuple[tuple[int, ...], bool], Family] = {}
        numbers = range(len(detectors))
        starting = frozenset(number for number in numbers if detectors[number].starts)
        late = frozenset(number for number in numbers if number not in starting and _is_late(detectors[number]))
        self.roaming = tuple(number for number in numbers if number not in starting and number not in late)
        self._starting = {word: (_those(every, starting), _those(anywhere, starting)) for word, (every, anywhere) in keywords.items()}
        self._late = {word: _those(every, late) for word, (every, _) in keywords.items()}
        self._anywhere = {word: _those(every, frozenset(numbers) - starting) for word, (every, _) in keywords.items()}
        others = [detectors[number] for number in numbers if number not in starting]
        self.before = max((one.shape.before for one in others), default=0)
        """How far back a match can begin that is looked for when it is under way (bytes)."""
        self.margin = max((width_before(detectors[number].whole_pattern, SECRET) for number in self.roaming), default=0)
        """Most bytes of what stands before a roaming secret."""

    def starting_with(self, word: bytes, *, apart: bool, begins: bool) -> Family | None:
        """The detectors whose matches begin with a keyword that stands apart, or right after a letter or digit."""
        numbers = self._starting[word][not apart]
        return self.family(numbers, begins=begins) if numbers else None

    def late_with(self, word: bytes) -> tuple[int, ...]:
        """The detectors of a keyword whose matches may begin before it, but not the secrets in them."""
        return self._late[word]

    def anywhere_with(self, word: bytes) -> tuple[int, ...]:
        """The detectors of a keyword whose matches need not begin with it."""
        return self._anywhere[word]

    def family(self, numbers: tuple[int, ...], *, begins: bool) -> Family:
        """`begins`: the match begins where the text does."""
        found = self._families.get((numbers, begins))
        if found is None:
            detectors = [self._detectors[number] for number in numbers]
            automaton = Automaton([one.whole_pattern for one in detectors], SECRET, self._store, begins=begins)
            found = Family(numbers, automaton, max((one.shape.after for one in detectors), default=0))
            self._families[numbers, begins] = found
        return found

    @cached_property
    def floating(self) -> Automaton:
        """All that roams, at once: it tells whether there may be something, not where."""
        return Automaton([self._detectors[number].whole_pattern for number in self.roaming], SECRET, self._store, floats=True)

    @cached_property
    def root(self) -> Node:
        holds = dict.fromkeys(self._keywords, NEVER)
        for detector in self._detectors:
            if detector.starts:
                for word in _early(detector):
                    holds[word] = max(holds[word], APART if detector.apart else ANYWHERE)
        return Node.root_of(holds)


def _those(numbers: list[int], wanted: frozenset[int]) -> tuple[int, ...]:
    return tuple(number for number in numbers if number in wanted)


def _early(detector: Detector) -> Iterable[bytes]:
    """The keywords inside of which a secret can begin. One that begins right behind a shorter keyword is held for that one's sake."""
    words = [word.encode() for word in detector.keywords]
    if detector.near or f"<{SECRET}>" not in detector.pattern:
        return () if detector.near else words
    start = Automaton([detector.whole_pattern], SECRET, Store(), begins=True).start
    return [word for word in words if _is_inside(start, word)]


def _is_inside(start: State, word: bytes) -> bool:
    """Whether a secret can begin inside of a word, in letters of any case."""
    states = [start]
    for byte in word:
        following = {state[either] for state in states for either in {byte, *bytes((byte,)).upper()}}
        if any(state.marks & INSIDE for state in following):
            return True
        states = [state for state in following if state.bits]
    return False


def _is_late(detector: Detector) -> bool:
    """Whether a secret can only begin when a keyword has been read: no way through pattern and keywords leads to one without the other."""
    automaton = Automaton([detector.whole_pattern], SECRET, Store(), begins=True)
    root = Node.root_of({word.encode(): NEVER for word in detector.keywords})
    letters = automaton.distinct(b"".join(word.encode() for word in detector.keywords))
    seen, open_ = set(), [(bit, root) for bit in automaton.after(automaton.start.bits)]
    while open_:
        position, node = open_.pop()
        for letter in letters:
            if not position & automaton.reads[letter]:
                continue
            then = node[ord(chr(letter).lower())] if letter < BEYOND else root
            if then.ends or (position, id(then)) in seen:
                continue
            if position & automaton.inside:
                return False
            seen.add((position, id(then)))
            open_ += ((bit, then) for bit in automaton.after(position))
    return True
