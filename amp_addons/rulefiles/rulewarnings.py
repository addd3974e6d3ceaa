"""What rule files may do, and yet may not mean: sentences for people."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from amp_addons.core.rules.match import Match
from amp_addons.core.rules.model import Rule
from amp_addons.core.rules.pattern import Pattern
from amp_addons.core.rules.texts import patterns
from amp_addons.core.rules.url import origin_of
from amp_addons.core.target import LOOPBACK
from amp_addons.rulefiles.included import Source
from amp_addons.rulefiles.rulechecks import Place, places

MAX_COVERS = 200
"""Rules that later ones are compared with: it is done in pairs, and 200 take about 100 ms of a file with 1,000 rules."""

_TEXTS = ("endpoint", "category", "provider", "route", "method", "host", "path", "model", "thread")


def warnings_of(sources: list[Source]) -> Iterator[str]:
    """One sentence for each, with its place."""
    yield from _rules(sources)
    for source in sources:
        for name, upstream in source.file.upstreams.items():
            origin = origin_of(upstream.url) if upstream.url else None
            if origin and origin.scheme == "http" and origin.host not in LOOPBACK:
                where = source.where(("upstreams", name, "url"))
                yield f"{where}: upstream {name} is reached over plain http: everybody on the way can read along."


def _rules(sources: list[Source]) -> Iterator[str]:
    before: list[tuple[Place, Cover]] = []
    for place in places(sources):
        then, who = place.rule.then, f"{place.source.where(place.keys)}: rule {place.rule.id}"
        if then.allow_protected:
            yield f"{who} may change authentication and amp-* headers (allow_protected)."
        if then.credentials == "keep":
            yield f"{who} sends the client's own credentials to {then.credentials_host} (credentials: keep)."
        texts = _literals(place.rule.match)
        if other := next((other for other, cover in before if cover.takes(place.rule.match, texts)), None):
            yield f"{who} is never reached: rule {other.rule.id} before it takes all that it matches."
        if then.redact is not None and (sent := next((other for other, _ in before if _hides(other.rule, place.rule.match)), None)):
            yield f"{who} does not redact what rule {sent.rule.id} before it sends on: redactions belong before it."
        enforced = (place.rule.mode or place.source.file.defaults.mode) == "enforce"
        if then.terminal and enforced and len(before) < MAX_COVERS and not by_chance(place.rule.match):
            before.append((place, Cover.of(place.rule.match)))


def _hides(rule: Rule, redacting: Match) -> bool:
    """Whether a rule lets go what a later one would have redacted: all of it, as far as can be told."""
    return (rule.then.route is not None or rule.then.allow) and covers(redacting, rule.match)


def covers(wide: Match, narrow: Match) -> bool:
    """Whether everything that `narrow` matches is surely matched by `wide`; when in doubt, no."""
    return not by_chance(wide) and Cover.of(wide).takes(narrow, _literals(narrow))


class Cover(NamedTuple):
    """What a match asks for: key, value, and its patterns where it has some."""

    conditions: list[tuple[str, Any, tuple[Pattern, ...]]]

    @classmethod
    def of(cls, match: Match) -> "Cover":
        given = ((key, getattr(match, key)) for key in match.__struct_fields__)
        return cls([(key, value, patterns(key, value) if key in _TEXTS else ()) for key, value in given if value not in (None, (), {})])

    def takes(self, narrow: Match, texts: dict[str, tuple[str, ...]]) -> bool:
        for key, value, wanted in self.conditions:
            if getattr(narrow, key) != value:
                given = texts.get(key)
                if not given or not wanted or not all(any(pattern.matches(text) for pattern in wanted) for text in given):
                    return False
        return True


def by_chance(match: Match) -> bool:
    """Whether it holds for a share of the requests, which is another one for each rule."""
    return match.sample is not None or any(by_chance(part) for _, part in match.parts())


def _literals(match: Match) -> dict[str, tuple[str, ...]]:
    """The texts of the keys that have nothing but texts."""
    found = {}
    for key in _TEXTS:
        if (value := getattr(match, key)) is not None:
            texts = tuple(pattern.literal for pattern in patterns(key, value))
            found[key] = () if None in texts else texts
    return found  # type: ignore[return-value]  # those with a None are left out
