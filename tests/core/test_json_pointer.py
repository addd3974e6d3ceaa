import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.json_bodies import SLOW, bodies, broken

from amp_addons.core import json_pointer
from amp_addons.core.json_pointer import MAX_KEY, AmbiguousJson, escape, find, find_all, find_each, is_within, parse

# The document of RFC 6901, section 5, and what its pointers name.
RFC = rb'{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8}'


def text_at(data, pointer):
    span = find(data, pointer)
    return None if span is None else data[span.start : span.end]


@pytest.mark.parametrize(
    ("data", "pointer", "expected"),
    [
        pytest.param(RFC, "", RFC, id="whole"),
        pytest.param(RFC, "/foo", b'["bar", "baz"]', id="array"),
        pytest.param(RFC, "/foo/0", b'"bar"', id="item"),
        *(
            pytest.param(RFC, pointer, str(number).encode(), id=pointer)
            for number, pointer in enumerate(["/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", '/k"l', "/ ", "/m~0n"])
        ),
        pytest.param(RFC, "/bar", None, id="missing"),
        pytest.param(RFC, "/foo/2", None, id="past the end"),
        pytest.param(RFC, "/foo/-", None, id="after the last"),
        pytest.param(RFC, "/foo/00", None, id="leading zero"),
        pytest.param(RFC, "/foo/+1", None, id="sign"),
        pytest.param(RFC, "/foo/0/b", None, id="into a string"),
        pytest.param(RFC, "//x", None, id="into a number"),
        pytest.param(b'{"~1":1}', "/~01", b"1", id="~01 is ~1"),
        pytest.param(b'{"-":1}', "/-", b"1", id="- is a key in an object"),
        pytest.param(b'{"*":1,"a":2}', "/*", b"1", id="* is a key"),
        pytest.param(rb'{"\u006dodel":"x"}', "/model", b'"x"', id="escaped key"),
        pytest.param('{"é":1}'.encode(), "/é", b"1", id="non-ASCII"),
        pytest.param(b'{"a":{"b":1,"b":1},"c":2}', "/c", b"2", id="twice elsewhere"),
        pytest.param(b" ", "", None, id="nothing"),
    ],
)
def test_find(data, pointer, expected):
    assert text_at(data, pointer) == expected


@pytest.mark.parametrize("data", [b'{"a":{"b":1},"a":0}', rb'{"a":{"b":1,"\u0062":2}}'])
def test_find_refuses_a_key_that_stands_twice(data):
    with pytest.raises(AmbiguousJson, match=r"^a key on the way of /a/b stands twice in its object, or in other letters$"):
        find(data, "/a/b")


@pytest.mark.parametrize(
    ("pointer", "message"),
    [
        ("a", "found the JSON pointer 'a', expected nothing or a / first, as in /a"),
        ("/a~", "found the JSON pointer '/a~', expected ~0 (for ~) or ~1 (for /) wherever it has a ~"),
        ("/~2", "found the JSON pointer '/~2', expected ~0 (for ~) or ~1 (for /) wherever it has a ~"),
    ],
)
def test_pointer_that_is_none(pointer, message):
    with pytest.raises(ValueError) as error:
        parse(pointer)
    assert str(error.value) == message


def test_find_all_reads_what_several_lead_through_once():
    data = b'{"a":{"b":[1,2],"c":3}}'
    spans = find_all(data, ["/a/b/1", "/a/c", "/a/x", "/a", "/x/y"])
    assert {pointer: span and data[span.start : span.end] for pointer, span in spans.items()} == {
        "/a/b/1": b"2",
        "/a/c": b"3",
        "/a/x": None,
        "/a": b'{"b":[1,2],"c":3}',
        "/x/y": None,
    }


CHAT = b'{"messages":[{"content":"a"},{"role":"x"},3,{"content":[{"text":"b"}]}],"*":{"content":0}}'


