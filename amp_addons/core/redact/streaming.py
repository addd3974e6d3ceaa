"""Secrets in a text that comes in pieces, masked as if it had come as a whole.

What is let go is final, so whatever may still be a secret's is held back: from where on that is say the candidates, each a place from which
on a match may stand and what of it has been read (`core.redact.prefixes`). When a candidate can become no longer match than it has been,
RE2 and the checks decide as they do over a whole text (`core.redact.engine`). What went before stays in sight for them, and is not changed.
"""

from bisect import insort
from collections.abc import Callable

from amp_addons.core.redact.beginnings import Family
from amp_addons.core.redact.candidate import Candidate
from amp_addons.core.redact.detector import stands_apart
from amp_addons.core.redact.engine import Finding, Span, merge
from amp_addons.core.redact.extent import MAX_PEM, MAX_RUN
from amp_addons.core.redact.hits import Hit, Hits
from amp_addons.core.redact.keywords import ANYWHERE, Node
from amp_addons.core.redact.prefixes import COMPLETE
from amp_addons.core.redact.redactor import Redactor, replace
from amp_addons.core.redact.sight import Sight

type Replace = Callable[[Finding, str], str]
"""What is to stand in a finding's place; the second argument is the secret."""

CONTEXT = 256
"""Bytes kept before what is open: more than any check looks back (`looks.MAX_NAME`, `claims`)."""
MAX_HELD = MAX_PEM + 4 * MAX_RUN
"""Most bytes held back: the longest secret there is and what overlaps with it. Only a chain of findings that never ends is longer."""
MAX_CANDIDATES = 256
"""Candidates followed one by one; past it those of a family are taken together, which holds back more than need be, no more than a match.
Source code has three or four, a hundred colons in a row one each."""
MAX_KEPT = 1000
"""Findings remembered; all are counted."""
_NEAR = 8
"""So few characters are held back without a closer look."""
_PIECE = 512
"""Characters taken at a time: work on a piece is in places proportional to its square."""


