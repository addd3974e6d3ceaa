"""The conditions of a rule, made ready: which hold for a request, and for `explain` which is the first that does not.

Conditions on what is cheap to know come first, so that a body is read only for rules that it can still decide.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from msgspec import UNSET

from amp_addons.core.classify import Classification
from amp_addons.core.exchange import MISSING, Exchange, Unreadable
from amp_addons.core.rules.chance import share
from amp_addons.core.rules.model import BodyTest, Match, Sample
from amp_addons.core.rules.pattern import Pattern, parse

type Test = Callable[[Exchange], bool]
type Texts = Callable[[Exchange], Sequence[str]]


class Check(NamedTuple):
    """One condition: the key path where it stands, whether it may read the body, and the test."""

    key: str
    reads_body: bool
    test: Test


class Conditions:
    """All conditions of one match."""

    __slots__ = ("checks",)

    def __init__(self, checks: Iterable[Check]) -> None:
        self.checks = sorted(checks, key=lambda check: check.reads_body)

    def hold(self, exchange: Exchange) -> bool:
        """Raises core.exchange.Unreadable when the request does not tell for sure."""
        for check in self.checks:
            if not check.test(exchange):
                return False
        return True

    def failing(self, exchange: Exchange) -> str | None:
        """The key of the first condition that does not hold. Raises Unreadable."""
        return next((check.key for check in self.checks if not check.test(exchange)), None)


def several(value: Any) -> Sequence[Any]:
    """One or more, as several."""
    return value if isinstance(value, tuple) else (value,)


def patterns(key: str, value: Any) -> tuple[Pattern, ...]:
    """The patterns of a condition, each as the key reads it."""
    return tuple(parse(text, fold=key in FOLDED, path=key == "path") for text in several(value))


def compile_match(match: Match, rule: str, secret: bytes = b"") -> Conditions:
    """Make a match ready. `rule` and `secret` are what choices by chance depend on."""
    return Conditions(_checks(match, rule, secret))


def _checks(match: Match, rule: str, secret: bytes) -> Iterator[Check]:
    for key, of in KNOWN.items():
        if (value := getattr(match, key)) is not None:
            yield Check(key, key in READS_BODY, _texts(patterns(key, value), of))
    if match.known is not None:
        yield Check("known", False, lambda exchange: classified(exchange).known is match.known)
    for key, wanted in match.query.items():
        yield Check(f"query.{key}", False, _named(wanted, _query(key)))
    for key, wanted in match.header.items():
        yield Check(f"header.{key}", False, _named(wanted, _header(key.lower())))
    if (size := match.body_bytes) is not None:
        yield Check("body_bytes", False, lambda exchange: _within(len(exchange.body), size.min, size.max))
    if match.client is not None:
        yield Check("client", False, _client(several(match.client)))
    if match.stream is not None:
        yield Check("stream", True, lambda exchange: _streams(exchange) is match.stream)
    for test in several(match.body) if match.body is not None else ():
        yield Check(f"body.{test.path}", True, _body(test))
    yield from _nested(match, rule, secret)
    if match.sample is not None:
        sample = match.sample if isinstance(match.sample, Sample) else Sample(percent=match.sample)
        yield Check("sample", True, lambda exchange: share(exchange, sample.by, rule, secret) * 100 < sample.percent)


def _nested(match: Match, rule: str, secret: bytes) -> Iterator[Check]:
    if match.any:
        some = [compile_match(part, rule, secret) for part in match.any]
        yield Check("any", _reads_body(some), lambda exchange: any(part.hold(exchange) for part in some))
    if match.all:
        every = [compile_match(part, rule, secret) for part in match.all]
        yield Check("all", _reads_body(every), lambda exchange: all(part.hold(exchange) for part in every))
    if match.not_ is not None:
        other = compile_match(match.not_, rule, secret)
        yield Check("not", _reads_body([other]), lambda exchange: not other.hold(exchange))


def _reads_body(parts: Iterable[Conditions]) -> bool:
    return any(check.reads_body for part in parts for check in part.checks)


def classified(exchange: Exchange) -> Classification:
    assert exchange.classification is not None  # whoever decides sees to it
    return exchange.classification


def _streams(exchange: Exchange) -> bool:
    return bool(exchange.hints.stream)


def _query(key: str) -> Texts:
    return lambda exchange: exchange.query.get(key, ())


def _header(name: str) -> Texts:
    return lambda exchange: exchange.header(name)


def _one(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)


FOLDED = ("host", "method")
READS_BODY = ("model", "thread", "tool")
"""Of the keys that have patterns, those that may need the body."""

KNOWN: dict[str, Texts] = {
    "endpoint": lambda exchange: (classified(exchange).endpoint,),
    "category": lambda exchange: (classified(exchange).category,),
    "provider": lambda exchange: _one(classified(exchange).provider),
    "route": lambda exchange: (classified(exchange).route,),
    "method": lambda exchange: (exchange.method,),
    "host": lambda exchange: exchange.hosts,
    "path": lambda exchange: exchange.paths,
    "thread": lambda exchange: _one(exchange.thread),
    "model": lambda exchange: _one(exchange.hints.model),
    "tool": lambda exchange: exchange.hints.tools,
}
"""The texts that the patterns of a key are held against: one that matches is enough."""


def _texts(wanted: Sequence[Pattern], of: Texts) -> Test:
    literals = frozenset(pattern.literal for pattern in wanted if pattern.literal is not None)
    others = [pattern.matches for pattern in wanted if pattern.literal is None or pattern.folds]

    def test(exchange: Exchange) -> bool:
        for text in of(exchange):
            if text in literals or any([matches(text) for matches in others]):
                return True
        return False

    return test


def _named(wanted: Any, of: Texts) -> Test:
    """`true`: it is there, `false`: it is not; else one of its values matches one of the patterns."""
    if isinstance(wanted, bool):
        return lambda exchange: bool(of(exchange)) is wanted
    return _texts(patterns("", wanted), of)


def _within(number: float, low: float | None, high: float | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)


def _client(networks: Sequence[str]) -> Test:
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
