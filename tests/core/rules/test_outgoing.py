"""The request that goes out: no credential of the client's elsewhere, and nothing else touched that no rule names."""

import gzip
import json
import re
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from support.rules import AMP, JSON, MESSAGES, destination, look_alike, request, rules_of

from amp_addons.core.encoding import decode_body
from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.rules.outgoing import Outgoing, origin_of_location, origin_of_request, outgoing, with_header

HEADERS = [
    ("Host", "ampcode.com"),
    ("Content-Type", "application/json"),
    ("X-b", "1"),
    ("x-B", "2"),
    ("Content-Length", "9"),
    ("Accept", "*/*"),
]


def sent(then: dict[str, Any], exchange: Exchange, upstream: Any = None) -> Outgoing:
    rules = rules_of({"then": then}, upstreams={"gateway": upstream or destination()})
    return outgoing(exchange, rules.decide(exchange))


SECRETS = [
    ("Authorization", "Bearer x"),
    ("x-api-key", "x"),
    ("X-Goog-Api-Key", "x"),
    ("api-key", "x"),
    ("Cookie", "session=x"),
    ("cookie", "a=b"),
    ("Sec-WebSocket-Protocol", f"openai-insecure-api-key.{look_alike()}"),
    ("X-Whatever", look_alike()),
    ("X-Jwt", look_alike("jwt")),
    ("x-other", look_alike("bearer")),
    ("Proxy-Authorization", "Basic x"),
    ("x-amp-installation-id", "x"),
    ("Referer", "https://a.example/?token=x"),
]
ELSEWHERE = [
    "https://gateway.example",
    "http://ampcode.com",
    "https://ampcode.com:8443",
    "https://ampcode.com.evil.example",
    "https://127.0.0.1",
]
SAME = ["https://ampcode.com", "https://AMPCODE.com.:443", None]
QUERY = "a=1&key=x&api%5Fkey=y&access_token=z;b=2&v=" + look_alike()


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize("secret", SECRETS, ids=[name for name, _ in SECRETS])
def test_a_credential_never_goes_elsewhere(secret: tuple[str, str], url: str) -> None:
    """Whatever is done besides. What is no credential goes."""
    for more in ({}, {"model": "n"}, {"set_headers": {"x-n": "1"}}, {"remove_headers": ["x-b"]}, {"set_body": {"/x": 1}}):
        exchange = request(f"{MESSAGES}?{QUERY}", {"model": "m"}, [*HEADERS, secret])
        out = sent({"route": "gateway", **more}, exchange, destination(url, key="ours"))
        assert out.elsewhere
        assert secret not in [(name.decode(), value.decode()) for name, value in out.headers]
        assert [value for name, value in out.headers if name.lower() == b"x-api-key"] == [b"ours"]
        assert out.target.endswith("?a=1")
        assert (b"Accept", b"*/*") in out.headers


@pytest.mark.parametrize("url", SAME)
@pytest.mark.parametrize("secret", SECRETS, ids=[name for name, _ in SECRETS])
def test_a_credential_goes_where_the_client_sends_it(secret: tuple[str, str], url: str | None) -> None:
    exchange = request(f"{MESSAGES}?{QUERY}", {"model": "m"}, [*HEADERS, secret])
    out = sent({"route": "gateway"}, exchange, destination(url, key="ours"))
    assert not out.elsewhere
    assert out.headers == exchange.headers[1:]
    assert (out.host, out.url) == ("ampcode.com", f"{MESSAGES}?{QUERY}")


@pytest.mark.parametrize("secret", SECRETS, ids=[name for name, _ in SECRETS])
def test_a_credential_goes_where_a_rule_says_it_may(secret: tuple[str, str]) -> None:
    exchange = request(f"{MESSAGES}?{QUERY}", {}, [*HEADERS, secret])
    out = sent({"route": "gateway", "credentials": "keep", "credentials_host": "gateway.example"}, exchange)
    assert out.headers == exchange.headers[1:]
    assert out.target.endswith(QUERY)


def test_the_upstream_s_own_credential_takes_the_place_of_the_client_s() -> None:
    kept = {"route": "gateway", "credentials": "keep", "credentials_host": "gateway.example"}
    out = sent(kept, request(headers=[("X-Api-Key", "mine"), ("x-z", "1")]), destination(key="ours"))
    assert out.headers == ((b"X-Api-Key", b"ours"), (b"x-z", b"1"))


