"""What came of checking rule files, as lines: problems, warnings, each test with what is not as it expects, and the counts."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from amp_addons.core.rules.examples import Difference
from amp_addons.core.scrub import visible
from amp_addons.render.palette import Palette
from amp_addons.render.units import counted


class Tried(NamedTuple):
    """A test of a file, and what was not as it expects."""

    name: str
    differences: tuple[Difference, ...]


class Checked(NamedTuple):
    """One set of rules. With `problems`, whose texts are the messages, there is nothing else: it cannot be used."""

    files: tuple[str, ...]
    rules: int = 0
    problems: tuple[NamedTuple, ...] = ()
    warnings: tuple[str, ...] = ()
    tests: tuple[Tried, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems and not any(test.differences for test in self.tests)


def report(palette: Palette, found: Sequence[Checked]) -> Iterator[str]:
    for checked in found:
        yield from _one(palette, checked)
    yield _counts(palette, found)


def _one(palette: Palette, checked: Checked) -> Iterator[str]:
    yield f"{palette.strong}{visible(', '.join(checked.files))}{palette.off}"
    for problem in checked.problems:
        yield f"  {palette.error}✗{palette.off} {visible(str(problem))}"
    for warning in checked.warnings:
        yield f"  {palette.warning}!{palette.off} {visible(warning)}"
    for name, differences in checked.tests:
        yield f"  {f'{palette.error}✗' if differences else f'{palette.good}✓'}{palette.off} {name}"
        for what, value, expected in differences:
            yield f"      {what}: found {palette.error}{value}{palette.off}, expected {palette.good}{expected}{palette.off}"


def _counts(palette: Palette, found: Sequence[Checked]) -> str:
    tests = [test for checked in found for test in checked.tests]
    failed = sum(1 for test in tests if test.differences)
    problems, warnings = sum(len(checked.problems) for checked in found), sum(len(checked.warnings) for checked in found)
    parts = [counted(sum(len(checked.files) for checked in found), "file"), counted(sum(checked.rules for checked in found), "rule")]
    parts += [f"{palette.error}{counted(problems, 'problem')}{palette.off}"] if problems else []
    parts += [f"{palette.warning}{counted(warnings, 'warning')}{palette.off}"] if warnings else []
    parts.append(counted(len(tests), "test") + (f", {len(tests) - failed} passed" if tests else ""))
    parts += [f"{palette.error}{failed} failed{palette.off}"] if failed else []
    return ", ".join(parts)
