"""What rules say of a connection of which only the place is known: never less than they would say of a request in it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rules import BLOCK, destination, match_of, request, rules_of

from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.rules.condition import compile_match
from amp_addons.core.rules.connection import concerned, holds_for_all, passed_through

HOST = "api.openai.example"
PASS_ON = {"passthrough": True}


def connection(host: str = HOST, client: str | None = "10.0.0.1") -> Exchange:
    return request(f"https://{host}", method="CONNECT", client=client)


HOLDS = [
    ({}, True),
    ({"host": HOST}, True),
    ({"host": "*.example"}, True),
    ({"host": "other"}, False),
    ({"client": "10.0.0.0/8"}, True),
    ({"client": "::1"}, False),
    ({"model": "x"}, None),
    ({"host": "other", "model": "x"}, False),
    ({"host": HOST, "path": "/x"}, None),
    ({"any": [{"host": "other"}, {"model": "x"}]}, None),
    ({"any": [{"host": HOST}, {"model": "x"}]}, True),
    ({"any": [{"host": "a"}, {"host": "b"}]}, False),
    ({"all": [{"host": HOST}, {"model": "x"}]}, None),
    ({"all": [{"host": "x"}]}, False),
    ({"not": {"host": HOST}}, False),
    ({"not": {"host": "other"}}, True),
    ({"not": {"model": "x"}}, None),
    ({"not": {"host": "other", "model": "x"}}, True),
    ({"sample": 100}, None),
    ({"header": {"x-a": True}}, None),
    ({"stream": False}, None),
    ({"body_bytes": {"max": 5}}, None),
    ({"method": "*"}, None),
    ({"known": False}, None),
    ({"category": "other"}, None),
    ({"query": {"a": "b"}}, None),
]


@pytest.mark.parametrize(("match", "expected"), HOLDS, ids=str)
def test_all_none_or_perhaps(match: dict[str, Any], expected: bool | None) -> None:
    assert holds_for_all(match_of(match), connection(), settled=False) is expected


SETTLED = [
    ({"known": False}, True),
    ({"known": True}, False),
    ({"category": "other"}, True),
    ({"endpoint": "user.*"}, False),
    ({"route": "external"}, True),
    ({"provider": "openai"}, False),
]


@pytest.mark.parametrize(("match", "expected"), SETTLED, ids=str)
def test_a_settled_classification_decides(match: dict[str, Any], expected: bool) -> None:
    assert holds_for_all(match_of(match), connection(), settled=True) is expected


@pytest.mark.parametrize("exchange", [connection("a b"), connection(client=None), connection("")])
def test_what_is_not_known_may_be_anything(exchange: Exchange) -> None:
    assert holds_for_all(match_of({"host": "x", "client": "::1"}), exchange, settled=False) in (None, False)
    assert concerned(rules_of({"match": {"client": "10.0.0.0/8", "host": "*"}}), exchange, settled=False) == "rule-0"


CONCERNED = [
    ([{}], "rule-0"),
    ([{"mode": "observe"}], None),
    ([{"then": {"tag": "t"}}, {"then": {"alert": True}}, {"then": {"allow": True}}, {"then": PASS_ON}], None),
    ([{"match": {"host": "other"}}, {"match": {"model": "x"}}], "rule-1"),
    ([{"then": {"allow": True}}, {"then": {"set_headers": {"x-a": "1"}}}], "rule-1"),
    ([{"then": {"route": "gateway"}}], "rule-0"),
    ([{"then": {"respond": {}}}], "rule-0"),
    ([], None),
]


@pytest.mark.parametrize(("specs", "rule"), CONCERNED)
def test_who_is_concerned(specs: list[dict[str, Any]], rule: str | None) -> None:
    rules = rules_of(*specs, upstreams={"gateway": destination()})
    assert concerned(rules, connection(), settled=False) == rule


THROUGH = [
    ([{"then": PASS_ON}], "rule-0"),
    ([{"match": {"host": HOST}, "then": PASS_ON}], "rule-0"),
    ([{"match": {"host": "other"}, "then": PASS_ON}], None),
    ([{"match": {"model": "x"}}, {"then": PASS_ON}], None),
    ([{"match": {"host": "other"}}, {"then": PASS_ON}], "rule-1"),
    ([{"match": {"host": HOST, "client": "::1"}}, {"then": PASS_ON}], "rule-1"),
    ([{"match": {"client": "::1"}, "then": PASS_ON}, {"match": {"client": "10.0.0.1"}, "then": PASS_ON}], "rule-1"),
    ([{"then": {"allow": True}}, {"then": PASS_ON}], None),
    ([{"then": {"tag": "t"}}, {"mode": "observe"}, {"then": PASS_ON}], "rule-2"),
    ([{"then": {"set_headers": {"x-a": "1"}}}, {"then": PASS_ON}], None),
    ([{"then": PASS_ON, "mode": "observe"}], None),
    ([{"match": {"not": {"host": "*.example"}}, "then": PASS_ON}], None),
    ([], None),
]


@pytest.mark.parametrize(("specs", "rule"), THROUGH)
def test_a_connection_is_passed_through_only_where_nobody_may_object(specs: list[dict[str, Any]], rule: str | None) -> None:
    assert passed_through(rules_of(*specs), connection(), settled=False) == rule


def test_nothing_is_passed_through_for_a_client_that_is_not_known() -> None:
    assert passed_through(rules_of({"match": {"client": "10.0.0.1"}, "then": PASS_ON}), connection(client=None), settled=False) is None


leaves = st.fixed_dictionaries(
    {},
    optional={
        "host": st.sampled_from([HOST, "*.example", "other"]),
        "client": st.sampled_from(["10.0.0.1", "::1"]),
        "category": st.sampled_from(["other", "user"]),
        "known": st.booleans(),
        "model": st.sampled_from(["a", "b"]),
        "method": st.just("GET"),
        "path": st.sampled_from(["/a", "/b"]),
        "stream": st.booleans(),
        "header": st.fixed_dictionaries({"x-a": st.booleans()}),
        "body_bytes": st.just({"min": 1}),
    },
)
matches = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda own, more: own | more,
        leaves,
        st.fixed_dictionaries(
            {}, optional={"any": st.lists(inner, min_size=1, max_size=3), "all": st.lists(inner, min_size=1, max_size=2), "not": inner}
        ),
    ),
    max_leaves=5,
)
REQUESTS = [
    request(f"https://{HOST}{path}", body, headers, method, client="10.0.0.1")
    for path in ("/a", "/b", "/a//b", "/a/../b")
    for method in ("GET", "POST")
    for body in (None, b'{"model":"a","stream":true}', b'{"model":"b"}', b"broken{", b'{"model":"a","model":"b"}')
    for headers in ({}, {"x-a": "1", "content-type": "application/json"})
]


def results(match: dict[str, Any]) -> set[bool | None]:
    """What holds for the requests that may come through this connection."""
    conditions = compile_match(match_of(match), "r")
    found: set[bool | None] = set()
    for exchange in REQUESTS:
        try:
            found.add(conditions.hold(exchange))
        except Unreadable:
            found.add(None)
    return found


@settings(max_examples=300, deadline=None)
@given(matches, st.booleans())
def test_what_is_said_of_a_connection_holds_for_every_request_in_it(match: dict[str, Any], settled: bool) -> None:
    found = results(match)
    said = holds_for_all(match_of(match), connection(), settled)
    if said is not None:
        assert found == {said}
    rules = rules_of({"match": match, "then": BLOCK})
    if found != {False}:
        assert concerned(rules, connection(), settled) == "rule-0"
    if passed_through(rules_of({"match": match}, {"then": PASS_ON}), connection(), settled):
        assert found == {False}


def test_rule_by_url_closes_a_connection_and_opens_none() -> None:
    """What is not HTTP is closed for it; that a host is decrypted is for local rules to say."""
    rules = rules_of({"match": {"host": "x.example"}}, {"match": {"host": "*"}}, own=1)
    assert concerned(rules, connection(), settled=False) == "rule-1"
    assert concerned(rules, connection(), settled=False, own=True) is None
