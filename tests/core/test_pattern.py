import re

import pytest

from amp_addons.core.pattern import Condition, Pattern, Segment


@pytest.mark.parametrize(
    ("text", "segments", "below", "conditions"),
    [
        ("/api/user", [Segment("api"), Segment("user")], False, []),
        ("/api/threads/{threadId}", [Segment("api"), Segment("threads"), Segment("", "threadId")], False, []),
        ("/t/{id}.md", [Segment("t"), Segment(".md", "id")], False, []),
        ("/m/{model}:generateContent", [Segment("m"), Segment(":generateContent", "model")], False, []),
        ("/api/provider/groq/**", [Segment("api"), Segment("provider"), Segment("groq")], True, []),
        ("/**", [], True, []),
        ("/socket.io/", [Segment("socket.io"), Segment("")], False, []),
        ("/t?createdByUserID={id}", [Segment("t")], False, [Condition("createdByUserID", None, "id")]),
        ("/t?a=b&c={d}", [Segment("t")], False, [Condition("a", "b"), Condition("c", None, "d")]),
        ("/t?{method}", [Segment("t")], False, [Condition(None, None, "method")]),
        ("/t?getUserInfo", [Segment("t")], False, [Condition("getUserInfo", "")]),
    ],
)
def test_the_notation(text: str, segments: list[Segment], below: bool, conditions: list[Condition]) -> None:
    pattern = Pattern.parse(text)
    assert (list(pattern.segments), pattern.below, list(pattern.conditions)) == (segments, below, conditions)
    assert pattern.has_fields is ("{" in text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "starts with /"),
        ("api/user", "starts with /"),
        ("https://ampcode.com/api", "starts with /"),
        ("/api//user", "empty segments"),
        ("/api/../user", "/../"),
        ("/api/./user", "/./"),
        ("/api/../**", "/../"),
        ("/api/*/user", "** at the end"),
        ("/api/**/user", "** at the end"),
        ("/api/x{id}", "{name}"),
        ("/api/{id", "{name}"),
        ("/api/{a b}", "{name}"),
        ("/api/{id}-x", "{name}.ending"),
        ("/api/a b", "plain text"),
        ("/api/a\\b", "plain text"),
        ("/api/a#b", "plain text"),
        ("/api?", "a query of parts"),
        ("/api?a&", "a query of parts"),
        ("/api?=b", "a query of parts"),
    ],
)
def test_what_is_no_pattern_is_refused_with_what_was_expected(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)):
        Pattern.parse(text)


@pytest.mark.parametrize(
    ("pattern", "query", "fields"),
    [
        ("/t?{method}", "getUserInfo", {"method": "getUserInfo"}),
        ("/t?{method}", "getUserInfo=", {"method": "getUserInfo"}),
        ("/t?{method}", "getUserInfo&x=1", {"method": "getUserInfo"}),
        ("/t?{method}", "", None),
        ("/t?{method}", "a=b", None),
        ("/t?{method}", "a=b&getUserInfo", None),
        ("/t?{method}", "<script>", None),
        ("/t?{method}", "x" * 65, None),
        ("/t?getUserInfo", "getUserInfo", {}),
        ("/t?getUserInfo", "x=1&getUserInfo", {}),
        ("/t?getUserInfo", "getUserInfoX", None),
        ("/t?by={id}", "by=u-1", {"id": "u-1"}),
        ("/t?by={id}", "x=1&by=", {"id": ""}),
        ("/t?by={id}", "By=u-1", None),
        ("/t?by={id}", "x=by=1", None),
        ("/t?a=b", "a=c&a=b", {}),
        ("/t?a=b", "a=c", None),
        ("/t?getUserInfo", "getUserInfo=x", None),
        ("/t?a=b&c={d}", "c=1", None),
    ],
)
def test_the_query_must_have_what_the_pattern_names(pattern: str, query: str, fields: dict[str, str] | None) -> None:
    assert Pattern.parse(pattern).query_fields(query) == fields
