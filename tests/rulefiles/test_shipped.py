"""The YAML that ships: it is found, it is in order, and the rules do what their own tests say."""

from collections.abc import Callable
from pathlib import Path

import pytest

from amp_addons.core.rules.examples import request_of, run
from amp_addons.rulefiles.rules import RuleSet
from amp_addons.rulefiles.shipped import shipped

EXAMPLES = sorted(shipped("examples").glob("*.yaml"))


def test_the_shipped_folder_is_found() -> None:
    assert shipped("catalog", "classic.yaml").is_file()


@pytest.mark.parametrize("action", ["route: up", "block: true", "respond: {}", "allow: true", "passthrough: true"])
def test_every_action_that_ends_the_list_can_be_written(write: Callable[[str], Path], action: str) -> None:
    rules = RuleSet.load(write(f"version: 1\nupstreams: {{up: {{url: https://a.example}}}}\nrules: [{{id: a, then: {{{action}}}}}]"))
    assert rules.rules[0].rule.then.terminal == action.partition(":")[0]


@pytest.mark.parametrize("path", [shipped("default.yaml"), *EXAMPLES], ids=lambda path: path.stem)
def test_the_rules_do_what_their_tests_say(path: Path) -> None:
    rules = RuleSet.load(path, placeholders=True)
    assert rules.tests
    assert {test.name: run(rules, test) for _, test in rules.tests} == {test.name: [] for _, test in rules.tests}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_rule_of_an_example_is_tried_by_one_of_its_tests(path: Path) -> None:
    rules = RuleSet.load(path, placeholders=True)
    tried = {applied.rule for _, test in rules.tests for applied in rules.decide(request_of(test.request, rules.amp_url)).applied}
    assert tried == {ready.rule.id for ready in rules.rules}


def test_without_a_file_nothing_is_changed() -> None:
    assert not RuleSet.load(shipped("default.yaml")).enforces
