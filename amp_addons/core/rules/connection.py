"""What rules say of a connection before, or without, a request in it: only where it goes and from where is known.

Such questions are answered with "perhaps": a condition on anything else may hold. Where a rule that enforces may hold for what cannot be
seen, it is not let through (THREATS 6); and a connection is only passed through untouched when no rule before may have an objection.
"""

from amp_addons.core.exchange import Exchange
from amp_addons.core.rules.condition import KNOWN, classified, patterns, several
from amp_addons.core.rules.model import Match, Rule
from amp_addons.core.rules.ruleset import RuleSet

_PLACE = ("host", "client")
_CLASS = ("endpoint", "category", "provider", "route")


def passed_through(rules: RuleSet, exchange: Exchange, settled: bool) -> str | None:
    """The rule that passes a connection through without interception, if no enforcing rule before it may concern it.

    `exchange` has the host as its URL's; `settled`: its classification holds for every request to this host.
    """
    for ready in rules.rules:
        if ready.mode != "enforce" or not may_match(ready.rule.match, exchange, settled):
            continue
        if ready.rule.then.passthrough:
            return ready.rule.id if ready.conditions.hold(exchange) else None
        if _acts(ready.rule) or ready.rule.then.allow:
            return None
    return None


def concerned(rules: RuleSet, exchange: Exchange, settled: bool) -> str | None:
    """The first rule that would have to see what goes through a connection, or None when none can have anything to do with it."""
    for ready in rules.rules:
        if ready.mode == "enforce" and _acts(ready.rule) and may_match(ready.rule.match, exchange, settled):
            return ready.rule.id
    return None


def _acts(rule: Rule) -> bool:
    """Whether a rule protects or changes something, rather than noting or letting through."""
    return rule.then.terminal in ("route", "block", "respond") or rule.then.changes()


def may_match(match: Match, exchange: Exchange, settled: bool) -> bool:
    """Whether some request of this connection could match."""
    for key in _PLACE[:1] + (_CLASS if settled else ()):
        if (value := getattr(match, key)) is not None:
            wanted, texts = patterns(key, value), KNOWN[key](exchange)
            if not any(pattern.matches(text) for pattern in wanted for text in texts):
                return False
    if settled and match.known is not None and classified(exchange).known is not match.known:
        return False
    if match.any and not any(may_match(part, exchange, settled) for part in match.any):
        return False
    if not all(may_match(part, exchange, settled) for part in match.all):
        return False
    return match.not_ is None or not _must_match(match.not_, exchange, settled)


def _must_match(match: Match, exchange: Exchange, settled: bool) -> bool:
    """Whether every request of this connection matches, as far as that can be told."""
    certain = ("host", *(_CLASS if settled else ()))
    for key in match.__struct_fields__:
        value = getattr(match, key)
        if value in (None, (), {}):
            continue
        if key not in certain:
            return False
        if not any(pattern.matches(text) for pattern in patterns(key, several(value)) for text in KNOWN[key](exchange)):
            return False
    return True
