"""What is sent, answered here, or refused, out of one rule and one request."""

from typing import Any

import msgspec
import pytest

from amp_addons.core.exchange import Exchange
from amp_addons.core.rules import model
from amp_addons.core.rules.decision import Destination
from amp_addons.core.rules.kinds import Mode
from amp_addons.core.rules.outcome import decided, refused
from amp_addons.core.rules.ruleset import RuleSet
from amp_addons.core.rules.then import Block
from amp_addons.core.rules.url import origin_of

URL = "https://ampcode.com/api/provider/anthropic/v1/messages"
GATEWAY = Destination(name="gateway", origin=origin_of("http://127.0.0.1:4000"))


def rules(then: dict[str, Any], mode: Mode = "enforce") -> RuleSet:
    rule = msgspec.convert({"id": "one", "then": then}, model.Rule)
    return RuleSet([(rule, mode)], {"gateway": GATEWAY})


@pytest.mark.parametrize(
    ("then", "action", "sent"),
    [
        ({"route": "gateway"}, "route", "http://127.0.0.1:4000/api/provider/anthropic/v1/messages"),
        ({"set_headers": {"x-team": "a"}}, "pass", URL),
        ({"allow": True}, "allow", None),
        ({"tag": "seen"}, "pass", None),
        ({"block": True}, "block", None),
        ({"respond": {"text": "no"}}, "respond", None),
    ],
)
def test_what_is_sent(then: dict[str, Any], action: str, sent: str | None) -> None:
    decision, out = decided(rules(then), Exchange("POST", URL))
    assert (decision.action, out and out.url) == (action, sent)


def test_what_only_observes_sends_nothing_else() -> None:
    decision, out = decided(rules({"route": "gateway"}, "observe"), Exchange("POST", URL))
    assert (decision.action, decision.observed, out) == ("pass", ("one",), None)


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b"no JSON", {}), (b'{"a": 1}', {"Signature": "x"}), (b'{"model": "a", "model": "b"}', {})],
    ids=["not JSON", "signed", "two readings"],
)
def test_an_edit_that_cannot_be_made_is_a_refusal(body: bytes, headers: dict[str, str]) -> None:
    decision, out = decided(rules({"set_body": {"/a": 2}}), Exchange("POST", "https://a.example/x", headers, body))
    assert (decision.action, decision.rule, out) == ("block", "one", None)
    assert decision.block and decision.block.status == 400 and "nothing was sent" in decision.block.message
    assert [applied.action for applied in decision.applied] == ["change", "block"]


def test_a_refusal_keeps_tags_and_alerts_and_sends_nowhere() -> None:
    decision = rules({"route": "gateway", "tag": "t", "alert": "look"}).decide(Exchange("POST", URL))
    found = refused(decision, "not for us", 421)
    assert (found.action, found.upstream, found.tags, found.alerts) == ("block", None, ("t",), ("look",))
    assert found.block == Block(message="not for us", status=421)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/amp/api/user?x=1", "/up/api/user?x=1"),
        ("/amp", "/up"),
        ("/ampere/api", "/up/ampere/api"),
        ("/amp@evil.example/", "/up/amp@evil.example/"),
        ("/api/amp", "/up/api/amp"),
    ],
)
@pytest.mark.parametrize("strip", ["/amp", "/amp/"])
def test_a_path_is_stripped_by_whole_segments(path: str, target: str, strip: str) -> None:
    upstream = Destination(name="up", origin=origin_of("https://up.example/up"), strip_path=strip)
    rule = msgspec.convert({"id": "one", "then": {"route": "up"}}, model.Rule)
    _, out = decided(RuleSet([(rule, "enforce")], {"up": upstream}), Exchange("GET", f"https://ampcode.com{path}"))
    assert out and out.target == target
