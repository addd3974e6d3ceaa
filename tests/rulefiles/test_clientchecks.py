"""What rules may not ask for behind a balancer, and where it is said."""

from collections.abc import Callable
from pathlib import Path

import pytest

from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.rules import RuleSet

type Write = Callable[[str | bytes], Path]

UPSTREAMS = "upstreams: {a: {url: 'https://a.example'}, b: {url: 'https://b.example'}}\n"
SPLIT = "{route: {split: [{upstream: a, weight: 1}, {upstream: b, weight: 1}], by: BY}}"


def problems(write: Write, rule: str) -> list[tuple[str, str]]:
    path = write(f"version: 1\n{UPSTREAMS}rules:\n  - {{id: x, {rule}}}\n")
    RuleSet.load(path)  # without a balancer it is a rule like any other
    try:
        RuleSet.load(path, balanced=True)
    except RuleFileError as error:
        return [(problem.path, problem.found) for problem in error.problems if "amp_gateway" in str(problem)]
    return []


@pytest.mark.parametrize(
    ("rule", "places"),
    [
        ("match: {client: 10.0.0.0/8}, then: {block: true}", ["rules[0].match.client"]),
        ("mode: observe, match: {client: 10.0.0.0/8}, then: {block: true}", ["rules[0].match.client"]),
        ("match: {not: {client: 10.0.0.1}}, then: {block: true}", ["rules[0].match.not.client"]),
        ("match: {any: [{host: a.example}, {client: 10.0.0.1}]}, then: {block: true}", ["rules[0].match.any[1].client"]),
        ("match: {all: [{not: {client: 10.0.0.1}}]}, then: {block: true}", ["rules[0].match.all[0].not.client"]),
        ("match: {sample: {percent: 5, by: client}}, then: {block: true}", ["rules[0].match.sample.by"]),
        ("match: {sample: {percent: 5, by: thread}}, then: {block: true}", []),
        ("match: {sample: 5}, then: {block: true}", []),
        (f"then: {SPLIT.replace('BY', 'client')}", ["rules[0].then.route.by"]),
        (f"then: {SPLIT.replace('BY', 'thread')}", []),
        (
            "match: {client: 10.0.0.1, sample: {percent: 5, by: client}}, then: {tag: x}",
            ["rules[0].match.client", "rules[0].match.sample.by"],
        ),
    ],
)
def test_rules_that_go_by_the_clients_address(write: Write, rule: str, places: list[str]) -> None:
    assert sorted(place for place, _ in problems(write, rule)) == sorted(places)
