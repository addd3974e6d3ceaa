"""Facts on standard output: for people, or as JSON."""

import sys
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

if TYPE_CHECKING:
    from rich.console import RenderableType

PIPE_WIDTH = 1000
"""Columns of a pipe or file: lines are as long as they need to be."""


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def is_terminal() -> bool:
    """Whether someone looks at standard output."""
    return sys.stdout.isatty()


def width() -> int:
    """Columns of standard output."""
    from rich.console import Console  # slow to import: only commands that draw pay for it

    return Console().width if is_terminal() else PIPE_WIDTH


def show(*lines: "RenderableType") -> None:
    """Print for people. Into a pipe or file without colours, and without the blanks that fill up columns."""
    from rich.console import Console

    console = Console(highlight=False, width=width())
    if console.is_terminal:
        return console.print(*lines, sep="\n")
    with console.capture() as capture:
        console.print(*lines, sep="\n")
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))
