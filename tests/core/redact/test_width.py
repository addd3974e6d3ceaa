import random
import re

import pytest
import re2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from support.patterns import patterns

from amp_addons.core.redact.width import width, width_before

WIDTHS: list[tuple[str, int, int | None]] = [
    ("abc", 3, 3),
    ("a|bcd|ef", 1, 3),
    ("a{3}b{2,5}", 5, 8),
    ("a{2,}", 2, None),
    ("a*", 0, None),
    ("a+?b", 2, None),
    ("(?:ab?){4}", 4, 8),
    ("(?P<secret>[a-z]{10})-x", 12, 12),
    ("(?P<secret>[a-z]{10}|x)-", 2, 11),
    (r"^\bab\B$\z", 2, 2),
    (r"[\d_-]{3}", 3, 3),
    (r"[^a]", 1, 4),
    (".", 1, 4),
    (r"\d\w\s", 3, 3),
    (r"\D", 1, 4),
    (r"[]a]{2}", 2, 2),
    (r"[^]a]", 1, 4),
    (r"[[:alpha:]]", 1, 1),
    (r"[\]]{5}", 5, 5),
    ("ü", 2, 2),
    ("[ü]", 1, 4),
    (r"\x41\x{10FFFF}", 2, 8),
    (r"\pL\p{Greek}", 2, 8),
    ("(?i:sk)", 2, 6),
    ("(?i)k", 1, 3),
    (r"\Qa+b\E", 3, 3),
    (r"\Qa+", 2, 2),
    (r"a\{2\}", 4, 4),
    ("a{x}", 4, 4),
    ("(a|b(c|d{2}))?e", 1, 4),
    ("()", 0, 0),
    ("(?:a*){0}", 0, 0),
    ("(?:)*", 0, 0),
    ("", 0, 0),
]


@pytest.mark.parametrize(("pattern", "least", "most"), WIDTHS)
def test_widths(pattern: str, least: int, most: int | None) -> None:
    re2.compile(pattern)
    assert width(pattern) == (least, most)


@pytest.mark.parametrize(
    ("pattern", "most"),
    [
        ("(?P<secret>a)b", 0),
        ("ab{2,5}(?P<secret>c)", 6),
        ("(?:a|.)(?:b|cd(?P<secret>e))f", 6),
        ("a(?P<n>b(?P<secret>c))", 2),
        ("(?:a(?P<secret>b)){3}", 6),
        ("abc", 0),
    ],
)
def test_widths_before_a_group(pattern: str, most: int) -> None:
    assert width_before(pattern, "secret") == most


PATTERNS = patterns(["a", "b", "[ab]", "[0-9]", r"\d", "x-"], ["", "?", "{2}", "{0,3}", "{1,4}"], 5)


@given(PATTERNS, st.integers())
def test_no_match_is_narrower_or_wider(pattern: str, seed: int) -> None:
    low, high = width(pattern)
    text = "".join(random.Random(seed).choices("ab01x-", k=200))
    for match in re.finditer(pattern, text):
        assert high is not None
        assert low <= len(match[0]) <= high
