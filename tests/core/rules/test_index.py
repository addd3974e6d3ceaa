"""The index finds what a look at every rule would, and no more work is done for rules that cannot match."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.rules import AMP, CATALOG, JSON, MESSAGES, match_of, request, rules_of, sealed

from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.rules.condition import compile_match
from amp_addons.core.rules.index import FEW, Index, Numbered
from amp_addons.rulefiles.catalog import classify

PATTERNS: dict[str, list[str]] = {
    "endpoint": ["provider.anthropic", "provider.*", "re:user\\..*", "amp.unknown"],
    "category": ["inference", "user", "other"],
    "provider": ["anthropic", "open*"],
    "method": ["POST", "get", "re:P.*"],
    "host": ["AMPCODE.com", "*.example", "re:x\\..*", "RE:x", "ampcode.com:8443"],
    "path": ["/api/**", "/api/user", "*", "/a/b"],
    "model": ["claude-x", "claude-*", "gpt", "re:.*"],
    "thread": ["T-1", "T-*"],
    "tool": ["Bash", "*"],
}
HERE = ["provider.anthropic", "inference", "anthropic", "post", "ampcode.com"]


def _some(key: str) -> st.SearchStrategy[Any]:
    texts = st.sampled_from(PATTERNS[key])
    lists = st.lists(texts, min_size=1, max_size=3)
    return texts if key == "category" else texts | lists


plain = st.fixed_dictionaries(
    {},
    optional={
        **{key: _some(key) for key in PATTERNS},
        "known": st.booleans(),
        "stream": st.booleans(),
        "header": st.fixed_dictionaries({"X-Team": st.booleans() | st.sampled_from(["blue", "r*"])}),
        "query": st.fixed_dictionaries({"alt": st.booleans() | st.sampled_from(["sse", "*"])}),
        "client": st.just("10.0.0.0/8"),
    },
)
matches = st.recursive(
    plain,
    lambda inner: st.builds(
        lambda own, more: own | more,
        plain,
        st.fixed_dictionaries(
            {}, optional={"any": st.lists(inner, min_size=1, max_size=3), "all": st.lists(inner, min_size=1, max_size=2), "not": inner}
        ),
    ),
    max_leaves=4,
)
BODIES = [
    b"",
    b"{}",
    b'{"model":"claude-x","stream":true,"tools":[{"name":"Bash"}]}',
    b'{"model":"gpt"}',
    b'{"model":"a","model":"b"}',
    b"broken",
]
URLS = [
    MESSAGES, f"{AMP}/api/user", f"{AMP}//api/user", f"{AMP}/a/../b", "https://x.example/a%2Fb", f"{AMP}:8443/?alt=sse", "https://a\\@b/",
    f"{AMP}/api/%75ser?alt=json", f"{AMP}/api//provider/openai/v1/responses",
]  # fmt: skip


def _request(method: str, url: str, headers: list[tuple[str, str]], body: bytes, client: str | None) -> Exchange:
    return Exchange(method, url, [*JSON.items(), *headers], body, client=client)


requests = st.builds(
    _request,
    st.sampled_from(["POST", "GET", "get"]),
    st.sampled_from(URLS),
    st.lists(st.sampled_from([("X-TEAM", "blue"), ("x-team", "red"), ("x-amp-thread-id", "T-1")]), max_size=2),
    st.sampled_from(BODIES),
    st.sampled_from(["10.0.0.1", "::1", None]),
)


def numbered(specs: list[dict[str, Any]]) -> list[Numbered]:
    parsed = [match_of(spec) for spec in specs]
    return [Numbered(n, match, compile_match(match, "r")) for n, match in enumerate(parsed)]


def may_hold(rule: Numbered, exchange: Exchange) -> bool:
    try:
        return rule.conditions.hold(exchange)
    except Unreadable:
        return True


@settings(max_examples=300, deadline=None)
@given(st.lists(matches, max_size=6), requests, st.booleans())
def test_it_finds_what_a_look_at_every_rule_finds(specs: list[dict[str, Any]], exchange: Exchange, many: bool) -> None:
    """In order, each once; with so many of the same that they are sorted further, too."""
    rules = numbered(specs * (FEW + 1) if many else specs)
    rules_of({})._classify(exchange)
    found = list(Index(rules).candidates(exchange))
    assert found == sorted(set(found))
    assert {rule.number for rule in rules if may_hold(rule, exchange)} <= set(found)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(matches, st.sampled_from(["enforce", "observe"])), max_size=5), requests)
def test_decisions_are_those_of_a_look_at_every_rule(specs: list[tuple[dict[str, Any], str]], exchange: Exchange) -> None:
    rules = rules_of(*({"match": spec, "mode": mode} for spec, mode in specs), catalog=CATALOG)
    decision = rules.decide(exchange)
    expected = []
    for step, ready in zip(rules.steps(exchange), rules.rules, strict=True):
        if step.reached and (step.matched or step.unreadable):
            expected.append((ready.rule.id, step.unreadable))
    assert [(applied.rule, applied.unreadable) for applied in decision.applied] == expected
    assert (decision.action == "block") is any(ready.mode == "enforce" for ready in rules.rules if ready.rule.id in dict(expected))


def candidates(specs: list[dict[str, Any]], exchange: Exchange) -> list[int]:
    rules_of({})._classify(exchange)
    return list(Index(numbered(specs)).candidates(exchange))


MANY = 50
RULED_OUT = [
    {"host": "x.example"},
    {"endpoint": "user.get"},
    {"category": "user"},
    {"method": "GET"},
    {"path": "/x/**"},
    {"provider": "google"},
    {"header": {"x-team": "blue"}},
    {"query": {"alt": "x"}},
    {"any": [{"host": "x.example"}, {"path": "/y"}]},
    {"all": [{"host": "*.example"}]},
    {"client": "10.0.0.0/8"},
    {"known": False},
    {"header": {"x-team": True}},
    {"body_bytes": {"min": 100}},
    {"not": {"method": "POST"}},
    {"any": [{"known": False}, {"client": "::1"}]},
    {"sample": {"percent": 0, "by": "client"}},
]


def test_the_body_is_not_read_for_rules_that_cannot_match() -> None:
    """However many hang together under something of the body."""
    for out in RULED_OUT:
        specs = [{"match": {"endpoint": "provider.anthropic", "model": f"m-{n}", **out}} for n in range(MANY)]
        if "endpoint" in out:
            specs = [{"match": {"model": f"m-{n}", **out}} for n in range(MANY)]
        assert not rules_of(*specs, {"then": {"tag": "x"}, "match": {"host": "y"}}).decide(sealed()).applied, out


def test_the_body_is_not_read_for_rules_that_come_later() -> None:
    later = [{"match": {"endpoint": "provider.anthropic", "model": f"m-{n}"}} for n in range(MANY)]
    first = {"match": {"host": "ampcode.com"}, "then": {"allow": True}}
    assert rules_of(first, *later).decide(sealed()).action == "allow"
    between = [*later[:20], {"match": {"model": "x", "host": "nowhere"}}]
    assert rules_of({"match": {"host": "*.example"}}, first, *between).decide(sealed()).action == "allow"


def test_the_body_is_read_for_rules_that_may_match() -> None:
    """The seal does break, and what breaks closes."""
    rules = rules_of(*({"match": {"endpoint": "provider.anthropic", "model": f"m-{n}"}} for n in range(MANY)))
    assert rules.decide(sealed()).applied[0].unreadable == "the rule failed with AssertionError"


def test_rules_that_cannot_match_are_not_even_looked_at() -> None:
    specs: list[dict[str, Any]] = []
    for n in range(40):
        specs += [
            {"host": f"h{n}.example"},
            {"endpoint": "provider.anthropic", "model": f"m-{n}"},
            {"category": "inference", "model": f"re:m-{n}-.*"},
            {"path": f"/x/{n}/**"},
            {"any": [{"host": f"a{n}"}, {"path": f"/b{n}"}]},
            {"all": [{"host": f"*.c{n}"}], "stream": True},
            {"header": {"x-team": f"t{n}"}},
            {"model": [f"one-{n}", f"two-{n}-*"]},
            {"tool": f"tool-{n}"},
            {"query": {"q": f"v{n}"}},
        ]
    exchange = request(body={"model": "m-7", "tools": [{"name": "tool-3"}]}, headers={**JSON, "X-Team": "t5"})
    wanted: list[dict[str, Any]] = [{"endpoint": "provider.anthropic", "model": "m-7"}, {"header": {"x-team": "t5"}}, {"tool": "tool-3"}]
    assert candidates(specs, exchange) == sorted(map(specs.index, wanted))


def test_a_doubtful_body_is_asked_once_and_closes_at_the_first_that_may_match() -> None:
    specs = [{"match": {"host": "x"}}, *({"match": {"category": "inference", "model": f"m-{n}"}} for n in range(MANY))]
    decision = rules_of(*specs).decide(Exchange("POST", MESSAGES, JSON, b"{", classification=classify("POST", MESSAGES)))
    assert (decision.rule, decision.action, len(decision.applied)) == ("rule-1", "block", 1)


def test_a_pattern_that_looks_like_re2_in_other_letters_is_a_glob() -> None:
    assert candidates([{"host": "RE:a("}, {"method": "Re:("}], request()) == []
