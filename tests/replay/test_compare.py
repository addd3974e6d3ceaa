import gzip

import pytest
from support.asks import ask, capture, conversation

from amp_addons.replay.captures import flows_of
from amp_addons.replay.compare import compared

KEY = "sgamp" + "_user_" + "Zq8" * 14


@pytest.fixture
def recorded(tmp_path):
    first = ask(conversation("hi"), 1, [("x-amp-thread-id", "T-1"), ("x-api-key", "one"), ("x-only", "old")])
    second = ask(conversation("hi", "ho", f"and {KEY}"), 2, [("x-amp-thread-id", "T-1"), ("x-api-key", "two"), ("x-new", KEY)])
    second.request.raw_content = gzip.compress(second.request.raw_content)
    second.request.headers["content-encoding"] = "gzip"
    return str(capture(tmp_path / "a.flows", first, second))


def test_headers_and_body_without_secrets(recorded):
    found = compared(*flows_of(recorded))
    named = {each.name: (each.before, each.after) for each in found.headers}
    assert named["x-api-key"] == ("***", "***") and named["x-only"] == ("old", None) and named["x-new"] == (None, "***")
    assert "x-amp-thread-id" not in named and named["content-encoding"] == (None, "gzip")
    assert [(each.kind, each.path) for each in found.changes] == [("added", "/messages/1"), ("added", "/messages/2")]
    assert found.changes[1].after["content"] == "and ***" and KEY not in str(found)


def test_what_is_no_json_is_only_the_same_or_not(tmp_path):
    flows = [ask({}, 1), ask({}, 2)]
    flows[0].request.raw_content = b"\x00\xff"
    found = compared(*flows_of(str(capture(tmp_path / "a.flows", *flows))))
    assert (found.is_json, found.same_body, found.changes) == (False, False, [])
