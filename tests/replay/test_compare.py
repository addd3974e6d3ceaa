import gzip

import pytest
from support.asks import ask, capture, conversation

from amp_addons.replay.captures import flows_of
from amp_addons.replay.compare import NoSuchRequest, choose, compared

KEY = "sgamp" + "_user_" + "Zq8" * 14


@pytest.fixture
def recorded(tmp_path):
    first = ask(conversation("hi"), 1, [("x-amp-thread-id", "T-1"), ("x-api-key", "one"), ("x-only", "old")])
    second = ask(conversation("hi", "ho", f"and {KEY}"), 2, [("x-amp-thread-id", "T-1"), ("x-api-key", "two"), ("x-new", KEY)])
    second.request.raw_content = gzip.compress(second.request.raw_content)
    second.request.headers["content-encoding"] = "gzip"
    return str(capture(tmp_path / "a.flows", first, second))


@pytest.mark.parametrize(
    ("words", "default", "found"),
    [
        (":1", True, "flow-1"),
        (":flow-2", True, "flow-2"),
        ("FILE:2", False, "flow-2"),
        ("FILE", False, "flow-2"),
        ("FILE:flow-1", False, "flow-1"),
    ],
)
def test_a_request_by_number_or_id_of_one_file_or_the_other(recorded, words, default, found):
    assert choose(words.replace("FILE", recorded), recorded if default else None, 2).flow.id == found


def test_what_is_not_there_is_named(recorded):
    with pytest.raises(NoSuchRequest, match="has 2 HTTP flows, expected 7 to be a number from 1 to that"):
        choose(f"{recorded}:7", None, 1)
    with pytest.raises(FileNotFoundError):
        choose("nowhere.flows", None, 1)


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
