import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.json_bodies import SLOW, bodies, broken

from amp_addons.core.json_problem import problem_of
from amp_addons.core.json_text import MAX_DEPTH

NOT_JSON = "the body is not valid JSON"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "the body is empty", id="empty"),
        pytest.param(b"\xef\xbb\xbf{}", "the body begins with a byte order mark, which some readers of JSON refuse", id="UTF-8 with mark"),
        *(
            pytest.param("{}".encode(name), "the body is not UTF-8, but UTF-16 or UTF-32 by its first bytes", id=name)
            for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
        ),
        pytest.param(b'{"a":{"b":"\xff"}}', "the body is not valid UTF-8", id="no UTF-8"),
        pytest.param(b'["\xc0\x80"]', "the body is not valid UTF-8", id="overlong"),
        pytest.param(b'["\xed\xa0\x80"]', "the body is not valid UTF-8", id="raw surrogate"),
        pytest.param(b" \n", NOT_JSON, id="white space"),
        pytest.param(b'{"a":[1,]}', NOT_JSON, id="comma too many"),
        pytest.param(b'{"a":1}{', NOT_JSON, id="something after it"),
        pytest.param(b'{"a":[NaN]}', NOT_JSON, id="NaN"),
        pytest.param(b'{"a":{"b":01}}', NOT_JSON, id="leading zero"),
        pytest.param(b"{'a':1}", NOT_JSON, id="single quotes"),
        pytest.param(b'["\t"]', NOT_JSON, id="raw control character"),
        pytest.param(b'{"a":"b', NOT_JSON, id="cut off"),
        pytest.param(b"[}", NOT_JSON, id="brackets that do not match"),
        pytest.param(rb'["\ud8"]', NOT_JSON, id="cut escape"),
        pytest.param(rb'["\ud800\x"]', NOT_JSON, id="wrong escape beside half a pair"),
        pytest.param(rb'["\ud83d"]', None, id="half a pair"),
        pytest.param(rb'["\\\ud83d\\ud83d\"\DE00"]', NOT_JSON, id="upper case U"),
        pytest.param(rb'["\\\ud83d\\ud83d\"\uDE00"]', None, id="half pairs between backslashes"),
        pytest.param(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None, id="just not too deep"),
        pytest.param(
            b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
            f"the body has more than {MAX_DEPTH} arrays and objects within each other",
            id="too deep",
        ),
        pytest.param(b'["' + b"[" * 999 + b'"]', None, id="brackets in a string"),
        pytest.param(b"7", None, id="number"),
        pytest.param(b'{"a":1,"a":2}', None, id="twice, where nobody asks"),
    ],
)
def test_problem(data, expected):
    assert problem_of(data) == expected


TWICE = "in the body a key on the way of {} stands twice in its object, or in other letters"


@pytest.mark.parametrize(
    ("data", "keys", "pointers", "expected"),
    [
        pytest.param(b'{"model":1,"x":0,"model":1}', ["model"], [], "/model", id="key"),
        pytest.param(rb'{"model":1,"\u006dodel":2}', ["model"], [], "/model", id="escaped"),
        pytest.param(b'{"a/b":1,"a/b":2}', ["a/b"], [], "/a~1b", id="key with a slash"),
        pytest.param(b'{"m":{"model":1,"model":2}}', ["model"], [], None, id="further in"),
        pytest.param(b'{"m":{"model":1,"model":2}}', ["model"], ["/m/model"], "/m/model", id="pointer"),
        pytest.param(b'{"m":{},"m":{"x":1}}', [], ["/m/model"], "/m/model", id="on the way"),
        pytest.param(b'{"m":[{"a":1,"a":2}]}', [], ["/m/0/a"], "/m/0/a", id="in an array"),
        pytest.param(b'{"m":[0,{"a":1,"a":2}]}', [], ["/m/0/a"], None, id="in another item"),
        pytest.param(b'{"a":{"x":1,"x":2}}', ["a"], ["/a"], None, id="below the pointer"),
        pytest.param(b'["a","a"]', ["a"], ["/a"], None, id="no object"),
    ],
)
def test_key_that_stands_twice(data, keys, pointers, expected):
    assert problem_of(data, keys, pointers) == (expected and TWICE.format(expected))


SPELLINGS = ['"model"', '"Model"', '"mod\\u0065l"', '"stream"', '"\u017ftream"', '"max"', '"MAX"', '"x"', '"x\\n"']
members = st.lists(
    st.tuples(st.sampled_from(SPELLINGS), st.sampled_from(["1", "[]", '"\\ud800"', '{"model":2}', '" \\"model\\" "'])), max_size=4
)


@given(members)
def test_a_quick_look_sees_what_a_close_one_does(pairs):
    data = ("{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}").encode()
    keys = ["model", "stream", "max"]
    assert problem_of(data, keys) == problem_of(data, keys, ["/nowhere"])


@given(bodies)
def test_json_has_no_problem(body):
    _, data = body
    assert problem_of(data, ["a", "model"], ["/a/b", "/0/0"]) is None


def _strict(data):
    """What the standard library says, which takes NaN besides."""
    try:
        json.loads(data.decode(), parse_constant=lambda _: 1 / 0)
    except (ValueError, ZeroDivisionError):
        return False
    return True


@given(st.binary() | broken | broken.map(lambda data: b'["' + data + b'"]'))
def test_no_bytes_make_it_raise_and_it_agrees_with_json(data):
    assert (problem_of(data, ["a"], ["/a/0"]) in (None, TWICE.format("/a"), TWICE.format("/a/0"))) == _strict(data)


@pytest.mark.parametrize("data", SLOW.values(), ids=SLOW)
def test_hostile_bytes_take_linear_time(data):
    problem_of(data, ["a"], ["/0/0/0"])
