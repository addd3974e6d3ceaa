"""A progress bar for reading captures: bytes, flows, and how many of them a second."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from amp_addons.render.units import figure


@contextmanager
def flow_progress(total: int, note: Callable[[], str] = str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error for so many bytes; what it gives is called with bytes and flows that were read.

    Flows are spoken of once there are some. `note` is asked for what else is to be seen.
    """
    columns = (
        TextColumn("reading"),
        BarColumn(),
        TaskProgressColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[flows]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("", total=total, flows="")
        seen = 0

        def advance(size: int, flows: int) -> None:
            nonlocal seen
            seen += flows
            elapsed = progress.tasks[0].elapsed or 0.0
            rate = f", {figure(int(seen / elapsed))} flows/s" if elapsed > 0.5 else ""
            progress.update(task, advance=size, flows=f"{figure(seen)} flows{rate}{note()}" if seen else note())

        yield advance
