"""Globs and RE2: what they match, what is refused and how it is explained, and many at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons.core.rules.pattern import MAX_PATTERN, Pattern, PatternSet, parse

MATCHES = [
    ("gpt-5.1", {}, "gpt-5.1", "gpt-5x1 gpt-5.1x xgpt-5.1 GPT-5.1"),
    ("claude-*", {}, "claude- claude-opus claude-a/b", "claude xclaude-a"),
    ("claude-*-4", {}, "claude-a-4 claude--4", "claude-4 claude-a-45"),
    ("a?c", {}, "abc a/c", "ac abbc"),
    ("*", {}, "a a/b", ""),
    ("re:gpt-[45].*", {}, "gpt-4 gpt-5.1", "gpt-3 xgpt-4"),
    ("re:a|b", {}, "a b", "ab xa bx"),
    ("re:(?i)ab", {}, "AB ab", "abc"),
    ("*.example", {"fold": True}, "A.EXAMPLE a.b.example", "example.a .examplex"),
    ("Ampcode.COM", {"fold": True}, "ampcode.com AMPCODE.com", "ampcode_com"),
    ("re:AMP.*", {"fold": True}, "ampcode", "camp"),
    ("RE:x", {"fold": True}, "re:x", "x"),
    ("/api/*", {"path": True}, "/api/ /api/x", "/api/x/y /api"),
    ("/api/**", {"path": True}, "/api/ /api/x/y", "/api /apix"),
    ("/a/?/b", {"path": True}, "/a/x/b", "/a///b /a//b"),
    ("/**/end", {"path": True}, "/a/b/end //end", "/end"),
    ("a.b+c", {}, "a.b+c", "aXb+c a.bbc"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "how", "yes", "no"), MATCHES, ids=[case[0] for case in MATCHES])
def test_what_matches(text: str, how: dict[str, bool], yes: str, no: str) -> None:
    pattern = parse(text, **how)
    assert [found for found in yes.split() if not pattern.matches(found)] == []
    assert [found for found in no.split() if pattern.matches(found)] == []


@pytest.mark.parametrize("text", ["a\nb", "\u00e4", "\udc80", "\x00", "😀", ""])
def test_a_star_stands_for_anything(text: str) -> None:
    """Ends of lines, and what is no text, too."""
    for glob in ("*", "**", "*?" if text else "*"):
        assert parse(glob).matches(text)
    assert parse("a*").matches(f"a{text}")


REFUSED = [
    ("re:(?=x)", "look-around"),
    ("re:(?<!x)y", "look-around"),
    ("re:(a)\\1", "back-reference"),
    ("re:a++", "possessive"),
    ("re:(?>a)", "atomic"),
    ("re:a\\Z", "\\z"),
    ("re:(", "missing )"),
    ("re:[", "missing ]"),
    ("re:a{5000}", "RE2 takes"),
    ("re:(((a{100}){100}){100})", "RE2 takes"),
    ("a" * (MAX_PATTERN + 1), "at most"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[case[0][:20] for case in REFUSED])
def test_what_is_refused_is_explained(text: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        parse(text)
    assert said in str(error.value)


texts = st.text(alphabet="ab/.\n-", max_size=6)
globs = st.text(alphabet="ab/.-*?", max_size=5)
regexes = st.sampled_from(["re:a.*", "re:(a|b)+", "re:", "re:[^/]*", "re:a|b", "re:^a$", "re:(?s).*b", "re:a?b?"])


@given(st.lists(globs | regexes, max_size=8), texts, st.booleans(), st.booleans())
def test_many_at_once_find_what_each_alone_does(patterns: list[str], text: str, fold: bool, path: bool) -> None:
    parsed = [parse(pattern, fold=fold, path=path) for pattern in patterns]
    assert PatternSet(parsed).find(text) == [place for place, pattern in enumerate(parsed) if pattern.matches(text)]


@given(globs, texts)
def test_a_literal_matches_itself_alone(glob: str, text: str) -> None:
    pattern = parse(glob)
    assert (pattern.literal is None) == ("*" in glob or "?" in glob)
    if pattern.literal is not None:
        assert pattern.matches(text) is (text == glob)


def test_a_set_without_room_asks_one_by_one() -> None:
    """What RE2 cannot hold at once is still found."""
    patterns = [parse(f"re:.*{n}[a-z]{{20,200}}.*x") for n in range(300)]
    text = "7" + "a" * 150 + "x"
    assert PatternSet(patterns).find(text) == [n for n in range(300) if patterns[n].matches(text)] == [7]


def test_a_set_that_cannot_be_made_still_finds() -> None:
    odd = Pattern("x", None, False, "(", lambda text: text == "x")
    assert PatternSet([odd, parse("a*")]).find("x") == [0]
