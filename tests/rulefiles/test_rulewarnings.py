"""Warnings: rules that are never reached, without a false alarm, and what carries a credential or goes in the clear."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rules import match_of, request, rules_of

from amp_addons.core.exchange import Unreadable
from amp_addons.core.rules.condition import compile_match
from amp_addons.rulefiles.included import sources
from amp_addons.rulefiles.rulewarnings import covers, warnings_of

COVERS = [
    ({}, {"host": "x"}, True),
    ({}, {}, True),
    ({"host": "X"}, {"host": "x"}, True),
    ({"host": "*.example"}, {"host": "a.example"}, True),
    ({"host": ["a", "b"]}, {"host": "b"}, True),
    ({"host": "a"}, {"host": ["a", "b"]}, False),
    ({"model": "a*"}, {"model": ["ab", "ac"]}, True),
    ({"model": "a*"}, {"model": "ab*"}, False),
    ({"path": "/a/*"}, {"path": "/a/b"}, True),
    ({"path": "/a/*"}, {"path": "/a/b/c"}, False),
    ({"host": "x"}, {}, False),
    ({"host": "x"}, {"model": "y"}, False),
    ({"host": "x"}, {"host": "x", "model": "y"}, True),
    ({"host": "x", "model": "y"}, {"host": "x"}, False),
    ({"known": True}, {"known": True}, True),
    ({"known": True}, {"known": False}, False),
    ({"sample": 50}, {"sample": 50}, False),
    ({"any": [{"sample": 50}]}, {"any": [{"sample": 50}]}, False),
    ({"not": {"sample": 1}}, {"not": {"sample": 1}}, False),
    ({"any": [{"host": "x"}]}, {"any": [{"host": "x"}]}, True),
    ({"any": [{"host": "x"}]}, {"host": "x"}, False),
    ({"header": {"x-a": "b"}}, {"header": {"x-a": "b"}}, True),
    ({"header": {"x-a": True}}, {"header": {"x-a": "b"}}, False),
    ({"tool": "a"}, {"tool": ["a", "b"]}, False),
    ({"model": "re:a.*"}, {"model": "ab"}, True),
    ({"model": "ab"}, {"model": "re:ab"}, False),
]


@pytest.mark.parametrize(("wide", "narrow", "expected"), COVERS, ids=str)
def test_what_takes_all_that_another_matches(wide: dict[str, Any], narrow: dict[str, Any], expected: bool) -> None:
    assert covers(match_of(wide), match_of(narrow)) is expected


parts = st.fixed_dictionaries(
    {},
    optional={
        "host": st.sampled_from(["a.example", "*.example", ["a.example", "b.example"], "re:a.*"]),
        "path": st.sampled_from(["/x", "/x/*", "/**", ["/x", "/y"]]),
        "model": st.sampled_from(["m", "m*", "re:.", ["m", "n"]]),
        "method": st.sampled_from(["GET", "get", "P*"]),
        "stream": st.booleans(),
        "header": st.sampled_from([{"x-a": True}, {"x-a": "1"}]),
        "not": st.sampled_from([{"host": "a.example"}, {"model": "m"}]),
        "any": st.sampled_from([[{"host": "a.example"}], [{"host": "a.example"}, {"model": "m"}]]),
    },
)
REQUESTS = [
    request(f"https://{host}{path}", body, headers, method)
    for host in ("a.example", "b.example", "c")
    for path in ("/x", "/x/y", "/y")
    for method in ("GET", "POST")
    for body in (None, b'{"model":"m","stream":true}', b'{"model":"n"}')
    for headers in ({}, {"x-a": "1"})
]


@settings(max_examples=200, deadline=None)
@given(parts, parts)
def test_there_is_no_false_alarm(wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    if covers(match_of(wide), match_of(narrow)):
        outer, inner = compile_match(match_of(wide), "w"), compile_match(match_of(narrow), "n")
        for exchange in REQUESTS:
            rules_of({})._classify(exchange)
            try:
                assert outer.hold(exchange) or not inner.hold(exchange)
            except Unreadable:
                pass


def warnings(folder: Path, text: str) -> list[str]:
    (folder / "main.yaml").write_text(f"version: 1\n{text}")
    found, wrong = sources([folder / "main.yaml"])
    assert not wrong, wrong
    return [warning.removeprefix(f"{folder}/") for warning in warnings_of(found)]


def test_a_rule_that_is_never_reached(tmp_path: Path) -> None:
    text = "rules:\n- {id: a, match: {host: '*.example'}, then: {allow: true}}\n- {id: b, match: {host: x.example}, then: {block: true}}\n"
    assert warnings(tmp_path, text) == ["main.yaml:4:3: rule b is never reached: rule a before it takes all that it matches."]


@pytest.mark.parametrize(
    "first", ["mode: observe, then: {block: true}", "then: {tag: x}", "then: {block: false}", "match: {sample: 50}, then: {block: true}"]
)
def test_a_rule_that_does_not_end_the_list_hides_nothing(tmp_path: Path, first: str) -> None:
    assert warnings(tmp_path, f"rules:\n- {{id: a, {first}}}\n- {{id: b, then: {{block: true}}}}\n") == []
    assert warnings(tmp_path, "defaults: {mode: observe}\nrules: [{id: a, then: {block: true}}, {id: b, then: {block: true}}]\n") == []


def test_opt_ins_and_plain_http_are_said(tmp_path: Path) -> None:
    text = """upstreams: {a: {url: http://far.example}, b: {url: http://127.0.0.1:1}, c: {proxy: http://p.example:1}}
rules:
- {id: k, match: {host: x}, then: {route: a, credentials: keep, credentials_host: far.example}}
- {id: p, match: {host: y}, then: {set_headers: {cookie: x}, allow_protected: true}}
"""
    assert warnings(tmp_path, text) == [
        "main.yaml:4:3: rule k sends the client's own credentials to far.example (credentials: keep).",
        "main.yaml:5:3: rule p may change authentication and amp-* headers (allow_protected).",
        "main.yaml:2:22: upstream a is reached over plain http: everybody on the way can read along.",
    ]


REDACTED_LATE = """
version: 1
upstreams: {{own: {{url: https://gateway.example}}}}
rules:
  - {{id: first, match: {{provider: anthropic}}, then: {then}}}
  - {{id: hide, match: {match}, then: {{redact: secrets}}}}
"""


@pytest.mark.parametrize(
    ("then", "match", "said"),
    [
        ("{route: own}", "{}", True),
        ("{allow: true}", "{provider: anthropic}", True),
        ("{route: own}", "{provider: openai}", False),
        ("{block: true}", "{}", False),
        ("{tag: t}", "{}", False),
    ],
)
def test_a_redaction_behind_what_sends_requests_on(tmp_path: Path, then: str, match: str, said: bool) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(REDACTED_LATE.format(then=then, match=match))
    found = list(warnings_of(sources([path])[0]))
    assert any("does not redact what rule first before it sends on" in each for each in found) is said
