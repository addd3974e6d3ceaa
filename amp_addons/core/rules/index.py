"""Finding the rules that may match a request, at a cost that does not grow with the number of those that cannot.

Each rule hangs under one condition of its own, the one that fewest others share. What is cheap to know decides first; rules that hang
under something in the body are found when it is their turn, so that no body is read for rules that an earlier one cut off.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from amp_addons.core.exchange import Exchange
from amp_addons.core.rules.condition import Conditions
from amp_addons.core.rules.match import Match
from amp_addons.core.rules.pattern import Pattern, PatternSet
from amp_addons.core.rules.texts import FOLDED, KNOWN, READS_BODY, patterns, several, texts_of

_NO_BODY = dict.fromkeys((*READS_BODY, "stream", "body", "sample"))
_CHEAP = tuple(key for key in KNOWN if key not in READS_BODY)

FEW = 8
"""Rules that are looked at one by one rather than sorted further."""

REMEMBERED = 256
"""Texts of a key whose rules are remembered: hosts, endpoints and models come again and again."""
MAX_REMEMBERED = 256
"""Longest of them (characters), so that what is remembered of a key stays below 100 KB."""

type Hook = tuple[str, str]
"""A key and a text or pattern of it."""


class Numbered(NamedTuple):
    """A rule's place in the list, and its conditions."""

    number: int
    match: Match
    conditions: Conditions


class Deferred(NamedTuple):
    """Rules found by what may need the body. `first` is the first's number, `different` those that differ in what needs no body."""

    first: int
    different: Sequence[Conditions]
    rules: "Index"

    @classmethod
    def of(cls, rules: Sequence[Numbered]) -> "Deferred":
        different = {msgspec.json.encode(msgspec.structs.replace(rule.match, **_NO_BODY)): rule.conditions for rule in rules}
        return cls(rules[0].number, list(different.values()), Index(rules, READS_BODY))

    def possible(self, exchange: Exchange) -> bool:
        """Whether the body is worth a look: it is not when something cheaper rules all of them out."""
        return exchange.is_read or any(conditions.possible(exchange) for conditions in self.different)


class Bucket:
    """The rules that hang under one hook."""

    __slots__ = ("deeper", "numbers")

    def __init__(self, rules: Sequence[Numbered], deeper: bool) -> None:
        sort = deeper and len(rules) > FEW
        self.numbers = [] if sort else [rule.number for rule in rules]
        self.deeper = Deferred.of(rules) if sort else None


class Index:
    """Rules by the texts of some keys."""

    def __init__(self, rules: Sequence[Numbered], keys: Sequence[str] = _CHEAP) -> None:
        deeper = keys is _CHEAP
        choices = [list(_anchors(rule.match, keys)) for rule in rules]
        shared = Counter(hook for anchors in choices for anchor in anchors for hook in anchor)
        under: dict[Hook, list[Numbered]] = {}
        rest: list[Numbered] = []
        for rule, anchors in zip(rules, choices, strict=True):
            if not anchors:
                rest.append(rule)
                continue
            for hook in dict.fromkeys(min(anchors, key=lambda anchor: sum(shared[hook] for hook in anchor))):
                under.setdefault(hook, []).append(rule)
        self._rest = Bucket(rest, deeper) if rest else None
        self._keys = [_Key(key, hooks, deeper) for key, hooks in _by_key(under).items()]

    def find(self, exchange: Exchange) -> list[Bucket]:
        """The buckets whose hook may hold. Never raises."""
        found = [self._rest] if self._rest else []
        for key in self._keys:
            found += key.find(exchange)
        return found

    def candidates(self, exchange: Exchange) -> Iterator[int]:
        """Numbers of the rules that may match, in order, each once. Never raises: what cannot be told may match."""
        numbers: set[int] = set()
        deferred: list[Deferred] = []
        _gather(self, exchange, numbers, deferred)
        waiting = sorted(numbers, reverse=True)
        if len(deferred) > 1:
            deferred.sort(key=lambda later: -later.first)
        while waiting or deferred:
            if not deferred or (waiting and waiting[-1] < deferred[-1].first):
                yield waiting.pop()
            elif (later := deferred.pop()).possible(exchange):
                found = set(waiting)
                _gather(later.rules, exchange, found, deferred)
                if len(found) > len(waiting):
                    waiting = sorted(found, reverse=True)


def _gather(index: Index, exchange: Exchange, numbers: set[int], deferred: list[Deferred]) -> None:
    for bucket in index.find(exchange):
        numbers.update(bucket.numbers)
        if bucket.deeper:
            deferred.append(bucket.deeper)


class _Key:
    """The buckets of one key: by text where the hook is one, else by a set of patterns."""

    def __init__(self, key: str, hooks: dict[str, list[Numbered]], deeper: bool) -> None:
        self._texts = texts_of(key)
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._under)
        self._folds = key in FOLDED
        self._literal: dict[str, Bucket] = {}
        self._others: list[Bucket] = []
        others: list[Pattern] = []
        for text, rules in hooks.items():
            (pattern,) = patterns(key, text)
            bucket = Bucket(rules, deeper)
            if pattern.literal is not None:
                self._literal[pattern.literal] = bucket
            else:
                others.append(pattern)
                self._others.append(bucket)
        self._patterns = PatternSet(others) if others else None

    def find(self, exchange: Exchange) -> list[Bucket]:
        try:
            texts = self._texts(exchange)
        except Exception:  # it cannot be told: each rule will say so itself
            return [*self._literal.values(), *self._others]
        found: list[Bucket] = []
        for text in texts:
            found += self._remembered(text) if len(text) <= MAX_REMEMBERED else self._under(text)
        return found

    def _under(self, text: str) -> list[Bucket]:
        bucket = self._literal.get(text.lower() if self._folds else text)
        found = [bucket] if bucket else []
        if self._patterns:
            found += [self._others[place] for place in self._patterns.find(text)]
        return found


def _anchors(match: Match, keys: Sequence[str]) -> Iterator[list[Hook]]:
    """Lists of hooks, of each of which one must hold for the match to hold."""
    for key in keys:
        if (value := getattr(match, key)) is not None:
            yield [_hook(key, text) for text in several(value)]
    if keys is _CHEAP:
        for prefix, named in (("query.", match.query), ("header.", match.header)):
            for name, value in named.items():
                if not isinstance(value, bool):
                    yield [_hook(f"{prefix}{name}", text) for text in several(value)]
    for part in match.all:
        yield from _anchors(part, keys)
    if match.any:
        parts = [min(_anchors(part, keys), key=len, default=None) for part in match.any]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            yield [hook for part in known for hook in part]


def _by_key(under: dict[Hook, list[Numbered]]) -> dict[str, dict[str, list[Numbered]]]:
    found: dict[str, dict[str, list[Numbered]]] = {}
    for (key, text), rules in under.items():
        found.setdefault(key, {})[text] = rules
    return found


def _hook(key: str, text: str) -> Hook:
    lower = text.lower()
    return key, lower if key in FOLDED and not lower.startswith("re:") else text
