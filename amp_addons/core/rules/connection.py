"""What rules say of a connection before, or without, a request in it: only where it goes and from where is known.

Such questions are answered with "perhaps": a condition on anything else may hold. Where a rule that enforces may hold for what cannot be
seen, it is not let through (THREATS 6); and a connection is only passed through untouched when no rule before may have an objection.
"""

from collections.abc import Iterable

from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.rules.condition import client_test
from amp_addons.core.rules.match import Match
from amp_addons.core.rules.ruleset import RuleSet
from amp_addons.core.rules.texts import Test, classified, pattern_test, patterns, several

_CLASS = ("endpoint", "category", "provider", "route")
_OPEN = ("method", "path", "query", "header", "model", "stream", "body", "body_bytes", "thread", "tool", "sample")
"""What requests of one connection differ in."""


def passed_through(rules: RuleSet, exchange: Exchange, settled: bool) -> str | None:
    """The rule that passes a connection through without interception, if no enforcing rule before it may concern it.

    `exchange` has the host as its URL's; `settled`: its classification holds for every request to this host.
    """
    for ready in rules.rules:
        if ready.mode != "enforce" or not ready.rule.then.acts():
            continue
        holds = holds_for_all(ready.rule.match, exchange, settled)
        if holds and ready.rule.then.passthrough:
            return ready.rule.id
        if holds is not False:
            return None
    return None


def concerned(rules: RuleSet, exchange: Exchange, settled: bool, *, own: bool = False) -> str | None:
    """The first rule (of the user's `own`, when asked so) that would have to see what goes through a connection, or None when none can have
    anything to do with it."""
    for ready in rules.rules:
        if own and not ready.is_own:
            break
        then = ready.rule.then
        protects = then.terminal in ("route", "block", "respond") or then.changes()
        if ready.mode == "enforce" and protects and holds_for_all(ready.rule.match, exchange, settled) is not False:
            return ready.rule.id
    return None


def holds_for_all(match: Match, exchange: Exchange, settled: bool) -> bool | None:
    """True: every request of this connection matches, False: none does, None: it depends on what is not known."""
    return _all_of([*_own(match, exchange, settled), *_nested(match, exchange, settled)])


def _own(match: Match, exchange: Exchange, settled: bool) -> Iterable[bool | None]:
    for key in ("host", *_CLASS):
        if (value := getattr(match, key)) is not None:
            yield _told(pattern_test(key, patterns(key, value)), exchange) if key == "host" or settled else None
    if match.known is not None:
        yield classified(exchange).known is match.known if settled else None
    if match.client is not None:
        yield _told(client_test(several(match.client)), exchange)
    if any(getattr(match, key) not in (None, {}) for key in _OPEN):
        yield None


def _nested(match: Match, exchange: Exchange, settled: bool) -> Iterable[bool | None]:
    yield from (holds_for_all(part, exchange, settled) for part in match.all)
    if match.any:
        yield _not(_all_of([_not(holds_for_all(part, exchange, settled)) for part in match.any]))
    if match.not_ is not None:
        yield _not(holds_for_all(match.not_, exchange, settled))


def _told(test: Test, exchange: Exchange) -> bool | None:
    try:
        return test(exchange)
    except Unreadable:
        return None


def _all_of(parts: Iterable[bool | None]) -> bool | None:
    found = list(parts)
    return False if False in found else None if None in found else True


def _not(holds: bool | None) -> bool | None:
    return None if holds is None else not holds