TARGETS = [
    ("https://gateway.example", {}, "/api/x?a=1", "https://gateway.example/api/x?a=1"),
    ("https://gateway.example/v2/", {}, "/api/x", "https://gateway.example/v2/api/x"),
    ("https://gateway.example:8443/v2", {"strip_path": "/api"}, "/api/x", "https://gateway.example:8443/v2/x"),
    ("https://gateway.example", {"strip_path": "/api"}, "/api", "https://gateway.example/"),
    ("https://gateway.example", {"strip_path": "/api"}, "/apix/y", "https://gateway.example/apix/y"),
    ("https://gateway.example", {"strip_path": "/api/"}, "/api/x", "https://gateway.example/x"),
    ("https://gateway.example", {"strip_path": "/"}, "/api/x", "https://gateway.example/api/x"),
    ("https://ampcode.com/v2", {"strip_path": "/api"}, "/api/x", "https://ampcode.com/v2/x"),
    ("http://[::1]:9000", {}, "/a%2Fb//c;d?e=%20", "http://[::1]:9000/a%2Fb//c;d?e=%20"),
    ("https://gateway.example", {}, "", "https://gateway.example/"),
]


@pytest.mark.parametrize(("url", "more", "path", "expected"), TARGETS)
def test_where_it_goes(url: str, more: dict[str, Any], path: str, expected: str) -> None:
    out = sent({"route": "gateway"}, request(AMP + path, method="GET"), destination(url, **more))
    assert out.url == expected
    assert out.target.startswith("/")


HOSTS = [("https://gateway.example:8443", {}, "gateway.example:8443"), ("https://x", {"host_header": "named.example"}, "named.example")]


@pytest.mark.parametrize(("url", "more", "host"), [*HOSTS, ("https://ampcode.com", {}, "AmpCode.com:443"), (None, {}, "AmpCode.com:443")])
def test_what_the_host_header_says(url: str | None, more: dict[str, Any], host: str) -> None:
    """On the way to the same place it stays as the client wrote it."""
    exchange = request(headers=[("hOST", "AmpCode.com:443"), ("x", "y")])
    out = sent({"route": "gateway"}, exchange, destination(url, **more))
    assert out.host == host
    assert out.headers == ((b"x", b"y"),)


def test_through_a_proxy_alone_nothing_changes() -> None:
    proxy = destination("http://proxy.example:3128").origin
    out = sent({"route": "gateway"}, request(headers=[("authorization", "x")]), destination(None, proxy=proxy))
    assert (out.proxy, out.elsewhere, out.headers) == (proxy, False, ((b"authorization", b"x"),))


HEADER_EDITS = [
    ({"set_headers": {"x-B": "n"}}, [("X-b", "n")], "in the place and spelling of the first"),
    ({"set_headers": {"x-new": "n"}}, [("X-b", "1"), ("x-B", "2"), ("x-new", "n")], "at the end"),
    ({"remove_headers": ["X-B"]}, [], "whatever its letters"),
    ({"set_headers": {"x-b": "n"}, "remove_headers": ["x-b"]}, [("x-b", "n")], "removed, then set"),
]


@pytest.mark.parametrize(("then", "expected", "why"), HEADER_EDITS, ids=[case[2] for case in HEADER_EDITS])
def test_headers_keep_order_and_spelling(then: dict[str, Any], expected: list[tuple[str, str]], why: str) -> None:
    out = sent(then, request(body=b"123456789", headers=HEADERS))
    rest = [(name, value) for name, value in HEADERS[1:] if name.lower() != "x-b"]
    found = [(name.decode(), value.decode()) for name, value in out.headers]
    assert [pair for pair in found if pair[0].lower().startswith("x-")] == expected
    assert [pair for pair in found if pair in rest] == rest


def test_a_header_once() -> None:
    headers = ((b"A", b"1"), (b"B", b"2"), (b"a", b"3"))
    assert with_header(headers, "a", "n") == ((b"A", b"n"), (b"B", b"2"))
    assert with_header((), "A", "n") == ((b"A", b"n"),)


