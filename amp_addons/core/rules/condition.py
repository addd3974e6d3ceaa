"""The conditions of a rule, made ready: which hold for a request, and for `explain` which is the first that does not.

Conditions on what is cheap to know come first, so that a body is read only for rules that it can still decide.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from msgspec import UNSET

from amp_addons.core.exchange import MISSING, Exchange, Unreadable
from amp_addons.core.rules.chance import share
from amp_addons.core.rules.match import BodyTest, Match, Sample
from amp_addons.core.rules.texts import KNOWN, READS_BODY, Test, Texts, classified, one_of_texts, pattern_test, patterns, several, texts_of


class Check(NamedTuple):
    """One condition: the key path where it stands, whether it may read the body, and the test."""

    key: str
    reads_body: bool
    test: Test


class Conditions:
    """All conditions of one match.

    Where one does not hold for sure, it does not matter that another cannot be told.
    """

    __slots__ = ("cheap", "checks")

    def __init__(self, checks: Iterable[Check]) -> None:
        self.checks = sorted(checks, key=lambda check: check.reads_body)
        self.cheap = [check for check in self.checks if not check.reads_body]

    def hold(self, exchange: Exchange) -> bool:
        """Raises core.exchange.Unreadable when the request does not tell for sure."""
        return self.failing(exchange) is None

    def failing(self, exchange: Exchange) -> str | None:
        """The key of the first condition that does not hold. Raises Unreadable."""
        doubt: Unreadable | None = None
        for check in self.checks:
            try:
                if not check.test(exchange):
                    return check.key
            except Unreadable as error:
                doubt = doubt or error
        if doubt is not None:
            raise doubt
        return None

    def possible(self, exchange: Exchange) -> bool:
        """Whether they may hold, as far as can be told without the body."""
        for check in self.cheap:
            try:
                if not check.test(exchange):
                    return False
            except Unreadable:
                pass
        return True


def compile_match(match: Match, rule: str, secret: bytes = b"") -> Conditions:
    """Make a match ready. `rule` and `secret` are what choices by chance depend on."""
    return Conditions(_checks(match, rule, secret))


def _checks(match: Match, rule: str, secret: bytes) -> Iterator[Check]:
    for key in KNOWN:
        if (value := getattr(match, key)) is not None:
            yield Check(key, key in READS_BODY, pattern_test(key, patterns(key, value)))
    if match.known is not None:
        yield Check("known", False, lambda exchange: classified(exchange).known is match.known)
    for key, wanted in match.query.items():
        yield Check(f"query.{key}", False, _named(wanted, texts_of(f"query.{key}")))
    for key, wanted in match.header.items():
        yield Check(f"header.{key}", False, _named(wanted, texts_of(f"header.{key}")))
    if (size := match.body_bytes) is not None:
        yield Check("body_bytes", False, lambda exchange: _within(len(exchange.body), size.min, size.max))
    if match.client is not None:
        yield Check("client", False, client_test(several(match.client)))
    if match.stream is not None:
        yield Check("stream", True, lambda exchange: _streams(exchange) is match.stream)
    for test in several(match.body) if match.body is not None else ():
        yield Check(f"body.{test.path}", True, _body(test))
    yield from _nested(match, rule, secret)
    if match.sample is not None:
        sample = match.sample if isinstance(match.sample, Sample) else Sample(percent=match.sample)
        by_body = sample.by in ("thread", "model")
        yield Check("sample", by_body, lambda exchange: share(exchange, sample.by, rule, secret) * 100 < sample.percent)


def _nested(match: Match, rule: str, secret: bytes) -> Iterator[Check]:
    for number, part in enumerate(match.all):
        yield from (check._replace(key=f"all[{number}].{check.key}") for check in _checks(part, rule, secret))
    if match.any:
        some = sorted((compile_match(part, rule, secret) for part in match.any), key=lambda part: _reads_body([part]))
        yield Check("any", _reads_body(some), _one_of(some))
        if _reads_body(some):
            yield Check("any", False, lambda exchange: any(part.possible(exchange) for part in some))
    if match.not_ is not None:
        other = compile_match(match.not_, rule, secret)
        yield Check("not", _reads_body([other]), lambda exchange: not other.hold(exchange))


def _one_of(parts: Sequence[Conditions]) -> Test:
    """Where one holds for sure, it does not matter that another cannot be told."""

    def test(exchange: Exchange) -> bool:
        doubt: Unreadable | None = None
        for part in parts:
            try:
                if part.hold(exchange):
                    return True
            except Unreadable as error:
                doubt = doubt or error
        if doubt is not None:
            raise doubt
        return False

    return test


def _reads_body(parts: Iterable[Conditions]) -> bool:
    return any(check.reads_body for part in parts for check in part.checks)


def _streams(exchange: Exchange) -> bool:
    return bool(exchange.stream)


def _named(wanted: Any, of: Texts) -> Test:
    """`true`: it is there, `false`: it is not; else one of its values matches one of the patterns."""
    if isinstance(wanted, bool):
        return lambda exchange: bool(of(exchange)) is wanted
    return one_of_texts(patterns("", wanted), of)


def _within(number: float, low: float | None, high: float | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)


def client_test(networks: Sequence[str]) -> Test:
    """Whether the client is in one of the networks; a test that raises Unreadable when its address is not known."""
    wanted = [ip_network(text) for text in networks]

    def test(exchange: Exchange) -> bool:
        try:
            address = ip_address((exchange.client or "").partition("%")[0])
        except ValueError:
            raise Unreadable("the address of the client is not known") from None
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in wanted)

    return test


def _body(test: BodyTest) -> Test:
    texts = patterns("", test.matches) if test.matches is not UNSET else ()
    low, high = (None if limit is UNSET else limit for limit in (test.min, test.max))

    def holds(exchange: Exchange) -> bool:
        value = exchange.json_value(test.path)
        if test.exists is not UNSET and (value is not MISSING) is not test.exists:
            return False
        if test.equals is not UNSET and not same_json(value, test.equals):
            return False
        if texts and not (isinstance(value, str) and any(pattern.matches(value) for pattern in texts)):
            return False
        if low is None and high is None:
            return True
        return isinstance(value, int | float) and not isinstance(value, bool) and _within(value, low, high)

    return holds


def same_json(value: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where `true` is not 1."""
    if isinstance(value, bool) is not isinstance(other, bool):
        return False
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return len(value) == len(other) and all(map(same_json, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(same_json(value[key], other[key]) for key in value)
    return bool(value == other)
