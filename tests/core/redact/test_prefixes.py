import random

import pytest
import re2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from support.patterns import patterns

from amp_addons.core.redact import prefixes
from amp_addons.core.redact.prefixes import COMPLETE, DEAD, INSIDE, Automaton, State, Store, symbols_of
from amp_addons.core.redact.syntax import parse


def after(automaton: Automaton, text: str) -> State:
    state = automaton.start
    for byte in text.encode():
        state = state[byte]
    return state


def one(pattern: str, **options: bool) -> Automaton:
    return Automaton([pattern], "secret", Store(), **options)


@pytest.mark.parametrize(
    ("pattern", "text", "marks"),
    [
        ("abc", "ab", INSIDE),
        ("abc", "abc", INSIDE | COMPLETE),
        ("abc", "abd", DEAD),
        ("abc", "abcd", DEAD),
        ("k=(?P<secret>[0-9]{2})", "k=", 0),
        ("k=(?P<secret>[0-9]{2})", "k=1", INSIDE),
        ("k=(?P<secret>[0-9]{2});", "k=12;", INSIDE | COMPLETE),
        ("(?:a|(?P<secret>b))c", "a", INSIDE),  # it may be a match without a secret: held back all the same
        ("x(?:a|y(?P<secret>b))", "x", 0),
        ("(?:a(?P<secret>b)){2}", "a", INSIDE),
        ("a{2,3}b?", "a", INSIDE),
        ("a{2,3}b?", "aa", INSIDE | COMPLETE),
        ("a{2,3}b?", "aaaa", DEAD),
        ("(?:ab){2}", "aba", INSIDE),
        ("(?:ab?){0,3}c", "aaabc", INSIDE | COMPLETE),
        ("(?:a*b)+", "aab", INSIDE | COMPLETE),
        ("a{0}b", "b", INSIDE | COMPLETE),
        ("(?i:ab)", "AB", INSIDE | COMPLETE),
        ("(?i:k)", "\u212a", INSIDE | COMPLETE),
        ("[^a]b", "é", INSIDE),
        ("[^a]b", "éb", INSIDE | COMPLETE),
        (".{2}", "😀", INSIDE),
        (r"\C{2}", "é", INSIDE | COMPLETE),
        ("a$|ab", "a", INSIDE | COMPLETE),
        (r"a\bc", "ac", INSIDE | COMPLETE),  # what stands between characters always holds
        ("^a", "a", DEAD),
        ("(?:^|-)a", "-a", INSIDE | COMPLETE),
        ("(?m)^a", "a", INSIDE | COMPLETE),
        ("(?:^b)?a", "a", INSIDE | COMPLETE),
    ],
)
def test_what_has_begun(pattern: str, text: str, marks: int) -> None:
    assert after(one(pattern), text).marks == marks


def test_at_the_beginning_of_the_text_a_match_may_begin_there() -> None:
    assert after(one("(?:^|-)a", begins=True), "a").marks == INSIDE | COMPLETE


def test_one_that_floats_begins_anywhere() -> None:
    automaton = one("ab{2}", floats=True)
    assert [after(automaton, text).marks for text in ("x", "xa", "xaab", "xabb", "xabbb")] == [0, INSIDE, INSIDE, INSIDE | COMPLETE, 0]


def test_several_patterns_are_told_apart() -> None:
    automaton = Automaton(["ab", "ac{2}"], "secret", Store())
    state = after(automaton, "ac")
    assert [bool(state.bits & mask) for mask in automaton.masks] == [False, True]


def test_states_are_forgotten_when_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefixes, "MAX_STATES", 3)
    automaton = one("[a-z]{9}")
    middle = after(automaton, "abcde")
    assert after(automaton, "abcdefghi").marks == INSIDE | COMPLETE
    assert middle[ord("f")].marks == INSIDE


def test_what_characters_read() -> None:
    for text, some in (("[0-9]", "059"), (r"\d", "059"), (".", "a~"), ("{", "{"), (r"\x41", "A"), ("[[:alpha:]]", "az")):
        symbols = symbols_of(parse(text))  # type: ignore[arg-type]
        assert all(symbols >> ord(char) & 1 for char in some)
        assert not symbols >> ord("\n") & 1


PATTERNS = patterns(
    ["a", "b", "[ab]", "[^a]", "é", r"\d", "(?i:k)", "-", "^", "$", r"\b"], ["", "?", "{2}", "{0,3}", "{1,3}?", "*", "+"], 6
)


@given(PATTERNS, st.integers())
def test_every_beginning_of_a_match_has_begun(pattern: str, seed: int) -> None:
    """However a text is cut, what RE2 matches in it was alive all the way, and complete at its end."""
    draw = random.Random(seed)
    text = "".join(draw.choices("ab1-kKé\n", k=12))
    for found in re2.compile(pattern).finditer(text):
        state = one(pattern, begins=not found.start()).start
        for byte in found[0].encode():
            state = state[byte]
            assert not state.marks & DEAD
        assert not found[0] or state.marks & COMPLETE
