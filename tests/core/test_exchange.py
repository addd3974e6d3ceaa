"""Requests read strictly: what two readers read in two ways is not read at all."""

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.rules import AMP, JSON, MESSAGES, request

from amp_addons.core.exchange import MISSING, Exchange, Unreadable
from amp_addons.core.hints import MAX_BODY, MAX_TOOLS

GOOGLE = f"{AMP}/api/provider/google/v1beta/models"
TEXT = {"content-type": "text/plain"}
ELSEWHERE = "https://other.example/x"

UNREADABLE = [
    pytest.param(b'{"model":"a","model":"b"}', JSON, id="model twice"),
    pytest.param(b'{"model":"a","model":"a"}', JSON, id="twice the same"),
    pytest.param(b'{"model":"a","x":{},"stream":true,"stream":false}', JSON, id="stream twice"),
    pytest.param(b'{"model":"a","Model":"b"}', JSON, id="in other letters"),
    pytest.param(b'{"MODEL":"b"}', JSON, id="in other letters alone"),
    pytest.param('{"\u017ftream":true,"model":"a"}'.encode(), JSON, id="a long s"),
    pytest.param(b'{"model":"a","mod\\u0065l":"b"}', JSON, id="escaped"),
    pytest.param(b'{"model":"a","\\u006dodel":"a"}', JSON, id="escaped the same"),
    pytest.param(b'\xef\xbb\xbf{"model":"a"}', JSON, id="byte order mark"),
    pytest.param('{"model":"a"}'.encode("utf-16"), JSON, id="UTF-16"),
    pytest.param('{"model":"a"}'.encode("utf-16-le"), JSON, id="UTF-16 without a mark"),
    pytest.param('{"model":"a"}'.encode("utf-32"), JSON, id="UTF-32"),
    pytest.param(b'{"model":"\xff"}', JSON, id="not UTF-8"),
    pytest.param(b'{"model":"a"', JSON, id="broken"),
    pytest.param(b'{"model":"a"}{"model":"b"}', JSON, id="two values"),
    pytest.param(b"{'model':'a'}", JSON, id="single quotes"),
    pytest.param(b'/* x */{"model":"a"}', JSON, id="a comment"),
    pytest.param(b'{"model":"a","x":' + b"[" * 300 + b"]" * 300 + b"}", JSON, id="deep"),
    pytest.param(b'{"model":"a"}', [("content-type", "application/json"), ("Content-Type", "text/plain")], id="two content types"),
    pytest.param(b'{"model":"a"}', {**JSON, "content-encoding": "compress"}, id="unknown coding"),
    pytest.param(b'{"model":"a"}', {**JSON, "content-encoding": "gzip"}, id="not gzip"),
    pytest.param(gzip.compress(b'{"model":"a"}')[:-9], {**JSON, "content-encoding": "gzip"}, id="cut off"),
    pytest.param(gzip.compress(b'{"model":"a"}'), JSON, id="gzip unsaid"),
    pytest.param(gzip.compress(b" " * (MAX_BODY + 1)), {**JSON, "content-encoding": "gzip"}, id="unpacks to too much"),
    pytest.param(b'{"model":"a"}' + b" " * MAX_BODY, JSON, id="too large"),
    pytest.param(b'{"model":"a"}', [*JSON.items(), ("content-encoding", "identity"), ("content-encoding", "gzip")], id="two codings"),
]


@pytest.mark.parametrize(("body", "headers"), UNREADABLE)
def test_what_can_be_read_in_two_ways_is_not_read(body: bytes, headers: Any) -> None:
    """Not for its model, nor for any value in it; and it stays so when one asks again."""
    exchange = request(body=body, headers=headers)
    for _ in range(2):
        with pytest.raises(Unreadable) as error:
            exchange.model  # noqa: B018
        assert "b" not in json.loads(f'["{str(error.value).split()[0]}"]')
    with pytest.raises(Unreadable):
        exchange.json_value("/messages")
    assert exchange.is_read


@pytest.mark.parametrize(("body", "headers"), UNREADABLE)
def test_json_elsewhere_is_read_as_strictly(body: bytes, headers: Any) -> None:
    """What nobody calls JSON is left alone, unless it looks like it."""
    exchange = Exchange("POST", ELSEWHERE, headers, body)
    try:
        assert exchange.json is None
        assert not body.lstrip().startswith((b"{", b"[")) and headers is not JSON
    except Unreadable:
        pass


def test_utf_16_without_a_mark_is_not_taken_for_something_else() -> None:
    for coding in ("utf-16-le", "utf-16-be", "utf-32-be"):
        with pytest.raises(Unreadable):
            Exchange("POST", ELSEWHERE, TEXT, '{"model":"a"}'.encode(coding)).json  # noqa: B018


