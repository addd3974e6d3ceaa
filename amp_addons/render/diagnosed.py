"""What the checks of this machine found, as lines: a mark, the sentence, and below it what to do."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from amp_addons.doctor.finding import Finding, State
from amp_addons.render.palette import Palette
from amp_addons.render.units import counted

MARKS: dict[State, str] = {"ok": "✓", "warning": "!", "failure": "✗", "skipped": "-"}


def group(palette: Palette, title: str, findings: Sequence[Finding], width: int) -> Iterator[str]:
    """The lines of a group; none for one without findings."""
    if findings:
        yield f"{palette.strong}{title}{palette.off}"
    for found in findings:
        yield from _one(palette, found, width)


def counts(palette: Palette, findings: Sequence[Finding]) -> str:
    """How it stands, in one line."""
    failures, warnings = (sum(found.state == state for found in findings) for state in ("failure", "warning"))
    parts = [f"{palette.error}{counted(failures, 'failure')}{palette.off}"] if failures else []
    parts += [f"{palette.warning}{counted(warnings, 'warning')}{palette.off}"] if warnings else []
    return ", ".join(parts) or f"{palette.good}nothing is wrong{palette.off}"


def _one(palette: Palette, found: Finding, width: int) -> Iterator[str]:
    colour = {"ok": palette.good, "warning": palette.warning, "failure": palette.error, "skipped": palette.dim}[found.state]
    first, *more = _wrapped(found.text, width - 4)
    yield f"  {colour}{MARKS[found.state]}{palette.off} {first}"
    yield from (f"    {line}" for line in more)
    for index, line in enumerate(_wrapped(found.remedy, width - 6) if found.remedy else []):
        arrow = "→ " if index == 0 else "  "
        yield f"    {palette.dim}{arrow}{line}{palette.off}" if found.state in ("ok", "skipped") else f"    {arrow}{line}"


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, max(width, 20), break_long_words=False, break_on_hyphens=False) or [""]