CODINGS: dict[str, Any] = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "identity": bytes,
    "": bytes,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
}
BODY = b'{ "model" :"m", "messages": [ {"role":"user"} ],"n":1e2 }'
EDITED = b'{ "model" :"new", "messages": [ {"role":"x"} ] }'
CHANGE = {"model": "new", "set_body": {"/messages/0/role": "x"}, "remove_body": ["/n"]}


@pytest.mark.parametrize("coding", CODINGS)
def test_a_body_is_edited_in_its_coding_and_its_length_is_right(coding: str) -> None:
    raw = CODINGS[coding](BODY)
    headers = [*JSON.items(), ("content-encoding", coding), ("Content-LENGTH", str(len(raw)))]
    out = sent(CHANGE, request(body=raw, headers=headers if coding else [headers[0], headers[2]]))
    assert decode_body(out.body, coding, 1000) == EDITED
    assert (b"Content-LENGTH", str(len(out.body)).encode()) in out.headers
    assert out.model == ("m", "new")
    assert (b"accept-encoding", b"identity") in out.headers


def test_a_chunked_body_stays_chunked_and_one_without_length_gets_one() -> None:
    chunked = sent(CHANGE, request(body=BODY, headers=[("Transfer-Encoding", "chunked"), *JSON.items()]))
    assert [name for name, _ in chunked.headers if name.lower() == b"content-length"] == []
    bare = sent(CHANGE, request(body=BODY, headers=[*JSON.items()]))
    assert (b"content-length", str(len(bare.body)).encode()) in bare.headers
    doubled = sent(CHANGE, request(body=BODY, headers=[*JSON.items(), ("content-length", "9"), ("Content-Length", "9")]))
    assert sum(name.lower() == b"content-length" for name, _ in doubled.headers) == 1


def test_a_body_that_no_rule_changes_is_the_same_object() -> None:
    exchange = request(body=BODY)
    assert sent({"route": "gateway"}, exchange).body is exchange.body
    assert sent({"set_headers": {"x-a": "1"}}, exchange).headers[:1] == exchange.headers
    assert sent({"model": "m", "set_headers": {"x-a": "1"}}, exchange).model is None


SIGNED = ["Content-Digest", "digest", "signature", "Signature-Input", "content-md5", "x-amz-content-sha256"]


@pytest.mark.parametrize("header", [*((name, "x") for name in SIGNED), ("Authorization", "AWS4-HMAC-SHA256 Credential=x")])
def test_a_signed_body_is_not_edited(header: tuple[str, str]) -> None:
    with pytest.raises(Unreadable, match="signed"):
        sent(CHANGE, request(body=BODY, headers=[*JSON.items(), header]))
    sent({"set_headers": {"x-a": "1"}}, request(body=BODY, headers=[*JSON.items(), header]))


def test_what_is_set_below_keys_that_are_not_there_makes_them() -> None:
    then = {"set_body": {"/a/b": 1, "/a/c~1d": 2, "/x/y/z": [3]}}
    assert json.loads(sent(then, request(body=b'{"x":{}}', headers=JSON)).body) == {"x": {"y": {"z": [3]}}, "a": {"b": 1, "c/d": 2}}


REFUSED = [
    ({"set_body": {"/a": 1}}, b"a=b", {"content-type": "text/plain"}),
    ({"set_body": {"/a/b": 1}}, b'{"a":2}', JSON),
    ({"set_body": {"/m": 1}}, b'{"m":1,"M":2}', JSON),
    ({"set_body": {"/m": 1}}, b'{"m":1,"m":2}', JSON),
    ({"set_body": {"/m": float("inf")}}, b"{}", JSON),
    ({"set_body": {"/m": 1}}, b"", JSON),
    ({"remove_body": [""]}, b"{}", JSON),
]


