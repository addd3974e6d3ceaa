import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons.core.json_items import JsonItems

CASES = [
    pytest.param("[]", [], id="empty"),
    pytest.param("[1]", [1], id="number"),
    pytest.param('[{"a":[1,2]},{"b":"]},"}]', [{"a": [1, 2]}, {"b": "]},"}], id="brackets in strings"),
    pytest.param('["a\\"b","\\\\"]', ['a"b', "\\"], id="escapes"),
    pytest.param(' [\r\n{"a":1}\r\n,\r\n{"a":2}\r\n]\r\n', [{"a": 1}, {"a": 2}], id="white space"),
    pytest.param('[{"a":1},{"b"', [{"a": 1}], id="broken off"),
    pytest.param('[{"a":1}] [2]', [{"a": 1}], id="what follows the end"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_items_come_out_whole_however_the_array_is_cut(text, expected):
    data = text.encode()
    for size in (1, 2, 3, len(data)):
        items = JsonItems()
        found = [item for at in range(0, len(data), size) for item in items.feed(data[at : at + size])]
        assert [json.loads(item) for item in found] == expected


def test_item_that_is_too_large_is_skipped_and_the_next_one_found():
    items = JsonItems(max_bytes=10)
    found = items.feed(b'["' + b"x" * 50 + b'",{"a":1}]')
    assert [json.loads(item) for item in found] == [{"a": 1}] and items.skipped == 1


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.lists(values), st.integers(1, 9))
def test_any_array_is_split_as_it_was_made(array, size):
    data = json.dumps(array).encode()
    items = JsonItems()
    found = [item for at in range(0, len(data), size) for item in items.feed(data[at : at + size])]
    assert [json.loads(item) for item in found] == array and items.finished


@given(st.binary())
def test_no_bytes_make_it_raise(data):
    JsonItems().feed(data)
