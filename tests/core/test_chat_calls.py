import msgspec
import pytest

from amp_addons.core.chat_calls import MAX_CALLS, MAX_NAME, ChatCalls, Piece


def read(*pieces, fits=lambda text: True):
    calls = ChatCalls(fits)
    for index, id, name, arguments in pieces:
        calls.take(msgspec.convert({"index": index, "id": id, "function": {"name": name, "arguments": arguments}}, Piece))
    return [(call["id"], call["name"], call["args"]) for call in calls.read()]


A, B = ("x", "f", {"a": 1}), ("y", "g", {"b": 2})
CASES = [
    pytest.param([(0, "x", "f", '{"a"'), (1, "y", "g", '{"b"'), (0, None, None, ":1}"), (1, None, None, ":2}")], [A, B], id="interleaved"),
    pytest.param([(0, "x", "f", '{"a"'), (0, "x", "f", ":1}")], [A], id="id and name with each piece"),
    pytest.param([(0, "x", "f", '{"a"'), (0, None, "f", ":1}")], [A], id="name with each piece"),
    pytest.param([(0, "x", "f", '{"a"'), (0, "other", None, ":1}")], [A], id="another id with each piece, as old vLLM"),
    pytest.param([(0, "x", "f", '{"a":1}'), (0, "y", "g", '{"b":2}')], [A, B], id="all at index 0, as Gemini"),
    pytest.param([(0, "x", "f", '{"a"'), (0, "y", "g", '{"b"'), (0, "x", None, ":1}"), (0, "y", None, ":2}")], [A, B], id="told by id"),
    pytest.param([(None, None, "f", '{"a":1}'), (None, None, "g", '{"b":2}')], [("", *A[1:]), ("", *B[1:])], id="names alone"),
    pytest.param([(None, None, "f", '{"a":1}')] * 2, [("", *A[1:])] * 2, id="the same call twice, names alone"),
    pytest.param([(None, "x", "f", '{"a"'), (None, None, None, ":1}")], [A], id="piece with nothing but arguments"),
    pytest.param([(0, "x", "f", '{"a"'), (None, None, None, ":1}")], [A], id="index with the first piece alone"),
    pytest.param([(0, None, "f", '{"a"'), (0, "x", None, ":1}")], [A], id="id comes late"),
    pytest.param([(0, "x", "get_", "{}"), (0, None, "it", "")], [("x", "get_it", {})], id="name in pieces"),
    pytest.param([(0, "x", "f", {"a": 0}), (0, None, None, {"a": 1})], [A], id="object, the last one counts"),
    pytest.param([([0], 7, {}, 3)], [("", "", {})], id="wrong types"),
    pytest.param([(0, "x", "f", '{"a":1,"b')], [A], id="broken off"),
]


@pytest.mark.parametrize(("pieces", "expected"), CASES)
def test_pieces_find_their_calls(pieces, expected):
    assert read(*pieces) == expected


def test_calls_are_bounded_in_number():
    assert len(read(*[(None, None, "f", "{}")] * (MAX_CALLS + 5))) == MAX_CALLS


def test_a_name_is_bounded():
    names = [("n" * 400, "m" * 400)[turn % 2] for turn in range(20)]
    ((_, name, _),) = read(*[(0, None, name, "") for name in names])
    assert MAX_NAME <= len(name) < MAX_NAME + 400


def test_what_does_not_fit_is_left_out():
    assert read((0, "x", "f", '{"a":1}'), (0, "x", None, {"a": 1}), fits=lambda text: False) == [("", "", {})]
