"""Facts on standard output: for people, or as JSON."""

import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

if TYPE_CHECKING:
    from rich.console import RenderableType

LONG = 16 * 1024 * 1024
"""From this size on (bytes in all) what is read is worth a progress bar."""

PIPE_WIDTH = 1000
"""Columns of a pipe or file: lines are as long as they need to be."""


def program() -> str:
    """How this program is called from this shell: by its path where it is not on PATH."""
    beside = Path(sys.executable).with_name("amp-addons")
    return "amp-addons" if which("amp-addons") or not beside.exists() else shlex.quote(str(beside))


def typed(hint: str) -> str:
    """A hint with commands of this program as they can be typed here."""
    return re.sub(r"(?<![\w/])amp-addons (?=[a-z])", lambda _: f"{program()} ", hint)


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


@contextmanager
def progress(total: int, note: Callable[[], str] = str) -> Iterator[Callable[[int, int], object]]:
    """What is told of bytes and flows that were read: a bar on standard error, where there is much to read and someone looks."""
    if total < LONG or not sys.stderr.isatty():
        yield lambda size, flows: None
        return
    from amp_addons.render.progress import flow_progress

    with flow_progress(total, note) as advance:
        yield advance


def refuse_to_replace(target: str | Path, force: bool) -> None:
    """Stop before a file is lost that was not asked to be replaced. Raises click.UsageError."""
    if not force and Path(target).is_file() and not Path(target).is_symlink():  # links are refused by whoever writes
        raise click.UsageError(f"found {target}, which is there already; expected the name of a new file, or --force to replace it")


def show(*lines: "RenderableType") -> None:
    """Print for people. Into a pipe or file without colours, and without the blanks that fill up columns."""
    from rich.console import Console

    console = Console(highlight=False, width=width())
    if console.is_terminal:
        return console.print(*lines, sep="\n")
    with console.capture() as capture:
        console.print(*lines, sep="\n")
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))
