"""Tests that rule files carry: each key of `expect` tells what agrees from what does not."""

from typing import Any

import msgspec
import pytest

from amp_addons.core.catalog import Catalog
from amp_addons.core.rules import model
from amp_addons.core.rules.decision import Destination, Secret
from amp_addons.core.rules.examples import Difference, run
from amp_addons.core.rules.ruleset import RuleSet
from amp_addons.core.rules.url import origin_of

KEY = "sk-" + "a1" * 20
GATEWAY = Destination(
    name="gateway",
    origin=origin_of("http://127.0.0.1:4000"),
    credential=("x-api-key", Secret(KEY)),
    credential_name="env:GATEWAY_KEY",
)
RULES = [
    {"id": "seen", "mode": "observe", "match": {"path": "/v1/**"}, "then": {"alert": True}},
    {"id": "map", "match": {"model": "claude-*"}, "then": {"model": "small", "set_body": {"/top_p": 1}, "set_headers": {"x-team": "a"}}},
    {"id": "no", "match": {"path": "/no"}, "then": {"block": {"message": "no", "status": 451}}},
    {"id": "made-up", "match": {"path": "/made-up"}, "then": {"respond": {"status": 202, "text": "hi"}}},
    {"id": "away", "match": {"path": "/v1/**"}, "then": {"route": "gateway"}},
]


def rule_set() -> RuleSet:
    rules = [(msgspec.convert(rule, model.Rule), "enforce") for rule in RULES]
    return RuleSet(rules, {"gateway": GATEWAY}, catalog=Catalog(), amp_url="https://amp.example/base/")  # type: ignore[arg-type]


def differences(url: str, expect: dict[str, Any], **request: Any) -> list[Difference]:
    test = {"name": "one", "request": {"url": url, **request}, "expect": expect}
    return run(rule_set(), msgspec.convert(test, model.Test))


ROUTED: dict[str, Any] = {
    "url": "https://a.example/v1/x?key=1&b=2",
    "headers": {"Authorization": "Bearer " + KEY, "Accept": "*/*"},
    "body": {"model": "claude-x", "max": 5},
}

AS_EXPECTED: list[tuple[str, Any, Any]] = [
    # key, what is so, what is not
    ("action", "route", "block"),
    ("rule", "away", "map"),
    ("rules", ["map", "away"], ["away"]),
    ("observed", ["seen"], []),
    ("upstream", "gateway", "other"),
    ("url", "http://127.0.0.1:4000/v1/x?b=2", "https://a.example/v1/x"),
    ("model", "small", "claude-x"),
    ("credential", "env:GATEWAY_KEY", "env:OTHER"),
    ("headers", {"authorization": None}, {"authorization": "Bearer x"}),
    ("headers", {"Accept": "*/*", "x-team": "a"}, {"accept": None}),
    ("headers", {"host": "127.0.0.1:4000"}, {"host": "a.example"}),
    ("body", {"/top_p": 1, "/max": 5, "/absent": None}, {"/max": 6}),
    ("body", {"/model": "small"}, {"/model": None}),
]


@pytest.mark.parametrize(("key", "right", "wrong"), AS_EXPECTED)
def test_each_key_is_compared(key: str, right: Any, wrong: Any) -> None:
    assert differences(**ROUTED, expect={key: right}) == []
    assert [found.what.partition(".")[0] for found in differences(**ROUTED, expect={key: wrong})] == [key]


@pytest.mark.parametrize(("path", "action", "status"), [("/no", "block", 451), ("/made-up", "respond", 202)])
def test_what_is_answered_here_has_a_status_and_is_not_sent(path: str, action: str, status: int) -> None:
    url = f"https://a.example{path}"
    assert differences(url, {"action": action, "status": status}) == []
    assert differences(url, {"status": 500}) == [Difference("status", str(status), "500")]
    for expect in ({"url": url}, {"model": "x"}, {"headers": {"accept": None}}, {"body": {"/a": None}}):
        (found,) = differences(url, expect)
        assert found.found == "nothing is sent"


def test_a_request_that_cannot_be_read_is_blocked_and_has_no_body_to_compare() -> None:
    twice = '{"model": "a", "model": "b"}'
    assert differences("https://a.example/", {"action": "block", "rule": "map", "status": 400}, body=twice) == []


def test_a_body_that_is_sent_on_unread_says_why_it_cannot_be_compared() -> None:
    rules = RuleSet([], amp_url="https://amp.example")
    test = {"name": "x", "request": {"url": "/", "body": '{"a": 1, "a": 2'}, "expect": {"body": {"/a": 1}}}
    assert run(rules, msgspec.convert(test, model.Test)) == [Difference("body./a", "the body is not valid JSON", "1")]


def test_a_path_alone_is_below_amp_url() -> None:
    assert differences("/api/user", {"action": "pass", "url": "https://amp.example/base/api/user"}, method="GET") == []


def test_no_difference_shows_a_secret() -> None:
    expect = {"headers": {"x-api-key": "other", "accept": KEY}, "body": {"/model": KEY}, "url": f"https://a.example/?token={KEY}"}
    found = differences(**ROUTED, expect=expect)
    assert len(found) == 4
    assert KEY not in str(found)


def test_an_expectation_of_nothing_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="at least one of action"):
        msgspec.convert({}, model.Expect)


def test_a_test_comes_from_this_machine_unless_it_says_otherwise() -> None:
    rule = msgspec.convert({"id": "near", "match": {"client": "127.0.0.0/8"}, "then": {"allow": True}}, model.Rule)
    rules = RuleSet([(rule, "enforce")])
    for client, action in (({}, "allow"), ({"client": "10.0.0.1"}, "pass")):
        test = {"name": "x", "request": {"url": "/", **client}, "expect": {"action": action}}
        assert run(rules, msgspec.convert(test, model.Test)) == []