@pytest.mark.parametrize(("then", "body", "headers"), REFUSED)
def test_an_edit_that_cannot_be_made_for_sure_is_not_made(then: dict[str, Any], body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        sent(then, request("https://other.example/x", body, headers))


GOOGLE = f"{AMP}/api/provider/google/v1beta"
PATHS = [
    ("/models/gemini:generateContent", "/models/new:generateContent"),
    ("/models/gemini%3AstreamGenerateContent?alt=sse", "/models/new%3AstreamGenerateContent?alt=sse"),
    ("/models/gemini%3astreamGenerateContent", "/models/new%3astreamGenerateContent"),
    ("/tunedModels/mine:generateContent", "/tunedModels/new:generateContent"),
    ("/models/a:b:generateContent", "/models/new:generateContent"),
    ("/models/gemini:generateContent/models/x:y", "/models/new:generateContent/models/x:y"),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_a_model_in_the_path_is_changed_there(path: str, expected: str) -> None:
    """The body, which does not name it, stays as it is."""
    exchange = request(GOOGLE + path, b'{"contents":[]}')
    out = sent({"model": "new"}, exchange)
    assert out.url == GOOGLE + expected
    assert out.body is exchange.body
    assert out.model == (exchange.model, "new")


def test_a_model_s_name_cannot_change_the_path() -> None:
    out = sent({"model": "../x?y#z:w/"}, request(f"{GOOGLE}/models/gemini:generateContent", {}))
    assert out.target.endswith("/models/..%2Fx%3Fy%23z%3Aw%2F:generateContent")


def test_two_rules_that_change_the_same() -> None:
    """The later wins, and the body is edited once."""
    rules = rules_of({"then": {"set_body": {"/a": 1, "/b": 1}}}, {"then": {"set_body": {"/a": 2}, "remove_body": ["/b"]}})
    exchange = request(body=b'{"a":0,"b":0}')
    assert outgoing(exchange, rules.decide(exchange)).body == b'{"a":2}'


LOCATIONS = [
    ("/x", None), ("x", None), ("?a=1", None), ("", None), ("../x", None), ("#a", None),
    ("https://gateway.example/x?y=1", "/x?y=1"), ("HTTPS://GATEWAY.example:443", "/"), ("https://gateway.example?a=//b", "/?a=//b"),
    ("//x", ValueError), ("/\\x", ValueError), ("\\\\x", ValueError), ("/\t/x", ValueError), ("\t//x", ValueError), ("/x\r\n", ValueError),
    ("https:x", ValueError), ("javascript:x", ValueError), ("https://", ValueError), ("https://gateway.example//x.example/", ValueError),
    ("https://a\\@b", ValueError), ("https://x:99999", ValueError), ("ftp://gateway.example", ValueError), ("http:///x", ValueError),
    (" https://x", " host"),
]  # fmt: skip


@pytest.mark.parametrize(("location", "expected"), LOCATIONS)
def test_where_a_redirect_leads(location: str, expected: Any) -> None:
    """A path that clients take for a host is none; what cannot be told is refused."""
    if expected is ValueError:
        with pytest.raises(ValueError):
            origin_of_location(location)
    elif expected is None:
        assert origin_of_location(location) is None
    else:
        found = origin_of_location(location)
        assert found is not None
        assert (found.host == "x") if expected == " host" else (found.address, found.path) == (("https", "gateway.example", 443), expected)


@given(st.text(alphabet="/\\\t\n .:@?#hxtpsfoo", max_size=12))
def test_a_redirect_never_leaves_unseen(location: str) -> None:
    """What is said to stay does, for a client that drops tabs and ends of lines and reads a backslash as a slash (WHATWG)."""
    try:
        stays = origin_of_location(location) is None
    except ValueError:
        return
    read = location.strip(" ").translate({9: None, 10: None, 13: None}).replace("\\", "/")
    if stays:
        assert not re.match(r"//|[a-z][a-z0-9+.-]*:", read, re.IGNORECASE)


@pytest.mark.parametrize("url", ["https://a\\@b/", "ftp://x/", "/path", "https://a@b@c/", "https://x:99999/", "https:///x"])
def test_a_request_that_names_no_host_is_not_sent(url: str) -> None:
    with pytest.raises(Unreadable):
        origin_of_request(Exchange("GET", url))


@given(
    st.dictionaries(st.sampled_from(["model", "a", "b"]), st.integers() | st.text(max_size=3) | st.none()), st.sampled_from(["a", "b", "c"])
)
def test_an_edit_changes_what_it_names_and_nothing_else(body: dict[str, Any], key: str) -> None:
    out = sent({"set_body": {f"/{key}": [1]}}, request("https://x.example/", json.dumps(body, indent=1).encode()))
    assert json.loads(out.body) == {**body, key: [1]}
    assert list(json.loads(out.body)) == list({**body, key: [1]})
