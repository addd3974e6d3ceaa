"""Rules that go by the client's address, which is a balancer's where the proxy stands behind one: there they are refused (THREATS 15)."""

from collections.abc import Iterator

from amp_addons.core.rules.match import Match, Sample
from amp_addons.core.rules.then import Split
from amp_addons.rulefiles.included import Source
from amp_addons.rulefiles.problems import Path, Problem
from amp_addons.rulefiles.rulechecks import Place, places

_WHY = "behind a balancer every client has its address (option amp_gateway)"


def client_problems(sources: list[Source]) -> Iterator[Problem]:
    """Every place where a rule asks for the client's address, or keeps together what comes from one."""
    for place in places(sources):
        yield from _matches(place, ("match",), place.rule.match)
        if isinstance(place.rule.then.route, Split) and place.rule.then.route.by == "client":
            yield place.problem(("then", "route", "by"), "client", f"thread, model or request: {_WHY}")


def _matches(place: Place, keys: Path, match: Match) -> Iterator[Problem]:
    if match.client is not None:
        yield place.problem((*keys, "client"), "a condition on the client's address", f"another one: {_WHY}")
    if isinstance(match.sample, Sample) and match.sample.by == "client":
        yield place.problem((*keys, "sample", "by"), "client", f"thread, model or request: {_WHY}")
    for key, part in match.parts():
        name, _, number = key.rstrip("]").partition("[")
        yield from _matches(place, (*keys, name, int(number)) if number else (*keys, name), part)
