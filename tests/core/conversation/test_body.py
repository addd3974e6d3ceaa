import json

import pytest

from amp_addons.core.conversation.body import (
    MAX_BODY,
    Limits,
    arguments_of,
    media,
    object_of,
    only_content,
    other,
    settings_of,
    texts_in,
    tool,
)
from amp_addons.core.conversation.parts import Media, Other, Text, Thinking


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'{"a": "\\ud800"}', {"a": "\ufffd"}),
        (b'{"a": NaN}', None),
        (b"[1]", None),
        (b"no", None),
        (b"\xff\xfe", None),
        (b"[" * 100_000, None),
    ],
)
def test_only_objects_are_taken(body, expected):
    found = object_of(body)
    assert found == expected or (expected is None and found is not None and found["a"] != found["a"])


def test_a_body_past_the_limit_is_not_read():
    assert object_of(b'{"a": "' + b"x" * MAX_BODY + b'"}') is None


def test_what_is_past_a_limit_is_counted():
    limits = Limits()
    assert limits.first([1, 2, 3], 2) == [1, 2] and limits.objects([{}, 1, {}], 2) == [{}] and limits.left_out == 2
    assert limits.first("no list", 2) == []


def test_texts_of_every_shape():
    assert texts_in(["a", {"text": "b"}, {"text": 3}, 4, ""], Limits()) == ["a", "b"]
    assert texts_in("a", Limits()) == ["a"] and texts_in(None, Limits()) == [] and texts_in("", Limits()) == []


def test_arguments_are_values_where_they_are_json():
    assert arguments_of('{"a": 1}') == {"a": 1} and arguments_of("ls -l") == "ls -l" and arguments_of({"a": 2}) == {"a": 2}


def test_media_are_measured_and_their_data_is_gone():
    assert media("image", "image/png", "A" * 400) == Media("image", "image/png", 300)
    assert media("image", name="data:image/gif;base64," + "A" * 40) == Media("image", "image/gif", 30)
    assert media("image", name="https://x.example/a.png").name == "https://x.example/a.png"
    assert media("image", 3, None, {}) == Media("image")


def test_other_parts_keep_their_json():
    assert other({"type": "new", "a": "ä"}) == Other("new", '{"type": "new", "a": "ä"}') and other(3) == Other("part", "3")


def test_settings_are_all_else():
    found = settings_of({"model": "m", "max_tokens": 5, "thinking": {"type": "enabled"}, "stop": None}, ("model",))
    assert found == {"max_tokens": "5", "thinking": '{"type": "enabled"}'}
    assert settings_of({"a": "x" * 100_000}, ())["a"].endswith("…")


def test_tools_and_results_of_any_shape():
    assert tool("a", None, None).schema == "" and json.loads(tool("a", "b", {"x": 1}).schema) == {"x": 1}
    assert only_content([Text("a"), Thinking("b")]) == (Text("a"),)