READ = [
    pytest.param(MESSAGES, {"model": "claude", "stream": True}, {}, ("claude", True), id="plain"),
    pytest.param(MESSAGES, b' {"model":"\\u0063laude","stream":false} ', {}, ("claude", False), id="escapes and space"),
    pytest.param(MESSAGES, b'{"a":{"model":"x","model":"y"},"model":"z"}', {}, ("z", None), id="twice further in, where nobody reads"),
    pytest.param(MESSAGES, b'{"model":"z","stream":"yes"}', {}, ("z", None), id="another type"),
    pytest.param(MESSAGES, b'{"model":"z","x":"\\ud800"}', {}, ("z", None), id="half a surrogate pair"),
    pytest.param(MESSAGES, b"", {}, (None, None), id="nothing"),
    pytest.param(MESSAGES, b"[1]", {}, (None, None), id="no object"),
    pytest.param(MESSAGES, gzip.compress(b'{"model":"z"}'), {"content-encoding": "gzip"}, ("z", None), id="gzip"),
    pytest.param(MESSAGES, zlib.compress(b'{"model":"z"}'), {"content-encoding": "deflate"}, ("z", None), id="deflate"),
    pytest.param(MESSAGES, b'{"model":"z"}', {"content-encoding": "identity"}, ("z", None), id="identity"),
    pytest.param(f"{GOOGLE}/gemini-2.5:streamGenerateContent", {}, {}, ("gemini-2.5", True), id="in the path"),
    pytest.param(f"{GOOGLE}/gemini-2.5%3AgenerateContent", {}, {}, ("gemini-2.5", False), id="escaped colon"),
    pytest.param(f"{GOOGLE}/x:embedContent", {"model": "models/x"}, {}, ("x", False), id="path and body agree"),
    pytest.param(ELSEWHERE, b"model=x", {"content-type": "text/plain"}, (None, None), id="a form"),
]


@pytest.mark.parametrize(("url", "body", "headers", "asked"), READ)
def test_what_is_clear_is_read(url: str, body: Any, headers: dict[str, str], asked: tuple[Any, Any]) -> None:
    exchange = request(url, body, {**JSON, **headers})
    assert (exchange.model, exchange.stream) == asked


DOUBTFUL_PATHS = [
    pytest.param(f"{GOOGLE}/x:generateContent", {"model": "y"}, id="path and body differ"),
    pytest.param(f"{GOOGLE}%2Fx:generateContent", {}, id="an escaped slash before the model"),
    pytest.param(f"{GOOGLE}/x%2Fy:generateContent", {}, id="an escaped slash in the model"),
    pytest.param(f"{GOOGLE}/../models/x:generateContent", {}, id="climbs"),
    pytest.param(f"{GOOGLE}/%252e%252e/x:generateContent", {}, id="climbs when decoded twice"),
    pytest.param(f"{GOOGLE}/x;y:generateContent", {}, id="parameters"),
]


@pytest.mark.parametrize(("url", "body"), DOUBTFUL_PATHS)
def test_a_path_that_may_name_another_model_is_not_read(url: str, body: Any) -> None:
    with pytest.raises(Unreadable):
        request(url, body).model  # noqa: B018


PATHS = [
    ("/a/b", ("/a/b",)),
    ("", ("/",)),
    ("/a//b", ("/a//b", "/a/b")),
    ("/a%2Fb", ("/a%2Fb", "/a/b")),
    ("/a;x=1/b", ("/a;x=1/b", "/a/b")),
    ("/.well-known/x", ("/.well-known/x",)),
    ("/%41", ("/%41", "/A")),
    ("/a\\b", ("/a\\b", "/a/b")),
]


@pytest.mark.parametrize(("path", "readings"), PATHS)
def test_the_readings_of_a_path(path: str, readings: tuple[str, ...]) -> None:
    assert Exchange("GET", AMP + path).paths == readings


@pytest.mark.parametrize("path", ["/a/../b", "/a/%2e%2e/b", "/a/..;/b", "/%252e%252e", "/a%00b", "/%2525252525252e", "/a\\..\\b"])
def test_a_path_that_climbs_has_none(path: str) -> None:
    with pytest.raises(Unreadable):
        Exchange("GET", AMP + path).paths  # noqa: B018


HOSTS = [
    ("https://AMPCODE.com:443/", ("ampcode.com",)),
    ("https://ampcode.com:8443/", ("ampcode.com", "ampcode.com:8443")),
    ("https://ampcode.com./", ("ampcode.com",)),
    ("https://[::1]/", ("[::1]",)),
    ("https://[::1]:8443/", ("[::1]", "[::1]:8443")),
    ("https://user@ampcode.com/", ("ampcode.com",)),
]


@pytest.mark.parametrize(("url", "hosts"), HOSTS)
def test_hosts_with_and_without_port(url: str, hosts: tuple[str, ...]) -> None:
    assert Exchange("GET", url).hosts == hosts


@pytest.mark.parametrize("url", ["https://a\\@b/", "https://a@b@c/", "https:///x", "https://a b/", "https://\u00e4/", "/path"])
def test_a_url_without_a_host_that_makes_sense(url: str) -> None:
    with pytest.raises(Unreadable):
        Exchange("GET", url).hosts  # noqa: B018


