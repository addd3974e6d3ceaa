"""How many bytes of UTF-8 a pattern in RE2's syntax can match, at least and at most.

The redactor looks at windows around keywords, and a stream holds back as many bytes as a secret may still need: both want a
pattern whose matches have a longest length, which RE2 itself does not tell.
"""

import re

from amp_addons.core.redact.syntax import Character, Choice, Group, Node, Place, Row, has_group, parse

WIDEST_CHARACTER = 4
"""Bytes of a character that may be any (RFC 3629)."""
MAX_WIDTH = 16_384
"""Widest match that is sensible to look for (bytes): longer than any key, and what a stream may be held back by."""

_WIDE_IN_CLASS = re.compile(r"\[\^|\\[DWSpPx]|\[:\^|[^\x00-\x7f]")
_SEVERAL = frozenset("DWSpPx")
_FOLDED = 3
"""Bytes of the widest character that folds to an ASCII letter (the Kelvin sign, to k)."""

_ENDLESS = float("inf")

type Range = tuple[float, float]


def width(pattern: str) -> tuple[int, int | None]:
    """Fewest and most bytes that a match of the pattern has; None for the most where there is no such number."""
    low, high = _width(parse(pattern))
    return int(low), None if high == _ENDLESS else int(high)


def width_before(pattern: str, group: str) -> int:
    """Most bytes of a match before the group begins, of a pattern that has a width. Without the group there are none."""
    return _before(parse(pattern), group)


def character_width(character: Character) -> tuple[int, int]:
    """Fewest and most bytes of what one character of a pattern matches."""
    text = character.text
    letter = _FOLDED if "i" in character.flags else 1
    if text[0] == "[":
        return 1, WIDEST_CHARACTER if _WIDE_IN_CLASS.search(text) else letter
    if text == "." or (text[0] == "\\" and text[1:2] in _SEVERAL):
        return 1, WIDEST_CHARACTER
    size = len(text[-1].encode(errors="replace"))
    return size, max(size, letter)


def _width(node: Node) -> Range:
    if isinstance(node, Character):
        return character_width(node)
    if isinstance(node, Place):
        return 0, 0
    if isinstance(node, Group):
        return _width(node.inner)
    if isinstance(node, Row | Choice):
        sizes = [_width(part) for part in node.parts]
        lows, highs = [low for low, _ in sizes], [high for _, high in sizes]
        return (sum(lows), sum(highs)) if isinstance(node, Row) else (min(lows), max(highs))
    low, high = _width(node.inner)
    times = _ENDLESS if node.most is None else node.most
    return low * node.least, high * times if high and times else 0


def _before(node: Node, group: str) -> int:
    if not has_group(node, group) or isinstance(node, Character | Place):
        return 0
    if isinstance(node, Group):
        return 0 if node.name == group else _before(node.inner, group)
    if isinstance(node, Choice):
        return max(_before(part, group) for part in node.parts)
    if isinstance(node, Row):
        at = next(at for at, part in enumerate(node.parts) if has_group(part, group))
        return int(sum(_width(part)[1] for part in node.parts[:at])) + _before(node.parts[at], group)
    return int(_width(node)[1])
