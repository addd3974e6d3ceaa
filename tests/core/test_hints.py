import gzip
import json

import brotli
import pytest
import zstandard

from amp_addons.core.hints import MAX_BODY, MAX_NAME, MAX_TOOLS, RequestHints, read_hints

MESSAGES = "/v1/messages"
CASES = [
    pytest.param(MESSAGES, b'{"model":"claude","stream":true}', RequestHints("claude", True), id="both"),
    pytest.param(MESSAGES, b'{"x":[{"model":"inner"}],"stream":false}', RequestHints(None, False), id="inner model"),
    pytest.param(MESSAGES, b'{"model":5,"stream":true}', RequestHints(None, True), id="one wrong type does not hide the other"),
    pytest.param(MESSAGES, b'{"model":"x"', RequestHints(), id="truncated"),
    pytest.param(MESSAGES, b"[1]", RequestHints(), id="no object"),
    pytest.param(MESSAGES, b"\xff\xfe", RequestHints(), id="no text"),
    pytest.param(MESSAGES, b'{"model":"\xff","stream":true}', RequestHints(None, True), id="a name that is no text"),
    pytest.param(MESSAGES, b'{"model":"","stream":null}', RequestHints(), id="empty values"),
    pytest.param(MESSAGES, b"", RequestHints(), id="empty"),
    pytest.param(MESSAGES, None, RequestHints(), id="streamed, so not there"),
    pytest.param(MESSAGES, b"[" * 100_000, RequestHints(), id="deep"),
    pytest.param(MESSAGES, b'{"model":"m","messages":' + b"[" * 100_000, RequestHints(), id="deep inside"),
    pytest.param(MESSAGES, b'{"model":"' + b"x" * MAX_BODY + b'"}', RequestHints(), id="too large"),
    pytest.param(MESSAGES, b'{"model":"' + b"x" * 1000 + b'"}', RequestHints("x" * MAX_NAME), id="long name"),
    pytest.param("/v1beta1/models/gemini-2.5:streamGenerateContent?alt=sse", b"{}", RequestHints("gemini-2.5", True), id="Google"),
    pytest.param("/v1/models/gemini%2Dx:generateContent", None, RequestHints("gemini-x", False), id="Google, not streaming, escaped"),
    pytest.param("/v1/publishers/anthropic/models/claude@1:streamRawPredict", b"{}", RequestHints("claude@1", True), id="Claude on Vertex"),
    pytest.param("/v1/models/claude%401%3ArawPredict", b"{}", RequestHints("claude@1", False), id="escaped colon"),
    pytest.param("/v1/models/gpt", None, RequestHints(), id="a model as a resource"),
    pytest.param("/v1/messages?from=/models/x:streamY", b'{"model":"m"}', RequestHints("m"), id="not out of the query"),
    pytest.param(
        "/v1/models/claude@1:streamRawPredict",
        b'{"anthropic_version":"v","stream":true,"messages":[{}],"tools":[{"name":"Read"}]}',
        RequestHints("claude@1", True, ("Read",), 1),
        id="Claude on Vertex, with its body",
    ),
]
TOOLS = [
    pytest.param([{"name": "Read", "input_schema": {"name": "no"}}, {"type": "web_search_20250305", "name": "web_search"}],
                 ("Read", "web_search"), id="Anthropic"),
    pytest.param([{"type": "function", "function": {"name": "a"}}, {"type": "custom", "custom": {"name": "b"}}], ("a", "b"), id="chat"),
    pytest.param([{"type": "function", "name": "a"}, {"type": "web_search"}], ("a", "web_search"), id="responses"),
    pytest.param([{"functionDeclarations": [{"name": "a"}, {"name": "b"}]}, {"googleSearch": {}}], ("a", "b"), id="Google"),
    pytest.param([{"function_declarations": [{"name": "a"}, 5, {}]}], ("a",), id="Google, snake case"),
    pytest.param([5, None, {"name": 5}, {"function": "x"}, {"name": "ok"}], ("ok",), id="wrong types"),
    pytest.param([{"name": f"t{n}"} for n in range(MAX_TOOLS + 5)], tuple(f"t{n}" for n in range(MAX_TOOLS)), id="more than the bound"),
    pytest.param({"name": "x"}, (), id="no list"),
]  # fmt: skip
COUNTS = [
    pytest.param({"messages": [{"role": "user", "content": [{"text": "x"}, {}]}, {}]}, 2, id="messages"),
    pytest.param({"messages": []}, 0, id="none"),
    pytest.param({"input": [{"content": "x"}, {}, {}]}, 3, id="responses"),
    pytest.param({"input": "a question"}, 1, id="text for all input"),
    pytest.param({"contents": [{"parts": [{}, {}]}]}, 1, id="Google"),
    pytest.param({"messages": 5}, None, id="wrong type"),
    pytest.param({}, None, id="not there"),
]
IDENTIFIERS = [
    pytest.param({"metadata": {"user_id": "u"}}, None, None, id="a user is no thread"),
    pytest.param({"metadata": {"thread_id": "T-1", "message_id": "m1"}}, "T-1", "m1", id="metadata"),
    pytest.param({"conversation": "conv_1"}, "conv_1", None, id="conversation"),
    pytest.param({"conversation": {"id": "conv_1"}}, "conv_1", None, id="conversation as an object"),
    pytest.param({"method": "getThreadTail", "params": {"threadId": "T-1", "messageID": "m1"}}, "T-1", "m1", id="Amp's own calls"),
    pytest.param({"metadata": {"thread_id": 5}, "conversation": 5}, None, None, id="wrong types"),
]


@pytest.mark.parametrize(("path", "body", "expected"), CASES)
def test_hints(path, body, expected):
    assert read_hints(path, body) == expected


@pytest.mark.parametrize(("tools", "expected"), TOOLS)
def test_tools_are_named(tools, expected):
    assert read_hints(MESSAGES, json.dumps({"tools": tools}).encode()).tools == expected


def test_functions_of_older_clients_are_named():
    assert read_hints(MESSAGES, b'{"functions":[{"name":"f"}]}').tools == ("f",)


@pytest.mark.parametrize(("body", "expected"), COUNTS)
def test_messages_are_counted(body, expected):
    assert read_hints(MESSAGES, json.dumps(body).encode()).messages == expected


@pytest.mark.parametrize(("body", "thread", "message"), IDENTIFIERS)
def test_identifiers(body, thread, message):
    found = read_hints(MESSAGES, json.dumps(body).encode())
    assert (found.thread, found.message) == (thread, message)


@pytest.mark.parametrize(
    ("coding", "compress"), [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstandard.ZstdCompressor().compress)]
)
def test_compressed_body_is_read(coding, compress):
    assert read_hints(MESSAGES, compress(b'{"model":"m","stream":true,"messages":[{}]}'), coding) == RequestHints("m", True, (), 1)


def test_body_that_lies_about_its_encoding_says_nothing():
    assert read_hints(MESSAGES, b'{"model":"m"}', "gzip") == RequestHints()


def test_body_that_decodes_to_too_much_says_nothing():
    assert read_hints(MESSAGES, gzip.compress(b'{"model":"m","x":"' + b"x" * MAX_BODY + b'"}'), "gzip") == RequestHints()
