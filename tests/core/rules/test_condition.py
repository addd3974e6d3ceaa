"""Every condition: when it holds, when not, when it cannot be told, and that the body is read only where it decides."""

from typing import Any

import pytest
from support.rules import JSON, MESSAGES, match_of, request, sealed

from amp_addons.core.exchange import MISSING, Unreadable
from amp_addons.core.rules.condition import compile_match, same_json

BODY = {"model": "claude-x", "stream": True, "n": 5, "ok": True, "null": None, "list": [1, {"a": "b"}], "tools": [{"name": "Bash"}]}
HEADERS = [*JSON.items(), ("X-Team", "blue"), ("x-team", "red"), ("x-amp-thread-id", "T-1")]
URL = f"{MESSAGES}?alt=sse&q=a%20b"

HOLDS = [
    {},
    {"endpoint": "provider.anthropic"},
    {"endpoint": "provider.*"},
    {"endpoint": ["x", "re:provider\\..*"]},
    {"category": "inference"},
    {"category": ["user", "inference"]},
    {"provider": "anthropic"},
    {"route": "proxied"},
    {"known": True},
    {"method": "post"},
    {"method": "P*"},
    {"host": "AMPCODE.com"},
    {"host": "*.com"},
    {"path": "/api/**"},
    {"path": ["/x", "/api/provider/*/v1/*"]},
    {"query": {"alt": "sse"}},
    {"query": {"q": "a b"}},
    {"query": {"alt": True}},
    {"query": {"none": False}},
    {"header": {"X-TEAM": "red"}},
    {"header": {"x-team": ["green", "bl*"]}},
    {"header": {"x-team": True}},
    {"header": {"x-no": False}},
    {"header": {"content-type": "application/json"}},
    {"model": "claude-*"},
    {"model": ["x", "claude-x"]},
    {"stream": True},
    {"tool": "Bash"},
    {"tool": "re:B.*"},
    {"thread": "T-*"},
    {"body": {"path": "/n", "equals": 5}},
    {"body": {"path": "/n", "equals": 5.0}},
    {"body": {"path": "/n", "min": 5, "max": 5}},
    {"body": {"path": "/null", "equals": None}},
    {"body": {"path": "/null", "exists": True}},
    {"body": {"path": "/no", "exists": False}},
    {"body": {"path": "/list", "equals": [1, {"a": "b"}]}},
    {"body": {"path": "/list/1/a", "matches": "b*"}},
    {"body": [{"path": "/ok", "equals": True}, {"path": "/n", "min": 1}]},
    {"body_bytes": {"min": 1}},
    {"body_bytes": {"max": 1000}},
    {"client": "127.0.0.1"},
    {"client": ["10.0.0.0/8", "127.0.0.0/8"]},
    {"any": [{"host": "x"}, {"host": "ampcode.com"}]},
    {"all": [{"host": "*"}, {"method": "POST"}]},
    {"not": {"host": "x"}},
    {"any": [{"all": [{"model": "x"}]}, {"not": {"any": [{"model": "y"}, {"stream": False}]}}]},
    {"sample": 100},
    {"not": {"sample": 0}},
    {"not": {"any": [{"host": "x"}]}},
]
FAILS = [
    ({"endpoint": "provider"}, "endpoint"), ({"category": "user"}, "category"), ({"provider": "openai"}, "provider"),
    ({"route": "direct"}, "route"), ({"known": False}, "known"), ({"method": "GET"}, "method"), ({"host": "code.com"}, "host"),
    ({"path": "/api/*"}, "path"), ({"query": {"alt": "json"}}, "query.alt"), ({"query": {"alt": False}}, "query.alt"),
    ({"query": {"none": True}}, "query.none"), ({"header": {"x-team": "b"}}, "header.x-team"), ({"header": {"x-no": "*"}}, "header.x-no"),
    ({"model": "claude"}, "model"), ({"stream": False}, "stream"), ({"tool": "bash"}, "tool"), ({"thread": "t-1"}, "thread"),
    ({"body": {"path": "/n", "equals": "5"}}, "body./n"), ({"body": {"path": "/n", "min": 6}}, "body./n"),
    ({"body": {"path": "/ok", "equals": 1}}, "body./ok"), ({"body": {"path": "/ok", "min": 0}}, "body./ok"),
    ({"body": {"path": "/n", "matches": "*"}}, "body./n"), ({"body": {"path": "/no", "equals": None}}, "body./no"),
    ({"body": {"path": "/no", "max": 5}}, "body./no"), ({"body_bytes": {"max": 5}}, "body_bytes"), ({"client": "::1"}, "client"),
    ({"any": [{"host": "x"}, {"model": "y"}]}, "any"), ({"all": [{"host": "*"}, {"model": "y"}]}, "all[1].model"),
    ({"not": {"model": "claude-*"}}, "not"), ({"sample": 0}, "sample"), ({"model": "x", "host": "y"}, "host"),
    ({"all": [{"all": [{"host": "y"}]}]}, "all[0].all[0].host"),
]  # fmt: skip


def failing(spec: dict[str, Any], exchange: Any = None) -> str | None:
    return compile_match(match_of(spec), "rule", b"s").failing(exchange or request(URL, BODY, HEADERS))


