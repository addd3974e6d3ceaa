from typing import Any

import pytest

from amp_addons.core.redact.syntax import Character, Choice, Group, Place, Repeat, Row, has_group, parse

NONE: frozenset[str] = frozenset()


def char(text: str, *flags: str) -> Character:
    return Character(text, frozenset(flags))


TREES: list[tuple[str, Any]] = [
    ("a", char("a")),
    ("", Row(())),
    ("ab", Row((char("a"), char("b")))),
    ("a|", Choice((char("a"), Row(())))),
    ("a{2,5}", Repeat(char("a"), 2, 5)),
    ("a{3}?", Repeat(char("a"), 3, 3)),
    ("a{2,}", Repeat(char("a"), 2, None)),
    ("a*", Repeat(char("a"), 0, None)),
    ("a+?", Repeat(char("a"), 1, None)),
    ("a?", Repeat(char("a"), 0, 1)),
    ("a{x", Row((char("a"), char("{"), char("x")))),
    ("(?P<n>a)", Group("n", char("a"))),
    ("(?<n>a)", Group("n", char("a"))),
    ("(a)", char("a")),
    ("^$", Row((Place("^", NONE), Place("$", NONE)))),
    (r"\b\A", Row((Place(r"\b", NONE), Place(r"\A", NONE)))),
    ("(?i:a)b", Row((char("a", "i"), char("b")))),
    ("a(?i)b|c", Choice((Row((char("a"), char("b", "i"))), char("c", "i")))),
    ("(?i:a(?-i:b))", Row((char("a", "i"), char("b")))),
    ("((?s).).", Row((char(".", "s"), char(".")))),
    (r"[]\]a][^]]", Row((char(r"[]\]a]"), char("[^]]")))),
    (r"[[:alpha:]]\pL\p{Greek}", Row((char("[[:alpha:]]"), char(r"\pL"), char(r"\p{Greek}")))),
    (r"\Qa.\Eb", Row((Row((char("a"), char(r"\."))), char("b")))),
    (r"\x41\x{263a}\|", Row((char(r"\x41"), char(r"\x{263a}"), char(r"\|")))),
]


@pytest.mark.parametrize(("pattern", "tree"), TREES)
def test_trees(pattern: str, tree: Any) -> None:
    assert parse(pattern) == tree


def test_groups_by_name() -> None:
    assert has_group(parse("a(?:b|(?P<n>c){2})"), "n")
    assert not has_group(parse("a(?P<m>c)"), "n")
