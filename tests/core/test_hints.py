import gzip

import pytest

from amp_addons.core.hints import MAX_BODY, RequestHints, read_hints

CASES = [
    pytest.param("/v1/messages", b'{"model":"claude","stream":true,"messages":[]}', RequestHints("claude", True), id="both"),
    pytest.param("/v1/messages", b'{"messages":[{"model":"inner"}],"stream":false}', RequestHints(None, False), id="inner model"),
    pytest.param("/v1/messages", b'{"model":5,"stream":true}', RequestHints(None, True), id="one wrong type does not hide the other"),
    pytest.param("/v1/messages", b'{"model":"x"', RequestHints(), id="truncated"),
    pytest.param("/v1/messages", b"[1]", RequestHints(), id="no object"),
    pytest.param("/v1/messages", b"\xff\xfe", RequestHints(), id="no text"),
    pytest.param("/v1/messages", b"", RequestHints(), id="empty"),
    pytest.param("/v1/messages", None, RequestHints(), id="streamed, so not there"),
    pytest.param("/v1/messages", b"[" * 100_000, RequestHints(), id="deep"),
    pytest.param("/v1/messages", b'{"model":"' + b"x" * MAX_BODY + b'"}', RequestHints(), id="too large"),
    pytest.param("/v1beta1/models/gemini-2.5:streamGenerateContent?alt=sse", b"{}", RequestHints("gemini-2.5", True), id="Google"),
    pytest.param("/v1/models/gemini%2Dx:generateContent", None, RequestHints("gemini-x", False), id="Google, not streaming, escaped"),
    pytest.param("/v1/publishers/anthropic/models/claude@1:streamRawPredict", b"{}", RequestHints("claude@1", True), id="Claude on Vertex"),
]


@pytest.mark.parametrize(("path", "body", "expected"), CASES)
def test_hints(path, body, expected):
    assert read_hints(path, body) == expected


def test_compressed_body_is_read():
    assert read_hints("/v1/messages", gzip.compress(b'{"model":"m","stream":true}'), "gzip") == RequestHints("m", True)


def test_body_that_lies_about_its_encoding_says_nothing():
    assert read_hints("/v1/messages", b'{"model":"m"}', "gzip") == RequestHints()