@pytest.mark.parametrize("spec", HOLDS, ids=str)
def test_what_holds(spec: dict[str, Any]) -> None:
    assert failing(spec) is None
    assert failing({"not": spec}) == "not"


@pytest.mark.parametrize(("spec", "key"), FAILS, ids=str)
def test_what_fails_and_on_which_key(spec: dict[str, Any], key: str) -> None:
    assert failing(spec) == key
    assert failing({"not": spec}) is None


BROKEN = request(URL, b'{"model":"a","model":"b"}', HEADERS, client=None)
UNTOLD = [
    {"model": "*"}, {"not": {"model": "x"}}, {"stream": True}, {"tool": "x"}, {"body": {"path": "/x", "exists": False}}, {"client": "::1"},
    {"any": [{"host": "x"}, {"model": "*"}]}, {"all": [{"host": "*"}, {"model": "*"}]}, {"sample": {"percent": 50, "by": "model"}},
    {"not": {"any": [{"model": "x"}, {"host": "y"}]}}, {"host": "*", "client": "10.0.0.0/8", "method": "POST"},
]  # fmt: skip
TOLD = [
    ({"model": "*", "host": "x"}, "host"), ({"client": "::1", "header": {"x-no": True}}, "header.x-no"),
    ({"any": [{"model": "*"}, {"host": "ampcode.com"}]}, None), ({"all": [{"model": "*"}, {"host": "x"}]}, "all[1].host"),
    ({"not": {"model": "*", "host": "x"}}, None), ({"body_bytes": {"min": 1}}, None), ({"thread": "T-1"}, None),
    ({"any": [{"model": "x", "host": "x"}, {"host": "y"}]}, "any"), ({"not": {"any": [{"model": "x"}, {"host": "*"}]}}, "not"),
]  # fmt: skip


@pytest.mark.parametrize("spec", UNTOLD, ids=str)
def test_what_cannot_be_told(spec: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        failing(spec, BROKEN)


@pytest.mark.parametrize(("spec", "key"), TOLD, ids=str)
def test_doubt_does_not_matter_where_the_rest_decides(spec: dict[str, Any], key: str | None) -> None:
    """A part that fails for sure decides `all`, one that holds for sure decides `any`, wherever they stand."""
    assert failing(spec, BROKEN) == key


WITHOUT_BODY = [
    ({"model": "x", "stream": True, "tool": "t", "body": {"path": "/a", "equals": 1}, "host": "x"}, "host"),
    ({"all": [{"model": "x"}, {"host": "y"}]}, "all[1].host"),
    ({"any": [{"model": "x", "host": "x"}, {"tool": "t", "method": "GET"}], "stream": True}, "any"),
    ({"any": [{"model": "x"}, {"host": "ampcode.com"}]}, None),
    ({"not": {"model": "x", "host": "y"}}, None),
    ({"sample": {"percent": 0, "by": "client"}, "model": "x"}, "sample"),
    ({"thread": "x", "header": {"x-a": True}}, "header.x-a"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "key"), WITHOUT_BODY, ids=str)
def test_the_body_is_left_alone_where_the_rest_decides(spec: dict[str, Any], key: str | None) -> None:
    assert failing(spec, sealed()) == key


def test_the_seal_works() -> None:
    with pytest.raises(AssertionError):
        failing({"model": "x"}, sealed())


CLIENTS = [
    ("10.1.2.3", "10.0.0.0/8", True), ("::ffff:10.1.2.3", "10.0.0.0/8", True), ("11.1.2.3", "10.0.0.0/8", False),
    ("fe80::1%eth0", "fe80::/10", True), ("::1", "127.0.0.1", False), ("10.1.2.3", "::/0", False),
]  # fmt: skip


@pytest.mark.parametrize(("client", "network", "expected"), CLIENTS)
def test_clients(client: str, network: str, expected: bool) -> None:
    assert (failing({"client": network}, request(client=client)) is None) is expected


@pytest.mark.parametrize("client", [None, "", "unix", "10.0.0.1:80"])
def test_a_client_that_is_not_known(client: str | None) -> None:
    with pytest.raises(Unreadable):
        failing({"client": "10.0.0.0/8"}, request(client=client))


def test_a_url_without_a_host_does_not_pass_for_another_host() -> None:
    with pytest.raises(Unreadable):
        failing({"host": "ampcode.com"}, request("https://a\\@ampcode.com/"))
    assert failing({"host": "x", "method": "GET"}, request("https://a\\@ampcode.com/", method="POST")) == "method"


SAME = [
    (1, 1.0, True),
    (True, 1, False),
    (0, False, False),
    pytest.param(None, MISSING, False, id="missing"),
    ([1], (1,), True),
    ([True], [1], False),
    ("a", "a", True),
    ({"a": [True]}, {"a": [1]}, False),
    ({"a": 1}, {"a": 1, "b": 2}, False),
    ([1, 2], [1], False),
    ({}, [], False),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME, ids=str)
def test_the_same_in_json(one: Any, other: Any, same: bool) -> None:
    assert same_json(one, other) is same
    assert same_json(other, one) is same
