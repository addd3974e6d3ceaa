"""What is wrong with a file, in words that lead to the spot."""

from typing import NamedTuple, Self

from amp_addons.core.scrub import is_secret_name, scrub_text, scrub_url
from amp_addons.rulefiles.node import Mapping, Node, Sequence

MAX_SHOWN = 60
"""Longest value that is repeated in a message (characters)."""
MAX_PROBLEMS = 100
"""Problems listed of one file; the first few are what a person mends before the next try."""


type Path = tuple[str | int, ...]
"""Keys and list positions from the top of a file to a value."""


class Problem(NamedTuple):
    """One problem. `line` and `column` count from 1, and are 0 where the whole file is meant; `path` is such as `rules[2].id`."""

    file: str
    line: int
    column: int
    path: str
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        what = f"found {self.found}, expected {self.expected}.{self.hint}"
        return f"{where}: {self.path}: {what}" if self.path else f"{where}: {what}"


class RuleFileError(ValueError):
    """A file cannot be used. `problems` lists what is wrong with it, in the order of the file; the message has one line for each."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        shown = [str(problem) for problem in self.problems[:MAX_PROBLEMS]]
        if more := len(self.problems) - len(shown):
            shown.append(f"and {more} more")
        super().__init__("\n".join(shown))

    def __reduce__(self) -> tuple[type[Self], tuple[list[Problem]]]:
        # By its problems: another process is told of it with all of them.
        return type(self), (list(self.problems),)


def key_path(path: Path) -> str:
    """`rules[2].id` for ("rules", 2, "id"). Keys come from the file: they are scrubbed."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return scrub_text(text.removeprefix("."))


def describe(node: Node, key: str = "") -> str:
    """What stands in the file, in a few words; never a value that is secret by its name or by its look."""
    match node:
        case Mapping():
            return "keys and values" if node.items else "nothing between the braces"
        case Sequence():
            return "a list" if node.items else "an empty list"
    value = node.value
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if is_secret_name(key):
        return "a text" if isinstance(value, str) else "a number"
    shown = scrub_url(value) if isinstance(value, str) and "://" in value else scrub_text(str(value))
    shown = shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"
    return f"'{shown}'" if isinstance(value, str) else f"the number {shown}"