@pytest.mark.parametrize(
    ("data", "pattern", "expected"),
    [
        pytest.param(CHAT, "/messages/*/content", {"/messages/0/content": b'"a"', "/messages/3/content": b'[{"text":"b"}]'}, id="items"),
        pytest.param(CHAT, "/messages/*/content/*/text", {"/messages/3/content/0/text": b'"b"'}, id="two stars"),
        pytest.param(CHAT, "/messages/2", {"/messages/2": b"3"}, id="no star"),
        pytest.param(CHAT, "/*/content", {"/*/content": b"0"}, id="keys"),
        pytest.param(b'{"b/":1,"a":2}', "/*", {"/b~1": b"1", "/a": b"2"}, id="document order"),
        pytest.param(b"[1]", "", {"": b"[1]"}, id="whole"),
        pytest.param(b"1", "/*", {}, id="into a number"),
        pytest.param(b"", "/*", {}, id="nothing"),
    ],
)
def test_find_each(data, pattern, expected):
    assert [(pointer, data[span.start : span.end]) for pointer, span in find_each(data, pattern)] == list(expected.items())


@pytest.mark.parametrize("data", [b'{"m":[{"x":1,"x":1}]}', b'{"m":[],"m":[]}'])
def test_find_each_refuses_a_key_that_stands_twice(data):
    with pytest.raises(AmbiguousJson, match=r"^a key on the way of /m/\*/\* stands twice"):
        list(find_each(data, "/m/*/*"))


def test_find_each_is_bounded(monkeypatch):
    monkeypatch.setattr(json_pointer, "MAX_MATCHES", 3)
    assert len(list(find_each(b"[1,2,3]", "/*"))) == 3
    with pytest.raises(ValueError, match="more than 3 values"):
        list(find_each(b"[1,2,3,4]", "/*"))


def test_find_each_refuses_a_key_that_is_absurdly_long():
    data = b'{"' + b"k" * (MAX_KEY + 1) + b'":1}'
    with pytest.raises(ValueError, match=f"a key of more than {MAX_KEY} characters"):
        list(find_each(data, "/*"))


def every(value, pointer=""):
    """All pointers of a value, and what they name."""
    yield pointer, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield from every(child, f"{pointer}/{escape(str(key))}")


@given(bodies)
def test_every_value_is_found_where_json_has_it(body):
    value, data = body
    named = dict(every(value))
    spans = find_all(data, named)
    assert {pointer: json.loads(data[span.start : span.end]) for pointer, span in spans.items()} == named
    assert dict(find_each(data, "/*/*")) == {pointer: span for pointer, span in spans.items() if pointer.count("/") == 2}


@given(st.binary() | broken)
def test_no_bytes_make_it_raise_anything_else(data):
    for look in (lambda: find_all(data, ["", "/a", "/a/0", "/0/-"]), lambda: list(find_each(data, "/*/*"))):
        try:
            look()
        except AmbiguousJson:
            pass


@pytest.mark.parametrize("data", SLOW.values(), ids=SLOW)
def test_hostile_bytes_take_linear_time(data):
    find_all(data, ["/a/a", "/0/0/0"])


def test_key_in_other_letters_is_ambiguous_as_some_readers_take_it_too():
    for data in (b'{"Model":1}', b'{"model":1,"MODEL":2}', b'{"M\\u006fDEL":1}'):
        with pytest.raises(AmbiguousJson, match="in other letters"):
            find(data, "/model")
    assert find(b'{"models":1,"other":{"Model":2}}', "/model") is None


@pytest.mark.parametrize(
    "data", [b'{"maxTokens":1,"MaxTokens":2}', b'{"MAXTOKENS":2}', '{"max\u212aey":1}'.encode(), '{"\u017ftream":1}'.encode()]
)
def test_a_key_in_other_letters_is_refused_whatever_the_letters_of_the_pointer(data):
    """Go's reader takes the Kelvin sign for a k, and a long s for an s."""
    for pointer in ("/maxTokens", "/maxkey", "/stream"):
        if pointer[1:].casefold() in data.decode().casefold():
            with pytest.raises(AmbiguousJson):
                find(data, pointer)


@pytest.mark.parametrize(
    ("pointer", "places", "within"),
    [("/a/b", ["/a"], True), ("/a", ["/a"], True), ("/ab", ["/a"], False), ("/a", ["/a/b"], False), ("/a", [""], True), ("/a", [], False)],
)
def test_within(pointer, places, within):
    assert is_within(pointer, places) is within
