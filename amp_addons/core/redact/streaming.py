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
from amp_addons.core.redact.engine import CONTINUATION, Finding, Span, merge
from amp_addons.core.redact.extent import MAX_PEM, MAX_RUN
from amp_addons.core.redact.hits import Hit, Hits
from amp_addons.core.redact.keywords import ANYWHERE, Node
from amp_addons.core.redact.prefixes import COMPLETE
from amp_addons.core.redact.redactor import Redactor

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
        """The first MAX_KEPT, with their places in the text as it came."""
        self.count = 0
        self.overflowed = False
        """Whether something was too long to wait for its end: it is masked in parts, with what was held back together with it."""
        self._engine, self._known = redactor.engine, redactor.engine.beginnings
        self._replace = replace
        self._text, self._data = "", b""  # what is in sight, both the same
        self._base = self._passed = 0  # how much went before it: bytes, characters
        self._out = 0  # how much of the stream was let go (bytes)
        self._sight = 4 * CONTEXT + self._known.before
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
        return len(self._text) - self._characters(self._out)

    def feed(self, text: str) -> str:
        if len(text) <= _PIECE:
            return self._take(text)
        return "".join(self._take(text[at : at + _PIECE]) for at in range(0, len(text), _PIECE))

    def flush(self) -> str:
        for one in self._candidates:
            one.state = one.family.automaton.state(0)
            self._finish(one)
        self._candidates = []
        self._node = self._known.root
        return self._settle(final=True)

    def _take(self, text: str) -> str:
        data = text.encode("utf-8", "replace")  # as the engine does
        at = self._base + len(self._data)
        self._data += data
        self._text += text
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
            apart = stands_apart(self._data, start - self._base)
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
                self._look_back((number,), at - self._known.before, self._base + len(self._data) - 1)

    def _look_back(self, numbers: tuple[int, ...], first: int, last: int) -> None:
        """Follow what may begin between two places, in so far as it is not done yet."""
        first = max(first, self._base, self._looked.get(numbers, 0))
        self._looked[numbers] = last + 1
        for place in range(first, last + 1):
            self._begin(self._known.family(numbers, begins=not place), place)

    def _begin(self, family: Family, start: int) -> None:
        one = Candidate(family, start)
        alive = one.read(self._data[start - self._base :], start)
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
        end = self._base + len(self._data)
        hold = end if final else self._hold(end)
        for hits in self._hits.values():
            if hits.waiting:
                self._spans += hits.settle(self._data, self._base, None if final else self._is_open)
                hold = min(hold, hits.hold)
        out = self._let_go(max(hold, self._out), end)
        if len(self._data) > self._sight:
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
            if node.hold == ANYWHERE or stands_apart(self._data, end - node.depth - self._base):
                return min(hold, end - node.depth)
            node = node.fail and node.fail.holds
        return hold

    def _narrow(self, end: int) -> int:
        """Where the first roaming secret begins that is open, near enough."""
        since = max(self._since, end - self._known.before)
        if end - since > _NEAR:
            family = self._known.family(self._known.roaming, begins=False)
            first, since = max(since - self._known.margin, self._base), end
            for place in range(first, end):
                one = Candidate(family, place)
                if one.read(self._data[place - self._base :], place) and 0 <= one.since < since:
                    since = one.since
                if place >= since:
                    break
        self._since = since
        return since

    def _is_open(self, number: int, place: int) -> bool:
        """Whether a match of a detector that starts at a place or before it may still come, or become longer."""
        end = self._base + len(self._data)
        if end - self._node.depth <= place:
            return True
        return any(max(one.start, end - one.family.after) <= place and one.is_open(number) for one in self._candidates)

    def _let_go(self, hold: int, end: int) -> str:
        """Everything up to `hold`, but not into a finding that may become longer."""
        ready: list[Span] = []
        for span in merge(self._spans) if self._spans else ():
            if span[1] > hold:
                hold = max(min(hold, span[0]), self._out)
                break
            ready.append(span)
        if end - hold > MAX_HELD:
            ready.append((hold, end, self._holder()))
            self.overflowed = True
            hold = end
        self._spans = [span for span in self._spans if span[1] > hold]
        while hold < end and self._data[hold - self._base] in CONTINUATION:
            hold -= 1
        if hold == self._out:
            return ""
        parts = [part for span in ready for part in self._masked(span)]
        parts.append(self._pass(hold))
        return "".join(parts)

    def _masked(self, span: Span) -> tuple[str, str]:
        start, end, who = span
        before = self._pass(max(start, self._out))
        first = self._characters(self._out)
        secret = self._pass(end)
        if not secret:
            return before, ""
        detector = self._engine.detectors[who]
        finding = Finding(detector.id, detector.kind, self._passed + first, self._passed + first + len(secret))
        self.count += 1
        if len(self.findings) < MAX_KEPT:
            self.findings.append(finding)
        return before, self._replace(finding, secret)

    def _pass(self, end: int) -> str:
        """The text as it came, up to a place."""
        text = self._text[self._characters(self._out) : self._characters(end)] if end > self._out else ""
        self._out = max(end, self._out)
        return text

    def _characters(self, place: int) -> int:
        """How many characters of what is in sight stand before a place."""
        size = place - self._base
        return size if len(self._data) == len(self._text) else len(self._data[:size].translate(None, CONTINUATION))

    def _holder(self) -> int:
        """A detector for whose sake text is held back."""
        waiting = [number for number, hits in self._hits.items() if hits.waiting]
        return [*(who for _, _, who in self._spans), *waiting, *(one.family.numbers[0] for one in self._candidates)][0]

    def _forget(self, end: int) -> None:
        """Let what is out of sight go."""
        starts = [max(one.start, end - one.family.after) for one in self._candidates]
        waiting = [hits.waiting[0].start for hits in self._hits.values() if hits.waiting]
        floor = min((self._out, *starts, *waiting)) - max(CONTEXT, self._known.before) - self._base
        while floor > 0 and self._data[floor] in CONTINUATION:
            floor -= 1
        if floor < CONTEXT:
            return
        characters = self._characters(self._base + floor)
        self._data, self._text = self._data[floor:], self._text[characters:]
        self._base, self._passed = self._base + floor, self._passed + characters
        for hits in self._hits.values():
            hits.forget(self._base)