class MaskStream:
    """A filter for one text: `feed` gives what can go on its way, `flush` the rest. It never raises, but for what `replace` raises."""

    def __init__(self, redactor: Redactor, replace: Replace) -> None:
        self.findings: list[Finding] = []
        """The first MAX_KEPT (all, of a whole text), with their places in the text as it came."""
        self.count = 0
        self.overflowed = False
        """Whether something was too long to wait for its end: it is masked in parts, with what was held back together with it."""
        self._engine, self._known = redactor.engine, redactor.engine.beginnings
        self._replace = replace
        self._sight = Sight()
        self._context = max(CONTEXT, self._known.before)
        self._node = self._known.root
        self._candidates: list[Candidate] = []
        self._hits: dict[int, Hits] = {}
        self._roaming = self._known.floating.start
        self._since = -1  # where the secret begins at the earliest that it knows of, or -1
        self._looked: dict[tuple[int, ...], int] = {}
        self._spans: list[Span] = []

    @property
    def held(self) -> int:
        """Characters held back."""
        return self._sight.held

    def feed(self, text: str) -> str:
        if len(text) <= _PIECE:
            return self._take(text)
        return "".join(self._take(text[at : at + _PIECE]) for at in range(0, len(text), _PIECE))

    def feed_whole(self, text: str) -> str:
        """A text that is there as a whole, in a new filter: as `feed` and `flush`, at a fiftieth of the cost. Raises TooManyFindings."""
        self.findings = self._engine.find(text)
        self.count = len(self.findings)
        return replace(text, [(found, self._replace(found, text[found.start : found.end])) for found in self.findings])

    def flush(self) -> str:
        for one in self._candidates:
            one.state = one.family.automaton.state(0)
            self._finish(one)
        self._candidates = []
        self._node = self._known.root
        return self._settle(final=True)

    def _take(self, text: str) -> str:
        at = self._sight.end
        data = self._sight.add(text)
        self._go_on(data, at)
        self._scan(data, at)
        if len(self._candidates) > MAX_CANDIDATES:
            self._crowd()
        return self._settle(final=False)

    def _go_on(self, data: bytes, at: int) -> None:
        alive = []
        for one in self._candidates:
            if one.read(data, at):
                alive.append(one)
            if one.complete:
                self._finish(one)
        self._candidates = alive
        if not at and data:
            self._begin(self._known.family(self._known.roaming, begins=True), 0)

    def _scan(self, data: bytes, at: int) -> None:
        node, state, since = self._node, self._roaming, self._since
        complete = 0
        for place, (byte, lower) in enumerate(zip(data, data.lower(), strict=True), at):
            node = node[lower]
            if node.ends:
                self._found(node, place + 1)
            state = state[byte]
            if marks := state.marks:
                if since < 0:
                    since = place
                if marks & COMPLETE:
                    complete |= state.bits
            elif since >= 0:
                since = -1
        self._node, self._roaming, self._since = node, state, since
        if complete:
            self._roam(complete, at)

    def _found(self, node: Node, end: int) -> None:
        known = self._known
        for word in node.ends:
            start = end - len(word)
            apart = stands_apart(self._sight.data, start - self._sight.base)
            if family := known.starting_with(word, apart=apart, begins=not start):
                self._begin(family, start)
            if numbers := known.late_with(word):
                self._look_back(numbers, start - known.before, start)
            for number in known.anywhere_with(word):
                insort(self._hits_of(number).places, start)

    def _roam(self, complete: int, at: int) -> None:
        """Find where the matches are that were complete after `at`."""
        floating = self._known.floating
        for number, mask in zip(self._known.roaming, floating.masks, strict=True):
            if complete & floating.last & mask:
                self._look_back((number,), at - self._known.before, self._sight.end - 1)

    def _look_back(self, numbers: tuple[int, ...], first: int, last: int) -> None:
        """Follow what may begin between two places, in so far as it is not done yet."""
        first = max(first, self._sight.base, self._looked.get(numbers, 0))
        self._looked[numbers] = last + 1
        for place in range(first, last + 1):
            self._begin(self._known.family(numbers, begins=not place), place)

    def _begin(self, family: Family, start: int) -> None:
        one = Candidate(family, start)
        alive = one.read(self._sight.data[start - self._sight.base :], start)
        if one.complete:
            self._finish(one)
        if alive:
            self._candidates.append(one)

    def _finish(self, one: Candidate) -> None:
        for number in one.finished():
            self._hits_of(number).add(Hit(one.start, one.latest, one.low))

    def _hits_of(self, number: int) -> Hits:
        found = self._hits.get(number)
        if found is None:
            self._hits[number] = found = Hits(self._engine, number)
        return found

    def _crowd(self) -> None:
        """Take the candidates of each family together."""
        together: dict[int, Candidate] = {}
        for one in self._candidates:
            if first := together.get(id(one.family)):
                first.take(one)
            else:
                together[id(one.family)] = one
        self._candidates = list(together.values())

    def _settle(self, *, final: bool) -> str:
        end = self._sight.end
        hold = end if final else self._hold(end)
        for hits in self._hits.values():
            if hits.waiting:
                self._spans += hits.settle(self._sight.data, self._sight.base, None if final else self._is_open)
                hold = min(hold, hits.hold)
        out = self._let_go(max(hold, self._sight.out), end)
        if end - self._sight.base > 2 * self._context:
            self._forget(end)
        return out

    def _hold(self, end: int) -> int:
        """From where on a secret may stand whose end is open."""
        hold = self._narrow(end) if self._since >= 0 else end
        for one in self._candidates:
            if one.complete:
                hold = min(hold, one.low)
            if 0 <= one.since < hold:
                hold = min(hold, max(one.since, end - one.family.after))
        node = self._node.holds
        while node is not None:
            if node.hold == ANYWHERE or stands_apart(self._sight.data, end - node.depth - self._sight.base):
                return min(hold, end - node.depth)
            node = node.fail and node.fail.holds
        return hold

    def _narrow(self, end: int) -> int:
        """Where the first roaming secret begins that is open, near enough."""
        since = max(self._since, end - self._known.before)
        if end - since > _NEAR:
            family = self._known.family(self._known.roaming, begins=False)
            first, since = max(since - self._known.margin, self._sight.base), end
            for place in range(first, end):
                one = Candidate(family, place)
                if one.read(self._sight.data[place - self._sight.base :], place) and 0 <= one.since < since:
                    since = one.since
                if place >= since:
                    break
        self._since = since
        return since

    def _is_open(self, number: int, place: int) -> bool:
        """Whether a match of a detector that starts at a place or before it may still come, or become longer."""
        end = self._sight.end
        if end - self._node.depth <= place:
            return True
        return any(max(one.start, end - one.family.after) <= place and one.is_open(number) for one in self._candidates)

    def _let_go(self, hold: int, end: int) -> str:
        """Everything up to `hold`, but not into a finding that may become longer."""
        ready: list[Span] = []
        for span in merge(self._spans) if self._spans else ():
            if span[1] > hold:
                hold = max(min(hold, span[0]), self._sight.out)
                break
            ready.append(span)
        if end - hold > MAX_HELD:
            ready.append((hold, end, self._holder()))
            self.overflowed = True
            hold = end
        self._spans = [span for span in self._spans if span[1] > hold]
        hold = self._sight.whole(hold)
        if hold == self._sight.out:
            return ""
        parts = [part for span in ready for part in self._masked(span)]
        parts.append(self._sight.take(hold))
        return "".join(parts)

    def _masked(self, span: Span) -> tuple[str, str]:
        """What stands before a finding, and what in its place."""
        start, end, who = span
        sight = self._sight
        before = sight.take(start)
        first = sight.passed + sight.characters(sight.out)
        secret = sight.take(end)
        if not secret:
            return before, ""
        detector = self._engine.detectors[who]
        finding = Finding(detector.id, detector.kind, first, first + len(secret))
        self.count += 1
        if len(self.findings) < MAX_KEPT:
            self.findings.append(finding)
        return before, self._replace(finding, secret)

    def _holder(self) -> int:
        """A detector for whose sake text is held back."""
        waiting = [number for number, hits in self._hits.items() if hits.waiting]
        return [*(who for _, _, who in self._spans), *waiting, *(one.family.numbers[0] for one in self._candidates), 0][0]

    def _forget(self, end: int) -> None:
        """Let what is out of sight go."""
        starts = [max(one.start, end - one.family.after) for one in self._candidates]
        waiting = [hits.waiting[0].start for hits in self._hits.values() if hits.waiting]
        floor = self._sight.whole(min((self._sight.out, *starts, *waiting)) - self._context)
        if floor - self._sight.base < CONTEXT:
            return
        self._sight.forget(floor)
        for hits in self._hits.values():
            hits.forget(floor)
