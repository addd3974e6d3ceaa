import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons.core.partial_json import parse

CASES = [
    ('{"a": 1}', {"a": 1}),
    ('{"a": 1, "b": [1, 2', {"a": 1, "b": [1, 2]}),
    ('{"a": 1, "b"', {"a": 1}),
    ('{"a": 1, "b": ', {"a": 1}),
    ('{"a": {"b": "c"}, "d": {', {"a": {"b": "c"}, "d": {}}),
    ("[1, [2, 3", [1, [2, 3]]),
    ("not JSON", "not JSON"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_what_was_complete_is_read(text, expected):
    assert parse(text) == expected


values = st.recursive(st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(st.dictionaries(st.text(), values), st.data())
def test_any_prefix_of_an_object_is_an_object_with_some_of_its_members(value, data):
    text = json.dumps(value)
    cut = parse(text[: data.draw(st.integers(1, len(text)))])
    assert isinstance(cut, dict) and set(cut) <= set(value)


@given(st.text())
def test_no_text_makes_it_raise(text):
    parse(text)
