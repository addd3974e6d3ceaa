import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.json_bodies import bodies, broken

from amp_addons.core.json_text import JsonText, key_text


def keys_and_values(data):
    text = JsonText(data)
    root = text.root()
    keyed = text.is_object(root)
    return [(text.key(child) if keyed else None, data[child.start : child.end].decode()) for child in text.children(root)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"{}", [], id="empty object"),
        pytest.param(b" [ ] ", [], id="empty array"),
        pytest.param(b'"[1]"', [], id="string"),
        pytest.param(b"12", [], id="number"),
        pytest.param(b'[1,"a",null,-1.5e3]', [(None, "1"), (None, '"a"'), (None, "null"), (None, "-1.5e3")], id="scalars"),
        pytest.param(b'\r\n{ "a" :\t1 , "b" : [ 2 ] }\n', [("a", "1"), ("b", "[ 2 ]")], id="white space"),
        pytest.param(rb'{"a\"b":"]\\","\\":"\\\"}"}', [('a"b', r'"]\\"'), ("\\", r'"\\\"}"')], id="escapes"),
        pytest.param(rb'{"\u006dodel":1}', [("model", "1")], id="escaped key"),
        pytest.param(b"[" + b"[" * 40 + b'"]"' + b"]" * 40 + b",2]", [(None, "[" * 40 + '"]"' + "]" * 40), (None, "2")], id="deep"),
    ],
)
def test_children_are_the_values_directly_inside(data, expected):
    assert keys_and_values(data) == expected


@given(bodies)
def test_children_are_what_json_says(body):
    value, data = body
    if isinstance(value, dict):
        assert [(key, json.loads(text)) for key, text in keys_and_values(data)] == list(value.items())
    elif isinstance(value, list):
        assert [json.loads(text) for _, text in keys_and_values(data)] == value


def test_child_knows_its_neighbours():
    data = b'{"a": 1 , "b":2}'
    text = JsonText(data)
    first, second = text.children(text.root())
    assert (first.head, first.start, first.end, first.before, first.after) == (1, 6, 7, None, 10)
    assert (second.head, second.start, second.end, second.before, second.after) == (10, 14, 15, 7, None)


@pytest.mark.parametrize("data", [b"", b" \n"])
def test_nothing_has_no_root(data):
    assert JsonText(data).root() is None


@pytest.mark.parametrize(
    ("quoted", "expected"),
    [
        pytest.param(b'"a"', "a", id="plain"),
        pytest.param('"é"'.encode(), "é", id="non-ASCII"),
        pytest.param(rb'"\u00e9\/\n"', "é/\n", id="escapes"),
        pytest.param(rb'"\ud83d\ude00"', "\N{GRINNING FACE}", id="pair"),
        pytest.param(rb'"\ud83d"', "\ud83d", id="half a pair"),
        pytest.param(rb'"\x"', "\\x", id="no escape of JSON"),
        pytest.param(b'"\xff"', "\udcff", id="no UTF-8"),
        pytest.param(b'"\0\\"', "\0\\", id="broken, and like UTF-16"),
    ],
)
def test_text_of_a_key(quoted, expected):
    assert key_text(quoted) == expected


@given(st.binary() | broken)
def test_no_bytes_make_it_raise(data):
    text = JsonText(data)
    if root := text.root():
        for child in text.children(root):
            assert 0 < child.head <= child.start < child.end <= len(data)
