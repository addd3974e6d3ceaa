"""Finding the rules that may match a request, at a cost that does not grow with the number of those that cannot.

Each rule hangs under one condition of its own, the one that fewest others share. What is cheap to know decides first; rules that hang
under something in the body are found when it is their turn, so that no body is read for rules that an earlier one cut off.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.rules.condition import FOLDED, KNOWN, READS_BODY, patterns, several
from amp_addons.core.rules.model import Match
from amp_addons.core.rules.pattern import Pattern, PatternSet

_CHEAP = tuple(key for key in KNOWN if key not in READS_BODY)
_DEEP = ("model", "thread", "tool")

FEW = 8
"""Rules that are looked at one by one rather than sorted further."""


class Numbered(NamedTuple):
    """A rule's place in the list, and its conditions."""

    number: int
    match: Match


class Deferred(NamedTuple):
    """Rules found by what may need the body; `first` is the first of them."""

    first: int
    rules: "Index"


class Bucket:
    """The rules that hang under one text or pattern of a key."""

    __slots__ = ("deeper", "numbers")

    def __init__(self, rules: Sequence[Numbered], deeper: bool) -> None:
        sort = deeper and len(rules) > FEW
        self.numbers = [] if sort else [rule.number for rule in rules]
        self.deeper = Deferred(rules[0].number, Index(rules, _DEEP)) if sort else None


class Index:
    """Rules by the texts of some keys."""

    def __init__(self, rules: Sequence[Numbered], keys: Sequence[str] = _CHEAP) -> None:
        deeper = keys is _CHEAP
        shared = Counter(hook for rule in rules for key in keys for hook in _hooks(rule.match, key))
        under: dict[tuple[str, str], list[Numbered]] = {}
        rest: list[Numbered] = []
        for rule in rules:
            hooks = [found for key in keys if (found := _hooks(rule.match, key))]
            if not hooks:
                rest.append(rule)
            for hook in min(hooks, key=lambda found: sum(shared[hook] for hook in found), default=()):
                under.setdefault(hook, []).append(rule)
        self.numbers = [rule.number for rule in rules]
        self._rest = Bucket(rest, deeper) if rest else None
        self._keys = [_Key(key, under, deeper) for key in keys if any(hook[0] == key for hook in under)]

    def find(self, exchange: Exchange) -> Iterator[Bucket]:
        """The buckets whose hook holds. Raises Unreadable."""
        if self._rest:
            yield self._rest
        for key in self._keys:
            yield from key.find(exchange)

    def candidates(self, exchange: Exchange) -> Iterator[int]:
        """Numbers of the rules that may match, in order, each once. Never raises: what cannot be told may match."""
        numbers: set[int] = set()
        deferred: list[Deferred] = []
        _gather(self, exchange, numbers, deferred)
        waiting = sorted(numbers, reverse=True)
        deferred.sort(key=lambda later: -later.first)
        while waiting or deferred:
            if not deferred or (waiting and waiting[-1] < deferred[-1].first):
                yield waiting.pop()
                continue
            found = set(waiting)
            _gather(deferred.pop().rules, exchange, found, deferred)
            waiting = sorted(found, reverse=True)


def _gather(index: Index, exchange: Exchange, numbers: set[int], deferred: list[Deferred]) -> None:
    try:
        for bucket in index.find(exchange):
            numbers.update(bucket.numbers)
            if bucket.deeper:
                deferred.append(bucket.deeper)
    except Unreadable:
        numbers.update(index.numbers)


class _Key:
    """The buckets of one key."""

    def __init__(self, key: str, under: dict[tuple[str, str], list[Numbered]], deeper: bool) -> None:
        self._texts = KNOWN[key]
        self._folds = False
        self._literal: dict[str, Bucket] = {}
        buckets: list[Bucket] = []
        others: list[Pattern] = []
        for (name, text), rules in under.items():
            if name == key:
                (pattern,) = patterns(key, text)
                bucket = Bucket(rules, deeper)
                if pattern.literal is not None:
                    self._literal[pattern.literal] = bucket
                    self._folds = pattern.folds
                else:
                    others.append(pattern)
                    buckets.append(bucket)
        self._buckets = buckets
        self._patterns = PatternSet(others) if others else None

    def find(self, exchange: Exchange) -> Iterator[Bucket]:
        for text in self._texts(exchange):
            if bucket := self._literal.get(text.lower() if self._folds else text):
                yield bucket
            if self._patterns:
                yield from [self._buckets[place] for place in self._patterns.find(text)]


def _hooks(match: Match, key: str) -> list[tuple[str, str]]:
    """The texts and patterns of a key, of which one must hold for the rule to match."""
    value = getattr(match, key)
    if value is None:
        return []
    texts: list[str] = list(several(value))
    return [(key, text.lower() if key in FOLDED and not text.startswith("re:") else text) for text in texts]
