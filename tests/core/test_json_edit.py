import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.json_bodies import bodies, broken, keys, values

from amp_addons.core.json_edit import Remove, Set, dumps, edit, splice
from amp_addons.core.json_pointer import AmbiguousJson, escape, find

ODD = rb'{ "a" : 1.50 ,' + b"\n\t" + rb'"b\/" : "\u00e9 \/",  "c":[ 1 , 2,3 ] }'


@pytest.mark.parametrize(
    ("data", "edits", "expected"),
    [
        pytest.param(ODD, [], ODD, id="nothing"),
        pytest.param(ODD, [Set("/a", "é")], ODD.replace(b"1.50", '"é"'.encode()), id="replace"),
        pytest.param(ODD, [Set("/b~1", {"x": [1, None]})], ODD.replace(rb'"\u00e9 \/"', b'{"x":[1,null]}'), id="replace by an object"),
        pytest.param(ODD, [Set("/n", 1)], ODD.replace(b"3 ] }", b'3 ],"n":1 }'), id="add a key"),
        pytest.param(ODD, [Set("/c/-", 4)], ODD.replace(b"2,3 ]", b"2,3,4 ]"), id="add an item"),
        pytest.param(ODD, [Set("/c/1", 4), Set("/c/-", 5), Set("/c/-", 6)], ODD.replace(b"2,3 ]", b"4,3,5,6 ]"), id="several"),
        pytest.param(ODD, [Remove("/c/0")], ODD.replace(b"1 , 2", b"2"), id="remove the first"),
        pytest.param(ODD, [Remove("/c/1")], ODD.replace(b" , 2,3", b",3"), id="remove one between"),
        pytest.param(ODD, [Remove("/c/2")], ODD.replace(b"2,3 ", b"2 "), id="remove the last"),
        pytest.param(ODD, [Remove("/c/0"), Remove("/c/1")], ODD.replace(b"1 , 2,3", b"3"), id="remove the first two"),
        pytest.param(ODD, [Remove("/c/2"), Remove("/c/1")], ODD.replace(b" , 2,3", b""), id="remove the last two"),
        pytest.param(ODD, [Remove("/c/0"), Remove("/c/2")], ODD.replace(b"1 , 2,3", b"2"), id="remove both ends"),
        pytest.param(ODD, [Remove("/c/0"), Remove("/c/1"), Remove("/c/2")], ODD.replace(b"1 , 2,3", b""), id="remove all"),
        pytest.param(ODD, [Remove("/c/9"), Remove("/x/y"), Remove("/c/-")], ODD, id="remove what is not there"),
        pytest.param(b'{"a":1}', [Remove("/a"), Set("/b", 2)], b'{"b":2}', id="remove the only one and add"),
        pytest.param(b"[1,2]", [Remove("/0"), Remove("/1"), Set("/-", 3), Set("/-", 4)], b"[3,4]", id="all new"),
        pytest.param(b"{ }", [Set("/b", 2), Set("/a", [])], b'{"b":2,"a":[] }', id="add to an empty one, in the order of the edits"),
        pytest.param(b"{}", [Set('/~0~1"é', 1)], '{"~/\\"é":1}'.encode(), id="key with escapes"),
        pytest.param(b"[[],[]]", [Set("/0/-", 1), Set("/1/-", 2)], b"[[1],[2]]", id="add to two"),
        pytest.param(b" [1] ", [Set("", {})], b" {} ", id="whole"),
        pytest.param(b'{"-":1}', [Set("/-", 2)], b'{"-":2}', id="- is a key in an object"),
        pytest.param(b"[1,2]", [Set("/0", 3), Remove("/1")], b"[3]", id="neighbours"),
        pytest.param(b'["x"]', [Set("/0", "\ud83d")], rb'["\ud83d"]', id="half a surrogate pair"),
    ],
)
def test_edit(data, edits, expected):
    assert edit(data, edits) == expected


OVERLAP = "two edits of the body overlap"


