import gzip
import json

import pytest

from amp_addons.replay.shape import likeness, shape_of

ASK = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def shape(body=ASK, target="/v1/messages", method="POST", coding=""):
    data = json.dumps(body).encode()
    return shape_of(method, target, gzip.compress(data) if coding else data, coding)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/api/threads/T-5f3c", "/api/threads/{}"),
        ("/api/threads/12/x", "/api/threads/{}/x"),
        ("/api/internal?getUserInfo", "/api/internal?getUserInfo"),
        ("/a?b=1&a=2", "/a?a&b"),
        ("/v1beta1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse", None),
    ],
)
def test_what_varies_in_a_path_is_left_open(target, path):
    found = shape(target=target)
    if path is None:  # the model is in the path, and decides
        assert (found.model, found.stream) == ("gemini-2.5-flash", True)
    else:
        assert found.path == path


def test_coding_makes_no_difference():
    assert shape(coding="gzip") == shape()


def test_requests_of_one_conversation_are_told_apart_by_what_they_say():
    longer = {**ASK, "messages": [*ASK["messages"], {"role": "assistant", "content": "ho"}]}
    other = {**ASK, "messages": [{"role": "user", "content": "something else"}]}
    asked = shape().features
    assert likeness(asked, asked) == 1 > likeness(asked, shape(other).features) > likeness(asked, shape(longer).features) > 0
    assert likeness(frozenset(), frozenset()) == 1


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b"null"])
def test_any_body_has_a_shape(body):
    assert shape_of("POST", "/x", body, "").method == "POST"
