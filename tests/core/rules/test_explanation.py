"""Why a request is treated as it is: rule by rule, and what becomes of its credentials."""

from typing import Any

import msgspec
import pytest

from amp_addons.core.exchange import Exchange
from amp_addons.core.rules import model
from amp_addons.core.rules.decision import Destination, Secret
from amp_addons.core.rules.explanation import explain
from amp_addons.core.rules.ruleset import RuleSet
from amp_addons.core.rules.url import origin_of

URL = "https://ampcode.com/api/x?token=1&a=2"
HEADERS = {"Authorization": "Bearer x", "Cookie": "a=b", "Accept": "*/*"}
UP = Destination(name="up", origin=origin_of("https://up.example"), credential=("x-api-key", Secret("v")), credential_name="env:UP")
BY_PROXY = Destination(name="by-proxy", proxy=origin_of("http://proxy.example:3128"))


def rule_set(*rules: dict[str, Any]) -> RuleSet:
    ready = [(msgspec.convert({"id": f"r{number}", **rule}, model.Rule), rule.get("mode", "enforce")) for number, rule in enumerate(rules)]
    return RuleSet(ready, {"up": UP, "by-proxy": BY_PROXY})


@pytest.mark.parametrize(
    ("then", "facts"),
    [
        ({"route": "up"}, {"credential": "env:UP", "credential_header": "x-api-key", "dropped": ("authorization", "cookie", "?token")}),
        (
            {"route": "up", "credentials": "keep", "credentials_host": "up.example"},
            {"credential": "env:UP", "credential_header": "x-api-key", "kept": ("authorization", "cookie", "?token")},
        ),
        ({"route": "by-proxy"}, {"proxy": "http://proxy.example:3128"}),
        ({"block": {"message": "no\x1b", "status": 451}}, {"status": 451, "message": "no\\x1b"}),
        ({"respond": {"status": 202, "text": "x"}}, {"status": 202}),
        ({"allow": True}, {}),
        ({"tag": "t", "alert": "a\x1b"}, {"tags": ("t",), "alerts": ("a\\x1b",)}),
    ],
)
def test_the_result(then: dict[str, Any], facts: dict[str, Any]) -> None:
    found = explain(rule_set({"then": then}), Exchange("POST", URL, HEADERS)).result
    renamed = {"dropped": "dropped_credentials", "kept": "kept_credentials"}
    empty = dict.fromkeys(("credential", "credential_header", "proxy", "status", "message")) | {
        key: () for key in ("tags", "alerts", *renamed)
    }
    assert {key: getattr(found, renamed.get(key, key)) for key in empty} == empty | facts


@pytest.mark.parametrize(
    ("then", "sent"), [({"block": True}, False), ({"respond": {}}, False), ({"allow": True}, True), ({"route": "up"}, True)]
)
def test_only_what_is_sent_has_lines(then: dict[str, Any], sent: bool) -> None:
    assert bool(explain(rule_set({"then": then}), Exchange("POST", URL)).lines) is sent


def test_each_rule_in_order() -> None:
    rules = rule_set(
        {"match": {"host": "other.example"}, "then": {"block": True}},
        {"mode": "observe", "then": {"block": True}},
        {"match": {"header": {"x-a": True}, "any": [{"method": "GET"}]}, "then": {"block": True}},
        {"mode": "observe", "match": {"model": "x"}, "then": {"block": True}},
        {"match": {"model": "x"}, "then": {"block": True}},
        {"match": {"host": "ampcode.com"}, "then": {"allow": True}},
        {"match": {"method": "GET"}, "then": {"allow": True}},
    )
    found = explain(rules, Exchange("POST", URL, {"X-A": "1"}, b'{"model": "x", "model": "y"}'))
    told = [(rule.matched, rule.reached, rule.failed, bool(rule.unreadable), rule.action) for rule in found.rules]
    assert told == [
        (False, True, "host", False, None),
        (True, True, None, False, "block"),
        (False, True, "any", False, None),
        (False, True, None, True, "block"),
        (False, True, None, True, "block"),
        (True, False, None, False, None),
        (False, False, "method", False, None),
    ]
    assert (found.result.action, found.result.rule, found.result.status) == ("block", "r4", 400)


def test_a_change_that_cannot_be_made_is_told_by_rule_and_result() -> None:
    found = explain(rule_set({"then": {"set_body": {"/a": 1}}}), Exchange("POST", URL, {}, b"text"))
    assert (found.rules[0].action, found.result.action, found.lines) == ("change", "block", ())
    assert "not JSON" in (found.result.message or "")


def test_a_rule_whose_action_cannot_be_told_is_undecided() -> None:
    """The condition holds; which model it would be is not clear."""
    found = explain(rule_set({"then": {"model": {"a": "b"}}}), Exchange("POST", URL, {}, b'{"model": "a", "model": "c"}'))
    assert (found.rules[0].matched, found.result.action) == (False, "block")