TOOLS = [
    pytest.param({"tools": [{"name": "a"}, {"type": "web_search"}]}, {"a", "web_search"}, id="Anthropic"),
    pytest.param({"tools": [{"type": "function", "function": {"name": "a"}}]}, {"a"}, id="chat"),
    pytest.param({"tools": [{"name": "a", "function": {"name": "b"}}]}, {"a", "b"}, id="both places"),
    pytest.param({"tools": [{"name": "a"}], "functions": [{"name": "b"}]}, {"a", "b"}, id="both lists"),
    pytest.param(
        {"tools": [{"functionDeclarations": [{"name": "a"}], "function_declarations": [{"name": "b"}]}]}, {"a", "b"}, id="both spellings"
    ),
    pytest.param({"tools": {"name": "a"}}, set(), id="no list"),
    pytest.param({"tools": [5, None, {"name": 5}]}, set(), id="no names"),
    pytest.param({}, set(), id="none"),
]


@pytest.mark.parametrize(("body", "tools"), TOOLS)
def test_tools_wherever_a_server_may_find_them(body: Any, tools: set[str]) -> None:
    """A dummy in one place does not hide what stands in another."""
    assert set(request(body=body).tools) == tools


@pytest.mark.parametrize(
    "body",
    [
        b'{"tools":[{"name":"a","name":"b"}]}',
        b'{"tools":[{"name":"a","name":5}]}',
        b'{"tools":[{"Name":"a"}]}',
        b'{"tools":[{"function":{"name":"a","name":"b"}}]}',
        b'{"tools":[{"functionDeclarations":[{"name":"a","name":"b"}]}]}',
        b'{"tools":[],"Tools":[]}',
        json.dumps({"tools": [{"name": f"t{n}"} for n in range(MAX_TOOLS)]}).encode(),
    ],
)
def test_tools_that_can_be_read_in_two_ways(body: bytes) -> None:
    with pytest.raises(Unreadable):
        request(body=body).tools  # noqa: B018


def test_the_thread_of_the_header_comes_first() -> None:
    assert request(body=b"broken", headers={"X-Amp-Thread-ID": "T-1"}).thread == "T-1"
    assert request(f"{AMP}/api/threads/T-2", method="GET").thread == "T-2"
    assert request(body={"metadata": {"thread_id": "T-3"}}).thread == "T-3"
    assert request(body={}).thread is None


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{}", [("x-amp-thread-id", "a"), ("x-amp-thread-id", "b")]),
        (b'{"metadata":{"thread_id":"a","thread_id":"b"}}', []),
        (b'{"conversation":{"id":"a","ID":"b"}}', []),
    ],
)
def test_a_thread_that_can_be_read_in_two_ways(body: bytes, headers: list[tuple[str, str]]) -> None:
    with pytest.raises(Unreadable):
        request(body=body, headers=headers).thread  # noqa: B018


VALUES = [
    (b'{"a":{"b":[1,{"c":null}]}}', "/a/b/1/c", None),
    (b'{"a":1}', "/b", MISSING),
    (b'{"a":1}', "", {"a": 1}),
    (b'{"a":"\\ud800"}', "/a", "\ud800"),
    (b'{"a":1e999}', "/a", float("inf")),
    (b'{"a/b":1,"m~n":2}', "/a~1b", 1),
    (b"not json", "/a", MISSING),
]


@pytest.mark.parametrize(("body", "pointer", "value"), VALUES)
def test_values_at_pointers(body: bytes, pointer: str, value: Any) -> None:
    exchange = Exchange("POST", ELSEWHERE, TEXT, body)
    assert exchange.json_value(pointer) == value
    assert exchange.json_value(pointer) == value


def test_a_number_that_cannot_be_read_is_not_null() -> None:
    """Python refuses whole numbers of more than 4,300 digits."""
    try:
        assert Exchange("POST", ELSEWHERE, JSON, b'{"a":' + b"9" * 5000 + b"}").json_value("/a") > 1e300
    except Unreadable:
        pass


@given(st.binary(max_size=60), st.sampled_from(["application/json", "text/plain", ""]))
@example(b'{"model":"a","model":"b"}', "text/plain")
def test_nothing_but_unreadable_is_ever_raised(body: bytes, content_type: str) -> None:
    exchange = request(body=body, headers={"content-type": content_type})
    for read in ("model", "stream", "tools", "thread", "paths", "hosts", "query"):
        try:
            getattr(exchange, read)
        except Unreadable as error:
            assert str(error)


def test_query_and_headers() -> None:
    exchange = Exchange("GET", f"{AMP}/a?x=1&x=%32&y&z+z=a+b", [("X-A", "1"), (b"x-a", b"\xff")])
    assert exchange.query == {"x": ["1", "2"], "y": [""], "z z": ["a b"]}
    assert exchange.header("x-a") == ["1", "\udcff"]
    assert exchange.header("x-b") == []
