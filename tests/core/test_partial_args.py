import pytest

from amp_addons.core.partial_args import MAX_DEPTH, PartialArgs


def read(*parts, fits=lambda text: True):
    args = PartialArgs(fits)
    for part in parts:
        args.take([part])
    return args.read()


def text(path, value):
    return {"jsonPath": path, "stringValue": value}


CASES = [
    pytest.param([], {}, id="nothing"),
    pytest.param([text("$.a", "x"), text("$.a", "y")], {"a": "xy"}, id="pieces of a string"),
    pytest.param([text("$.a", "x"), text("$.b", "z"), text("$.a", "y")], {"a": "xy", "b": "z"}, id="interleaved"),
    pytest.param([{"jsonPath": "$.a", "numberValue": 1.5}], {"a": 1.5}, id="number"),
    pytest.param([{"jsonPath": "$.a", "boolValue": False}], {"a": False}, id="boolean"),
    pytest.param([{"jsonPath": "$.a", "nullValue": "NULL_VALUE"}], {"a": None}, id="null"),
    pytest.param([text("$.a[1].b", "y"), text("$.a[0].b", "x")], {"a": [{"b": "x"}, {"b": "y"}]}, id="list"),
    pytest.param([text("$.a[0][1]", "y"), text("$.a[0][0]", "x")], {"a": [["x", "y"]]}, id="list of lists"),
    pytest.param([text("$['a b'][\"c.d\"]", "x")], {"a b": {"c.d": "x"}}, id="quoted names"),
    pytest.param([text("$.a", "x"), text("$.a.b", "y")], {"a": {"b": "y"}}, id="object in the place of a string"),
    pytest.param([{"jsonPath": "$.a", "numberValue": 1}, text("$.a", "y")], {"a": "y"}, id="string in the place of a number"),
    pytest.param([text("$", "x"), text("", "x"), text(7, "x"), None, {"jsonPath": "$.a"}, text("$.a", 7)], {}, id="no place or no value"),
    pytest.param([text("$.a[0]", "x"), text("$.a.b", "y")], {"a": {"0": "x", "b": "y"}}, id="list and object at once"),
    pytest.param([text("$.a[999999]", "x")], {"a": ["x"]}, id="far index makes no long list"),
]


@pytest.mark.parametrize(("parts", "expected"), CASES)
def test_values_are_put_in_their_places(parts, expected):
    assert read(*parts) == expected


def test_depth_is_bounded():
    found, depth = read(text("$" + ".a" * 1000, "x")), 0
    while isinstance(found, dict):
        found, depth = found["a"], depth + 1
    assert depth == MAX_DEPTH


@pytest.mark.parametrize(("room", "expected"), [(0, {}), (3, {"a": ""}), (4, {"a": "xxxx"})])
def test_what_does_not_fit_is_left_out(room, expected):
    assert read(text("$.a", "xxxx"), fits=lambda text: len(text) <= room) == expected


@pytest.mark.parametrize("parts", [None, 7, "x", {}, [[]]])
def test_what_is_no_list_of_parts_is_nothing(parts):
    args = PartialArgs(lambda text: True)
    args.take(parts)
    assert args.read() == {}
