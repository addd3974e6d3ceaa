"""Differences between texts, and texts that are differences, line by line."""

import re
from difflib import SequenceMatcher
from itertools import islice
from typing import NamedTuple

from markupsafe import Markup

MAX_LINES = 1_500
"""Lines of a text that are compared, because comparing takes time of their product."""

CONTEXT = 3
"""Unchanged lines around a change, as patches have."""

_HUNK = re.compile(r"^(?:@@ |\*\*\* (?:Begin Patch|Update File|Add File)|diff --git |--- [^\n]*\n\+\+\+ )", re.MULTILINE)
_CHANGED = re.compile(r"^[+-](?![+-])", re.MULTILINE)


def is_diff(text: str) -> bool:
    """Whether a text is a patch: it says so, and has changed lines."""
    return bool(_HUNK.search(text[:4000]) and _CHANGED.search(text))


def diff_html(text: str) -> Markup:
    """A patch, its lines marked."""
    return _block([(_kind(line), line) for line in text.rstrip("\n").split("\n")])


class Difference(NamedTuple):
    html: Markup
    added: int
    removed: int


def compared(before: str, after: str) -> Difference:
    """What is different between two texts, as lines, and how many lines that are."""
    old, new = before.split("\n"), after.split("\n")
    lines: list[tuple[str, str]] = []
    if len(old) > MAX_LINES or len(new) > MAX_LINES:
        lines.append(("hunk", f"the first {MAX_LINES:,} lines are compared"))
        old, new = old[:MAX_LINES], new[:MAX_LINES]
    groups = SequenceMatcher(None, old, new, autojunk=True).get_grouped_opcodes(CONTEXT)
    for number, group in enumerate(groups):
        if number or group[0][1]:
            lines.append(("hunk", f"@@ line {group[0][3] + 1:,} @@"))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [("", f"  {line}") for line in islice(new, new_from, new_to)]
            else:
                lines += [("del", f"- {line}") for line in islice(old, old_from, old_to)]
                lines += [("add", f"+ {line}") for line in islice(new, new_from, new_to)]
    kinds = [kind for kind, _ in lines]
    return Difference(_block(lines), kinds.count("add"), kinds.count("del"))


def patch_in(text: str) -> int:
    """Where the patch in a text begins."""
    found = _HUNK.search(text)
    return found.start() if found else 0


def _kind(line: str) -> str:
    if line.startswith(("@@", "diff --git ", "index ", "--- ", "+++ ", "*** ")):
        return "hunk"
    return {"+": "add", "-": "del"}.get(line[:1], "")


def _block(lines: list[tuple[str, str]]) -> Markup:
    rows = Markup("\n").join(
        Markup('<span class="{}">{}</span>').format(kind, line) if kind else Markup("{}").format(line) for kind, line in lines
    )
    return Markup('<pre class="diff"><code>{}</code></pre>\n').format(rows)