@pytest.mark.parametrize(
    ("data", "edits", "message"),
    [
        pytest.param(b'{"a":{"b":1}}', [Set("/a", 1), Set("/a/b", 2)], OVERLAP, id="inside a replaced one"),
        pytest.param(b'{"a":{"b":1}}', [Remove("/a/b"), Remove("/a")], OVERLAP, id="inside a removed one"),
        pytest.param(b'{"a":{}}', [Set("/a/x", 1), Remove("/a")], OVERLAP, id="add to a removed one"),
        pytest.param(b'{"a":1}', [Set("/a", 1), Set("/a", 1)], OVERLAP, id="same replaced twice"),
        pytest.param(b'{"a":1}', [Set("/a", 1), Remove("/a")], OVERLAP, id="replaced and removed"),
        pytest.param(b"[1]", [Remove("/0"), Remove("/0")], OVERLAP, id="removed twice"),
        pytest.param(b"{}", [Set("/a", 1), Set("/a", 2)], "two edits of the body add the same key", id="added twice"),
        pytest.param(b"{}", [Remove("")], "the whole body cannot be removed", id="whole removed"),
        pytest.param(
            b'{"a":1}', [Set("/x/y", 1)], "nothing can be set at /x/y: the body has no array or object that could hold it", id="no parent"
        ),
        pytest.param(
            b'{"a":1}', [Set("/a/y", 1)], "nothing can be set at /a/y: the body has no array or object that could hold it", id="in a number"
        ),
        pytest.param(b"[1]", [Set("/1", 1)], "nothing can be set at /1: the body has no array or object that could hold it", id="index"),
        pytest.param(b"", [Set("", 1)], "nothing can be set at the root: the body has no array or object that could hold it", id="no body"),
        pytest.param(b"[1]", [Set("/0", float("nan"))], "a value to be set in a body is not JSON", id="NaN"),
        pytest.param(b"[1]", [Set("/0", {1, 2})], "a value to be set in a body is not JSON", id="no JSON type"),
    ],
)
def test_edit_that_cannot_be_made(data, edits, message):
    with pytest.raises(ValueError) as error:
        edit(data, edits)
    assert str(error.value) == message


@pytest.mark.parametrize("one", [Set("/a", 1), Remove("/a")])
def test_edit_refuses_a_key_that_stands_twice(one):
    with pytest.raises(AmbiguousJson):
        edit(b'{"a":1,"a":2}', [one])


def test_value_nested_too_deep_is_refused():
    value = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="not JSON"):
        dumps(value)


def test_splice_takes_pieces_in_any_order():
    assert splice(b"0123456", [(5, 6, b"x"), (1, 3, b""), (3, 3, b"yy")]) == b"0yy34x6"


def paths_of(value, path=()):
    """Every path of a value but the empty one, and that of a new item or key in every array or object."""
    if isinstance(value, list):
        yield (*path, "-"), "add"
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key), "change"
        yield from paths_of(child, (*path, key))
    if isinstance(value, dict):
        yield (*path, "new key"), "change" if "new key" in value else "add"


def pointer_to(path):
    return "".join(f"/{escape(str(key))}" for key in path)


GONE = object()


def swept(value):
    if isinstance(value, dict):
        return {key: swept(child) for key, child in value.items() if child is not GONE}
    return [swept(child) for child in value if child is not GONE] if isinstance(value, list) else value


def applied(value, edits):
    """The edits made on what the body says, the slow way."""
    value = copy.deepcopy(value)
    for (*holders, key), new in edits:
        holder = value
        for each in holders:
            holder = holder[each]
        if key == "-" and isinstance(holder, list):
            holder.append(new)
        else:
            holder[key] = new
    return swept(value)


@given(bodies, st.data())
def test_edits_say_what_the_same_edits_of_the_value_say(body, data):
    value, text = body
    places = list(dict.fromkeys(paths_of(value)))
    chosen = data.draw(st.lists(st.sampled_from(places), unique=True, max_size=5)) if places else []
    chosen = [(path, kind) for path, kind in chosen if not any(path[: len(other)] == other for other, _ in chosen if other != path)]
    news = [GONE if kind == "change" and data.draw(st.booleans()) else data.draw(values) for _, kind in chosen]
    edits = [Remove(pointer_to(path)) if new is GONE else Set(pointer_to(path), new) for (path, _), new in zip(chosen, news, strict=True)]
    after = edit(text, edits)
    assert json.loads(after) == applied(value, [(path, new) for (path, _), new in zip(chosen, news, strict=True)])


@given(bodies, st.data())
def test_all_other_bytes_stay(body, data):
    value, text = body
    places = [path for path, kind in paths_of(value) if kind == "change"]
    if not places:
        return
    pointer = pointer_to(data.draw(st.sampled_from(places)))
    span = find(text, pointer)
    assert edit(text, [Set(pointer, 7)]) == text[: span.start] + b"7" + text[span.end :]
    after = edit(text, [Remove(pointer)])
    first = span.before is None
    head, tail = text[: span.head if first else span.before], text[span.after if first and span.after else span.end :]
    assert after == head + tail


@given(st.binary() | broken, keys, st.booleans())
def test_no_bytes_make_it_raise_anything_but_value_error(data, key, remove):
    pointers = [f"/{escape(key)}", "/a", "/0/-"]
    try:
        edit(data, [Remove(pointer) if remove else Set(pointer, 1) for pointer in pointers])
    except ValueError:
        pass
