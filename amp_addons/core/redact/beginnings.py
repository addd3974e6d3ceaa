"""What an engine's detectors know of secrets that have only begun: made once for an engine, shared by its streams."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from amp_addons.core.redact.detector import SECRET, Detector
from amp_addons.core.redact.keywords import ANYWHERE, APART, NEVER, Node
from amp_addons.core.redact.prefixes import INSIDE, Automaton, Store

type Users = tuple[list[int], list[int]]
"""The numbers of a keyword's detectors, and of those that take it right after a letter or digit too."""


class Family(NamedTuple):
    """Detectors whose matches can begin at the same place, and the automaton of their beginnings."""

    numbers: tuple[int, ...]
    automaton: Automaton
    after: int
    """Most bytes of a match."""


class Beginnings:
    """Matches of most detectors begin with a keyword and are looked for from there on. Those of the others (`roaming`), of which a secret's
    beginning may stand before the keyword, are looked for from every place."""

    def __init__(self, detectors: Sequence[Detector], keywords: dict[bytes, Users]) -> None:
        self._detectors = detectors
        self._keywords = keywords
        self._store = Store()
        self._families: dict[tuple[tuple[int, ...], bool], Family] = {}
        self.starting = frozenset(number for number, detector in enumerate(detectors) if detector.starts)
        self.roaming = tuple(number for number in range(len(detectors)) if number not in self.starting)
        self._roaming = {word: tuple(one for one in every if one not in self.starting) for word, (every, _) in keywords.items()}
        self._starting = {word: (self._of(every), self._of(anywhere)) for word, (every, anywhere) in keywords.items()}

    def _of(self, numbers: list[int]) -> tuple[int, ...]:
        return tuple(number for number in numbers if number in self.starting)

    def starting_with(self, word: bytes, *, apart: bool, begins: bool) -> Family | None:
        """The detectors whose matches begin with a keyword that stands apart, or right after a letter or digit."""
        numbers = self._starting[word][not apart]
        return self.family(numbers, begins=begins) if numbers else None

    def roaming_with(self, word: bytes) -> tuple[int, ...]:
        """The detectors of a keyword whose matches need not begin with it."""
        return self._roaming[word]

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
    def root(self) -> Node:
        return Node.root_of({word: self._hold(word, every) for word, (every, _) in self._keywords.items()})

    def _hold(self, word: bytes, numbers: list[int]) -> int:
        """When the keyword's beginning may be a secret's."""
        early = [self._detectors[number] for number in numbers if number in self.starting and self._is_early(number, word)]
        return max((APART if detector.apart else ANYWHERE for detector in early), default=NEVER)

    def _is_early(self, number: int, word: bytes) -> bool:
        """Whether a secret can begin inside of the keyword. One that begins right behind a shorter keyword is held for that one's sake."""
        detector = self._detectors[number]
        if detector.near or f"<{SECRET}>" not in detector.pattern:
            return not detector.near
        states = [Automaton([detector.whole_pattern], SECRET, Store(), begins=True).start]
        for byte in word:
            states = [state[either] for state in states for either in {byte, *bytes((byte,)).upper()}]
            if any(state.marks & INSIDE for state in states):
                return True
            states = list({state.bits: state for state in states}.values())
        return False
