"""Names of types; the rest is tested by the sentences in test_explain.py."""

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, inspect

from amp_addons.rulefiles import types
from amp_addons.rulefiles.node import Leaf


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        (str, "text"),
        (int, "a whole number"),
        (float | None, "a number"),
        (bool, "true or false"),
        (list[int], "a list of a whole number"),
        (dict[str, int], "keys and values"),
        (Literal["a", "b"], "one of a, b"),
        (Literal[True], "true"),
        (str | list[str], "text, or a list of such"),
        (Any, "any"),
        (bytes, "bytes"),
        (Annotated[str, Meta(pattern="^x")], "text (of the form ^x)"),
    ],
)
def test_a_type_has_a_name_in_plain_words(type_: Any, name: str) -> None:
    assert types.name(inspect.type_info(type_)) == name


@pytest.mark.parametrize(
    ("value", "type_", "fits"),
    [
        (True, int, False),
        (1, float, True),
        (1.0, int, False),
        (1, Literal[1, 2], True),
        ("a", Literal[1, 2], False),
        (None, str, False),
        (None, Any, True),
        ("a", bytes, False),
    ],
)
def test_kinds_are_not_mixed(value: Any, type_: Any, fits: bool) -> None:
    assert types.fits(Leaf(1, 1, value), inspect.type_info(type_)) is fits


@pytest.mark.parametrize(
    ("value", "kind", "fits"),
    [
        (True, Literal[True], True),
        (False, Literal[True], False),
        (1, Literal[True], False),
        (1, Literal[1], True),
        (True, Literal[1], False),
        ("a", Literal["a"], True),
        (True, Literal["a"] | None, False),
    ],
)
def test_a_value_of_a_choice(value: Any, kind: Any, fits: bool) -> None:
    """As msgspec takes it, to which true is not 1."""
    leaf = Leaf(1, 1, value)
    found = [info for info in types.members(inspect.type_info(kind)) if types.fits(leaf, info) and types.keeps_limits(leaf, info)]
    assert bool(found) is fits
