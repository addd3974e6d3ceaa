"""What came beside what is sent. Where a credential stands, that it changed is told, what it is is not."""

from typing import Any

import pytest

from amp_addons.core.exchange import Exchange
from amp_addons.core.rules.comparison import MAX_BODY_LINES, Line, compare

KEY = "sk-" + "a1" * 20
URL = "https://a.example/x"


def lines(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[Any, ...]]:
    """All that is not the same, as (part, name, before, after, change)."""
    found = compare(Exchange("POST", **{"url": URL, **before}), Exchange("POST", **{"url": URL, **after}))
    return [tuple(getattr(line, key) for key in Line.__struct_fields__) for line in found if line.change != "same"]


@pytest.mark.parametrize(
    ("before", "after", "differing"),
    [
        pytest.param({}, {}, [], id="the same"),
        pytest.param({"headers": [("Host", "a.example")]}, {}, [], id="host as the URL says"),
        pytest.param(
            {"url": f"{URL}?a=1&key=s3&key=s3&b=2"},
            {"url": "http://b.example/x?a=1&b=2"},
            [
                ("url", "", f"{URL}?a=1&key=***&key=***&b=2", "http://b.example/x?a=1&b=2", "changed"),
                ("query", "key", "***", None, "dropped"),
                ("header", "host", "a.example", "b.example", "changed"),
            ],
            id="another place",
        ),
        pytest.param(
            {"headers": [("A", "1"), ("A", "2"), ("B", "3")]},
            {"headers": [("a", "1"), ("C", "4")]},
            [("header", "A", "2", None, "dropped"), ("header", "B", "3", None, "dropped"), ("header", "C", None, "4", "added")],
            id="headers",
        ),
        pytest.param(
            {"headers": [("x-api-key", "one"), ("X-Plain", KEY)]},
            {"headers": [("x-api-key", "two")]},
            [("header", "x-api-key", "***", "***", "changed"), ("header", "X-Plain", "***", None, "dropped")],
            id="credentials",
        ),
        pytest.param(
            {"body": b'{"a": [1, {"b/c": true}], "d": "x", "token": "y"}'},
            {"body": b'{"a": [1, {"b/c": 1}], "e": null, "token": "z"}'},
            [
                ("body", "", "49 bytes", "47 bytes", "changed"),
                ("body", "/a/1/b~1c", "true", "1", "changed"),
                ("body", "/d", '"x"', None, "dropped"),
                ("body", "/token", '"***"', '"***"', "changed"),
                ("body", "/e", None, "null", "added"),
            ],
            id="bodies",
        ),
        pytest.param(
            {"body": b'{"a": [1, 2]}'},
            {"body": b'{"a": [1]}'},
            [("body", "", "13 bytes", "10 bytes", "changed"), ("body", "/a", "[1,2]", "[1]", "changed")],
            id="lists of other lengths are told as a whole",
        ),
        pytest.param(
            {"body": b'{"a": 1'}, {"body": b"{}"}, [("body", "", "7 bytes", "2 bytes", "changed")], id="a body that cannot be read"
        ),
        pytest.param(
            {"body": b'{"a": "\\ud83d", "b": 1}'},
            {"body": b'{"a": "\\ud83d", "b": 12}'},
            [("body", "", "23 bytes", "24 bytes", "changed")],
            id="half a surrogate pair",
        ),
    ],
)
def test_what_differs(before: dict[str, Any], after: dict[str, Any], differing: list[Any]) -> None:
    assert lines(before, after) == differing


def test_a_body_that_differs_everywhere_is_cut_off() -> None:
    bodies = [("[" + ",".join([digit] * 1000) + "]").encode() for digit in "12"]
    assert len(lines({"body": bodies[0]}, {"body": bodies[1]})) == MAX_BODY_LINES
