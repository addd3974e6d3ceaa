"""Objects of a body, changed one by one; what bounds them is tested with the models."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons.core.answers.objects import Objects

VALUES = st.recursive(
    st.sampled_from([1, None, "", '"', "\\", "{[", '}"]']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", '"', "{"]), inner, max_size=3),
    max_leaves=8,
)


def changed(nesting: int, body: bytes, size: int) -> tuple[bytes, list[Any]]:
    seen: list[bytes] = []
    objects = Objects(lambda text: seen.append(text) or b"<%b>" % text, nesting)  # type: ignore[func-returns-value]
    pieces = [piece for at in range(0, len(body), size) for piece in objects.feed(body[at : at + size])]
    return b"".join(pieces + objects.close()), [*map(json.loads, seen)]


@given(st.lists(VALUES, max_size=4), st.integers(1, 9))
def test_the_items_of_an_array(items: list[Any], size: int) -> None:
    """Those that are objects, wherever the array is cut; the rest is as it was."""
    text, seen = changed(1, json.dumps(items).encode(), size)
    assert seen == [item for item in items if isinstance(item, dict)]
    assert text.decode() == "[" + ", ".join(f"<{json.dumps(item)}>" if isinstance(item, dict) else json.dumps(item) for item in items) + "]"


@given(VALUES, st.integers(1, 9))
def test_the_object_that_a_body_is(value: Any, size: int) -> None:
    body = json.dumps(value).encode()
    assert changed(0, body, size) == ((b"<%b>" % body, [value]) if isinstance(value, dict) else (body, []))


@pytest.mark.parametrize("body", [b"}{", b'{"a":', b'{"\\', b"]]{}", b"\xff{", b'"{}'])
def test_a_broken_body_stays(body: bytes) -> None:
    assert changed(0, body, 1) == (body, [])
