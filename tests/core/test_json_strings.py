import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.json_bodies import SLOW, bodies, broken

from amp_addons.core.json_edit import splice
from amp_addons.core.json_pointer import escape, find
from amp_addons.core.json_strings import MAX_POINTER, encode_string, keyed_strings, strings
from amp_addons.core.json_text import MAX_DEPTH


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b'"a"', [("", '"a"')], id="root"),
        pytest.param(b"[]", [], id="none"),
        pytest.param(b'{"a":1,"b":"c","d":null,"e":"f"}', [("/b", '"c"'), ("/e", '"f"')], id="members"),
        pytest.param(b'[1,"a",[2,3],"b",{"x":","},"c"]', [("/1", '"a"'), ("/3", '"b"'), ("/4/x", '","'), ("/5", '"c"')], id="items"),
        pytest.param(b'{"a":[[],["x"]],"b":{"c":{"d":"y"}}}', [("/a/1/0", '"x"'), ("/b/c/d", '"y"')], id="nested"),
        pytest.param(b' { "a" : "b" , "c" :[ "d" ] } ', [("/a", '"b"'), ("/c/0", '"d"')], id="white space"),
        pytest.param(rb'{"a\"/~":"b\\","c":"\""}', [('/a"~1~0', r'"b\\"'), ("/c", r'"\""')], id="escapes"),
        pytest.param(b'{"a":"1","a":"2"}', [("/a", '"1"'), ("/a", '"2"')], id="equal keys"),
    ],
)
def test_strings(data, expected):
    assert [(span.pointer, data[span.start : span.end].decode()) for span in strings(data)] == expected


def strings_of(value, pointer=""):
    if isinstance(value, str):
        yield pointer, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield from strings_of(child, f"{pointer}/{escape(str(key))}")


@given(bodies)
def test_strings_are_those_that_json_has(body):
    value, data = body
    assert [(span.pointer, json.loads(data[span.start : span.end])) for span in strings(data)] == list(strings_of(value))


@given(bodies)
def test_strings_without_places_are_the_same(body):
    _, data = body
    found = [(json.loads(key) if key else "", quoted) for key, quoted in keyed_strings(data)]
    assert found == [(span.key, data[span.start : span.end]) for span in strings(data)]


@given(bodies)
def test_pointer_leads_back(body):
    _, data = body
    for span in strings(data):
        found = find(data, span.pointer)
        assert (found.start, found.end) == (span.start, span.end)


@given(bodies, st.text())
def test_strings_can_be_written_anew_alone(body, new):
    _, data = body
    spans = list(strings(data))
    after = splice(data, [(span.start, span.end, encode_string(new, data)) for span in spans])
    assert [text for _, text in strings_of(json.loads(after))] == [new] * len(spans)
    assert not data.isascii() or after.isascii()


def test_long_pointer_is_cut():
    key = "k" * MAX_POINTER
    data = json.dumps({key: [{"a": "x"}], "b": "y"}).encode()
    assert [span.pointer for span in strings(data)] == [f"/{key}"[:MAX_POINTER] + "…", "/b"]


def test_depth_is_bounded():
    assert len(list(strings(b"[" * MAX_DEPTH + b'""' + b"]" * MAX_DEPTH))) == 1
    with pytest.raises(ValueError, match=f"more than {MAX_DEPTH} arrays and objects"):
        list(strings(b"[" * (MAX_DEPTH + 1)))


@pytest.mark.parametrize(
    ("text", "like", "expected"),
    [
        pytest.param("é/", b'"a"', rb'"\u00e9/"', id="ASCII"),
        pytest.param("é/", '"ü"'.encode(), '"é/"'.encode(), id="raw"),
        pytest.param('"\\\n', '"ü"'.encode(), rb'"\"\\\n"', id="what must be escaped"),
        pytest.param("\N{GRINNING FACE}", b"", rb'"\ud83d\ude00"', id="pair"),
        pytest.param("\ud83dé", b"", rb'"\ud83d\u00e9"', id="half a pair in ASCII"),
        pytest.param("\ud83dé", "ü".encode(), rb'"\ud83d' + 'é"'.encode(), id="half a pair in raw"),
    ],
)
def test_encode_string(text, like, expected):
    assert encode_string(text, like) == expected


@given(st.binary() | broken)
def test_no_bytes_make_it_raise(data):
    for span in strings(data):
        assert 0 <= span.start < span.end <= len(data) and isinstance(span.pointer, str)


@pytest.mark.parametrize("data", SLOW.values(), ids=SLOW)
def test_hostile_bytes_take_linear_time(data):
    try:
        for span in strings(data):
            assert span.pointer is not None
    except ValueError:
        pass
