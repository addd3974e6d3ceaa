"""Strings found in JSON, against the standard library, which reads the whole."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons.core.answers.json_span import string_spans

PATHS = [("model",), ("message", "model")]
KEYS = st.sampled_from(["model", "message", 'a"model', "x", "{", ""])
JSON = st.recursive(
    st.sampled_from(["model", "message", '"model":"x"', "\\", "\u0000é", 1, None, True, ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def at(value: Any, path: tuple[str, ...]) -> list[str]:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("path", PATHS, ids=str)
@given(value=st.dictionaries(KEYS, JSON, max_size=4), ascii=st.booleans(), indent=st.sampled_from([None, 1]))
def test_the_string_at_the_path_and_no_other(path: tuple[str, ...], value: Any, ascii: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii, indent=indent).encode()
    assert [json.loads(text[start:end]) for start, end in string_spans(text, path)] == at(value, path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"model":"a","model":"b"}', ['"a"', '"b"']),
        ('{"model" :\r\n\t "a" }', ['"a"']),
        ('{"x":"\\ud83d","model":"\\ud83d"}', ['"\\ud83d"']),  # half a pair, which is no UTF-8
        ('{"x":NaN,"model":"a"}', ['"a"']),
        ('{"m":{"model":"a"},"model":"b"}', ['"b"']),
        ('{"\\u006dodel":"a","m":{"model":"b"}}', []),
        ('{"\\u006dodel":"a","model":"b"}', ['"b"']),
        ('{"model":"a', []),
        ('{"model":"a"', ['"a"']),
        ('{"model"', []),
        ('{"model":["a"]}', []),
        ('["model","a"]', []),
        ('data: {"model":"a"}', ['"a"']),  # the object begins at the first brace
        ("", []),
    ],
)
def test_what_is_not_as_it_should_be(text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in string_spans(text.encode(), ("model",))] == found


@given(st.binary() | st.text('"\\model:{}[] ').map(str.encode))
def test_bytes_of_any_kind_do_no_harm(text: bytes) -> None:
    assert all(text[start] == text[end - 1] == ord('"') for path in PATHS for start, end in string_spans(text, path))


@pytest.mark.parametrize("piece", [b'\\"', b'"\\', b'"model"', b'"model":"', b"{", b'{"model":', b"\\\\", b'" '])
def test_the_cost_is_linear(piece: bytes) -> None:
    """Strings that do not end are not tried again from each quote within them."""
    text = b'{"' + piece * (200_000 // len(piece)) + b'"model"'
    start = time.process_time()
    string_spans(text, ("model",))
    assert time.process_time() - start < 2


def test_the_cost_has_a_bound() -> None:
    text = b'{"model":"a","x":' + b"[" * 16 * 1024 * 1024 + b'"model"'
    start = time.process_time()
    assert string_spans(text, ("model",)) == [(9, 12)]
    assert time.process_time() - start < 2
