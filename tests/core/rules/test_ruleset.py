"""Decisions: order, what ends the list, what is only noted, and what is refused because it cannot be told."""

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rules import AMP, BLOCK, JSON, MESSAGES, destination, request, rules_of, sealed

from amp_addons.core.exchange import Exchange
from amp_addons.core.hints import MAX_BODY
from amp_addons.core.rules.applied import Applied
from amp_addons.core.rules.decision import PASS
from amp_addons.core.rules.then import Block

ROUTE = {"route": "gateway"}
UPSTREAMS = {"gateway": destination()}
LATER = {"match": {"host": "*"}, "then": BLOCK}


def test_no_rules_no_decision() -> None:
    assert not rules_of()
    assert rules_of().decide(request()) is PASS
    assert rules_of({"match": {"host": "x"}}).decide(request()) is PASS


def test_rules_apply_in_order_and_the_first_terminal_one_ends_the_list() -> None:
    rules = rules_of(
        {"id": "first", "then": {"tag": "a", "set_headers": {"x-a": "1"}}},
        {"id": "other", "match": {"host": "x"}},
        {"id": "second", "then": {"tag": ["b", "a"], "set_headers": {"x-a": "2"}, "alert": True}},
        {"id": "last", "then": {"allow": True, "alert": "look"}},
        {"id": "never"},
    )
    decision = rules.decide(request())
    assert decision.action == "allow"
    assert decision.rules == ("first", "second", "last")
    assert decision.tags == ("a", "b")
    assert decision.alerts == ("rule second matched", "look")
    assert decision.changes.set_headers == {"x-a": "2"}


@pytest.mark.parametrize(
    ("terminal", "kept"), [({"allow": True}, True), (ROUTE, True), (BLOCK, False), ({"respond": {}}, False), ({}, True)]
)
def test_changes_are_kept_where_the_request_goes_on(terminal: dict[str, Any], kept: bool) -> None:
    rules = rules_of({"then": {"remove_headers": ["x-a"]}}, {"then": terminal}, upstreams=UPSTREAMS)
    assert bool(rules.decide(request()).changes) is kept


def test_what_is_blocked_and_answered() -> None:
    assert rules_of({"then": {"block": "No."}}).decide(request()).block == Block(message="No.")
    assert rules_of({"then": {"block": {"message": "No.", "status": 451}}}).decide(request()).block == Block(message="No.", status=451)
    assert rules_of({"then": {"respond": {"text": "hi"}}}).decide(request()).respond.text == "hi"
    assert rules_of({"then": {"passthrough": True}}).decide(request()).action == "passthrough"


def test_an_observing_rule_changes_nothing_and_ends_nothing() -> None:
    """Its own mode beats that of the file; the whole set may be made to observe."""
    specs = [{"id": "seen", "mode": "observe", "then": {**BLOCK, "tag": "t"}}, {"id": "changes", "mode": "observe", "then": {"model": "y"}}]
    decision = rules_of(*specs).decide(request(body={"model": "x"}))
    assert (decision.action, decision.rules, decision.observed) == ("pass", (), ("seen", "changes"))
    assert decision.tags == ("t",)
    assert not decision.changes
    assert [applied.action for applied in decision.applied] == ["block", "change"]
    assert rules_of(specs[0], {"mode": "enforce"}, mode="observe").decide(request()).rules == ("rule-1",)
    everything = rules_of({"mode": "enforce"}, observe=True)
    assert everything.decide(request()).action == "pass"
    assert not everything.enforces
    assert rules_of({}).enforces


DOUBTFUL = [
    pytest.param(b'{"model":"a","model":"b"}', {}, id="model twice"),
    pytest.param(b'{"Model":"a"}', {}, id="in other letters"),
    pytest.param(b'\xef\xbb\xbf{"model":"a"}', {}, id="byte order mark"),
    pytest.param('{"model":"a"}'.encode("utf-16"), {}, id="UTF-16"),
    pytest.param(b'{"model":', {}, id="broken"),
    pytest.param(b'{"model":"a"}', {"Content-Type": "text/plain"}, id="two content types"),
    pytest.param(b'{"model":"a"}', {"content-encoding": "x-unknown"}, id="unknown coding"),
    pytest.param(gzip.compress(b'{"model":"a"}')[:-3], {"content-encoding": "gzip"}, id="damaged coding"),
    pytest.param(b'{"model":"a"}' + b" " * MAX_BODY, {}, id="too large"),
]


@pytest.mark.parametrize(("body", "headers"), DOUBTFUL)
def test_what_cannot_be_read_for_sure_is_refused_noted_or_does_not_matter(body: bytes, headers: dict[str, str]) -> None:
    def decide(*specs: dict[str, Any], **more: Any) -> Any:
        return rules_of(*specs, upstreams=UPSTREAMS, **more).decide(Exchange("POST", MESSAGES, [*JSON.items(), *headers.items()], body))

    asks = {"id": "asks", "match": {"model": "zzz"}}
    for then in (BLOCK, ROUTE, {"allow": True}, {"set_headers": {"x-a": "1"}}, {"respond": {}}):
        decision = decide({**asks, "then": then}, LATER)
        assert (decision.action, decision.rule, decision.block.status) == ("block", "asks", 400)
        assert decision.applied[0].unreadable in decision.block.message
    observed = decide({**asks, "mode": "observe"}, {"id": "next", "match": {"host": "*"}, "then": {"allow": True}})
    assert (observed.action, observed.observed, observed.rules) == ("allow", ("asks",), ("next",))
    assert observed.applied[0].unreadable
    assert decide({**asks, "match": {"model": "zzz", "host": "other.example"}}) is PASS
    assert decide({"id": "first", "then": {"allow": True}}, asks).rules == ("first",)
    mapped = decide({"id": "maps", "then": {"model": {"a": "b"}}})
    assert (mapped.action, mapped.rule) == ("block", "maps")


