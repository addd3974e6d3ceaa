"""What can be read in two ways holds in both, or it cannot be told."""

import pytest
from support.rules import AMP, match_of, request, rules_of

from amp_addons.core.exchange import Unreadable
from amp_addons.core.rules.condition import compile_match
from amp_addons.core.rules.texts import KNOWN, READS_BODY, several, texts_of


def holds(match: dict, url: str) -> bool | None:
    exchange = request(url)
    rules_of().decide(exchange)
    rules_of({})._classify(exchange)
    try:
        return compile_match(match_of(match), "r").hold(exchange)
    except Unreadable:
        return None


PATHS = [
    ("/api/*", "/api/x", True),
    ("/api/*", "/apix", False),
    ("/api/x", "/api/%78", True),  # the same for every server
    ("/v1/models/*:generateContent", "/v1/models/x%3AgenerateContent", True),
    ("/api/x", "/api//x", None),
    ("/api/x", "/api/x;y", None),
    ("/a/*", "/a%2Fb", None),
    ("/a/**", "/a//b", True),  # in both
    ("/z", "/a//b", False),  # in neither
    ("/api/x", "/api/../api/x", None),
    ("/api/x", "/api/%2e/x", None),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), PATHS)
def test_paths(pattern: str, path: str, expected: bool | None) -> None:
    assert holds({"path": pattern}, AMP + path) is expected
    assert holds({"not": {"path": pattern}}, AMP + path) is (None if expected is None else not expected)


CLASSES = [
    ({"endpoint": "user.get"}, "GET", "/api/user", True),
    ({"endpoint": "user.get"}, "GET", "/api//user", None),
    ({"endpoint": "user.get"}, "GET", "/api/x/../user", None),
    ({"endpoint": "user.get"}, "GET", "/api/%75ser", None),
    ({"endpoint": "threads.list"}, "GET", "/api//user", False),
    ({"provider": "openai"}, "POST", "/api//provider/openai/v1/responses", None),
    ({"provider": "openai"}, "POST", "/api/x/%2e%2e/provider/openai/v1/responses", None),
    ({"category": "inference"}, "POST", "/api//provider/google/v1beta/models/x:generateContent", None),
    ({"category": "inference"}, "POST", "/api/provider/openai//v1/responses", True),
    ({"known": False}, "GET", "/api//user", True),
]  # fmt: skip


@pytest.mark.parametrize(("match", "method", "path", "expected"), CLASSES)
def test_classes(match: dict, method: str, path: str, expected: bool | None) -> None:
    """A path that a server may take for a row is in none by itself; a rule for that row cannot tell."""
    exchange = request(AMP + path, method=method)
    action = rules_of({"match": match}).decide(exchange)
    assert action.action == ("pass" if expected is False else "block")
    assert bool(action.applied and action.applied[0].unreadable) is (expected is None)


@pytest.mark.parametrize("path", ["/@scope%2fpackage", "/a//b", "/a/../b"])
def test_odd_paths_of_other_hosts_are_nobody_s_business(path: str) -> None:
    """What is in no row however it is read."""
    exchange = request(f"https://registry.example{path}", method="GET")
    assert not rules_of({"match": {"endpoint": "telemetry"}}, {"match": {"category": "inference"}}).decide(exchange).applied


def test_one_or_more() -> None:
    assert several("ab") == ("ab",)
    assert several(("a", "b")) == ("a", "b")


def test_texts_of_every_key() -> None:
    exchange = request(f"{AMP}/api/provider/openai/v1/responses?a=1", {"model": "m", "tools": [{"name": "t"}]}, {"X-Y": "z"})
    found = {key: tuple(texts_of(key)(exchange)) for key in (*KNOWN, "query.a", "query.b", "header.X-y")}
    assert found == {
        "endpoint": ("provider.openai",), "category": ("inference",), "provider": ("openai",), "route": ("proxied",), "method": ("POST",),
        "host": ("ampcode.com",), "path": ("/api/provider/openai/v1/responses",), "thread": (), "model": ("m",), "tool": ("t",),
        "query.a": ("1",), "query.b": (), "header.X-y": ("z",),
    }  # fmt: skip
    assert set(READS_BODY) < set(KNOWN)
