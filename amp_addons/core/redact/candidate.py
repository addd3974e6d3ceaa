"""A place in a stream from which on a secret may stand, as long as that is open."""

from amp_addons.core.redact.beginnings import Family
from amp_addons.core.redact.prefixes import COMPLETE, DEAD, INSIDE, State


class Candidate:
    """Follows a stream's bytes from the start of what may become a match. Places count from the beginning of the stream."""

    __slots__ = ("complete", "family", "latest", "low", "since", "start", "state")

    def __init__(self, family: Family, start: int) -> None:
        self.family = family
        self.start = self.latest = start
        """Where it starts; of several taken together the first and the last."""
        self.state: State = family.automaton.start
        self.since = -1
        """Where the secret begins at the earliest, or -1: it does not begin before the stream's end."""
        self.low = -1
        """The same of the matches that were complete at some time."""
        self.complete = 0
        """The positions of the automaton in which matches were complete."""

    def read(self, data: bytes, at: int) -> bool:
        """Go on with the bytes that stand at a place. -> whether this may still become a match"""
        state = self.state
        for byte in data:
            state = state[byte]
            if marks := state.marks:
                if marks & DEAD:
                    self.state = state
                    return False
                self._mark(state, marks, at)
            elif self.since >= 0:
                self.since = -1
            at += 1
        self.state = state
        return True

    def _mark(self, state: State, marks: int, at: int) -> None:
        if not marks & INSIDE:
            self.since = -1
        elif self.since < 0:
            self.since = at
        if marks & COMPLETE:
            self.complete |= state.bits & self.family.automaton.last
            if self.low < 0:
                self.low = self.since if self.since >= 0 else at

    def finished(self) -> list[int]:
        """The detectors that may have a match here, and none that is longer: each once."""
        automaton, done = self.family.automaton, []
        for number, mask in zip(self.family.numbers, automaton.masks, strict=True):
            if self.complete & mask and not self.state.bits & mask:
                done.append(number)
                self.complete &= ~mask
        return done

    def is_open(self, number: int) -> bool:
        """Whether this may still become a match of a detector."""
        if number not in self.family.numbers:
            return False
        return bool(self.state.bits & self.family.automaton.masks[self.family.numbers.index(number)])

    def take(self, other: "Candidate") -> None:
        """Stand for a later one of the same family too: what is open of either is open."""
        self.state = self.family.automaton.state(self.state.bits | other.state.bits)
        self.latest = max(self.latest, other.latest)
        self.complete |= other.complete
        self.since = min((place for place in (self.since, other.since) if place >= 0), default=-1)
        self.low = min((place for place in (self.low, other.low) if place >= 0), default=-1)
