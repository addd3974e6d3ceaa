"""Patterns of rules: globs, and RE2 after `re:`. Both take time linear in the text, and both must match all of it.

gpt-5.1            this text
claude-*           anything may stand for `*`, one character for `?`
re:gpt-[45].*      RE2 (https://github.com/google/re2/wiki/Syntax)

In paths `*` and `?` stop at a `/`, `**` does not. Host names and methods are compared without regard to case.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

import re2  # type: ignore[import-untyped]  # the package has no annotations

MAX_PATTERN = 2000
"""Longest pattern (characters): some pages of alternatives. What is longer is a list, and belongs in one."""

MAX_MEMORY = 8 << 20
"""Bytes that RE2 may use for one pattern, its own default. Past it a pattern is refused, or a match goes on without its cache."""

_SET_MEMORY = 128 << 20
"""Bytes that RE2 may use for all patterns of one key together: 10,000 patterns take about 20 MB."""

_GLOB = re.compile(r"\*\*|\*|\?")
_LACKING = (
    (r"\(\?<?[=!]", "a look-around ((?=…), (?!…), (?<=…), (?<!…))", "two rules, or `all`, `any` and `not` around simpler patterns"),
    (r"\\[1-9]|\(\?P=|\\k<", "a back-reference (\\1, (?P=name))", "the alternatives written out"),
    (r"\(\?>|[*+?}]\+", "an atomic group or possessive quantifier ((?>…), a++)", "the plain form: RE2 never backtracks"),
    (r"\(\?\(|\(\?R\)|\(\?\d", "a condition or recursion ((?(1)…), (?R))", "a simpler pattern"),
    (r"\\[ZG]", "\\Z or \\G", "\\z, or nothing: a pattern must match the whole text anyway"),
)

options = re2.Options()
options.log_errors = False
options.max_mem = MAX_MEMORY
options.never_capture = True


class Pattern(NamedTuple):
    """`literal` is the only text that it matches, or None; `folds`: in any case. `regex` is the RE2 that says the same."""

    text: str
    literal: str | None
    folds: bool
    regex: str
    matches: Callable[[str], bool]


@lru_cache(maxsize=4096)
def parse(text: str, *, fold: bool = False, path: bool = False) -> Pattern:
    """Read a pattern; `fold`: without regard to case. Raises ValueError, whose message completes "expected …"."""
    if len(text) > MAX_PATTERN:
        raise ValueError(f"a pattern of at most {MAX_PATTERN} characters")
    if text.startswith("re:"):
        return _compiled(text, text[3:], fold)
    if not _GLOB.search(text):
        wanted = text.lower() if fold else text
        same = (lambda found: found.lower() == wanted) if fold else wanted.__eq__
        return Pattern(text, wanted, fold, re2.escape(wanted), same)
    found = _compiled(text, "(?s:" + _glob(text, path) + ")", fold)
    front = text.removesuffix("**" if path else "*")
    if fold or front == text or _GLOB.search(front):
        return found
    # The commonest glob, `front*`, at a tenth of the cost. Not with fold: RE2 and Python differ in what is the same letter.
    return found._replace(matches=lambda found: found.startswith(front))


def _glob(text: str, path: bool) -> str:
    marks = {"**": ".*", "*": "[^/]*" if path else ".*", "?": "[^/]" if path else "."}
    parts = _GLOB.split(text)
    found = [*_GLOB.findall(text), ""]
    return "".join(re2.escape(part) + marks.get(mark, "") for part, mark in zip(parts, found, strict=True))


def _compiled(text: str, regex: str, fold: bool) -> Pattern:
    regex = f"(?i:{regex})" if fold else regex
    try:
        compiled = re2.compile(regex.encode(), options)
    except re2.error as error:
        raise ValueError(_explain(regex, error)) from None

    def matches(found: str) -> bool:
        return compiled.fullmatch(encoded(found)) is not None

    return Pattern(text, None, fold, regex, matches)


def _explain(regex: str, error: Exception) -> str:
    for shape, what, instead in _LACKING:
        if re.search(shape, regex):
            return f"a pattern without {what}, which RE2 does not have because it takes linear time; write {instead}"
    said = error.args[0] if error.args else ""
    reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"a pattern that RE2 takes ({reason})"


def encoded(text: str) -> bytes:
    """A text of the traffic as RE2 takes it. What is no text stays a character, so that `*` still stands for it."""
    return text.encode("utf-8", "replace")


class PatternSet:
    """Which of many patterns match a text, in one pass over it."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._patterns = list(patterns)
        self._set = _set_of(self._patterns)

    def find(self, text: str) -> list[int]:
        """Places of the patterns that match, in order."""
        found = sorted(self._set.Match(encoded(text))) if self._set is not None else []  # RE2 has them in an order of its own
        if found and found[-1] == len(self._patterns):
            return found[:-1]
        # Without the last, which matches everything, RE2 ran out of memory and found nothing at all.
        return [place for place, pattern in enumerate(self._patterns) if pattern.matches(text)]


def _set_of(patterns: list[Pattern]) -> "re2.Set | None":
    roomy = re2.Options()
    roomy.log_errors = False
    roomy.max_mem = _SET_MEMORY
    found = re2.Set.FullMatchSet(roomy)
    try:
        for pattern in patterns:
            found.Add(pattern.regex)
        found.Add("(?s:.*)")
        found.Compile()
    except re2.error:
        return None
    return found