def test_a_rule_that_only_looks_never_blocks() -> None:
    decision = rules_of({"match": {"model": "x"}, "then": {"tag": "t", "alert": True}}).decide(request(body=b"{"))
    assert (decision.action, decision.tags, decision.alerts) == ("pass", (), ())
    assert decision.applied == (Applied(rule="rule-0", mode="enforce", action="none", unreadable="the body is not valid JSON"),)


@pytest.mark.parametrize("path", ["/api/../x", "/api/%2e%2e/x", "/a%2Fb"])
def test_a_path_that_reads_differently_when_decoded(path: str) -> None:
    rules = rules_of({"id": "asks", "match": {"path": "/a/b", "method": "POST"}, "then": {"allow": True}})
    assert rules.decide(request(AMP + path)).rule == "asks"
    assert rules.decide(request(AMP + path)).action == "block"
    assert rules.decide(request(AMP + path, method="GET")) is PASS
    assert rules_of({"match": {"path": "/a/b"}}, observe=True).decide(request(AMP + path)).action == "pass"


def test_a_rule_that_fails_closes_when_it_acts() -> None:
    """An upstream that is not there: refused when the file is read, and closed if it ever came so far."""
    decision = rules_of({"then": ROUTE}).decide(request())
    assert (decision.action, decision.applied[0].unreadable) == ("block", "the rule failed with KeyError")
    assert rules_of({"then": ROUTE, "mode": "observe"}, {"then": {"allow": True}}).decide(request()).action == "allow"


MAPS = [
    ("b", "a", "b"), ("a", "a", None), ({"x": "y", "a*": "b"}, "a1", "b"), ({"x": "y"}, "a", None), ({"a": "a", "*": "b"}, "a", "b"),
    ({"re:a[0-9]": "b"}, "a1", "b"), ("b", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("model", "asked", "new"), MAPS)
def test_models_are_mapped(model: Any, asked: str | None, new: str | None) -> None:
    decision = rules_of({"then": {"model": model}}).decide(request(body={"model": asked} if asked else {}))
    assert decision.changes.model == new
    assert decision.applied[0].detail == (f"model {new}" if new else None)


def test_what_is_said_has_names_and_no_values() -> None:
    then = {"set_headers": {"x-a": "secret"}, "remove_headers": ["x-b"], "set_body": {"/c": "secret"}, **ROUTE}
    assert rules_of({"then": then}, upstreams=UPSTREAMS).decide(request()).applied[0].detail == "to gateway; set x-a, /c; remove x-b"


def test_the_steps_tell_what_came_of_each_rule() -> None:
    rules = rules_of(
        {"id": "fails", "match": {"host": "x", "model": "y"}},
        {"id": "seen", "mode": "observe"},
        {"id": "asks", "mode": "observe", "match": {"model": "y"}},
        {"id": "tags", "match": {"model": "y"}, "then": {"tag": "t"}},
        {"id": "closes", "match": {"model": "y"}},
        {"id": "later", "then": {"tag": "t"}},
    )
    steps = [(step.rule, step.matched, step.failed, bool(step.unreadable), step.reached) for step in rules.steps(request(body=b"{"))]
    assert steps == [
        ("fails", False, "host", False, True),
        ("seen", True, None, False, True),
        ("asks", False, None, True, True),
        ("tags", False, None, True, True),
        ("closes", False, None, True, True),
        ("later", True, None, False, False),
    ]
    assert all(step.failed is None for step in rules.steps(request(body={"model": "y"}))[1:])


def test_steps_and_decision_never_raise() -> None:
    rules = rules_of({"match": {"model": "x"}}, {"match": {"tool": "x"}, "then": {"tag": "t"}})
    assert [step.unreadable for step in rules.steps(sealed())] == ["the rule failed with AssertionError"] * 2
    assert rules.decide(sealed()).action == "block"


@given(
    st.text(max_size=20),
    st.text(max_size=40),
    st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=4),
    st.binary(max_size=40),
)
def test_nothing_in_a_request_makes_it_raise(method: str, url: str, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    rules = rules_of(
        {"match": {"model": "x", "path": "/**"}, "then": {"tag": "a"}},
        {"match": {"any": [{"tool": "x"}, {"thread": "y"}]}, "mode": "observe"},
        {"match": {"query": {"a": "b"}, "client": "::1"}},
        {"match": {"endpoint": "user.*"}},
    )
    for prefix in ("", AMP):
        assert rules.decide(Exchange(method, prefix + url, headers, body)).action in ("pass", "block")


def test_a_request_is_classified_by_the_amp_url_in_force() -> None:
    exchange = Exchange("GET", "https://amp.example/api/user")
    assert rules_of({"match": {"endpoint": "user.get"}}, amp_url="https://amp.example").decide(exchange).action == "block"


@pytest.mark.parametrize(
    ("thens", "expected"),
    [
        ([{"record": True}], True),
        ([{"record": False}], False),
        ([{"record": False}, {"record": True}], True),
        ([{"tag": "t"}], None),
    ],
)
def test_the_last_rule_that_says_so_decides_whether_a_flow_is_recorded(thens: list[dict[str, Any]], expected: bool | None) -> None:
    decision = rules_of(*({"id": f"r{number}", "then": then} for number, then in enumerate(thens))).decide(request())
    assert decision.record is expected and decision.applied[0].action == next(iter(thens[0]))
    assert rules_of({"id": "seen", "mode": "observe", "then": thens[0]}).decide(request()).record is None
