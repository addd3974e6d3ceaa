"""What is said at the end: a table of what has passed, by endpoint, provider and model."""

import io
from collections.abc import Container, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from amp_addons.core.key import OTHERS, Key
from amp_addons.prices import price_table
from amp_addons.render.fit import clip
from amp_addons.render.tally import Row, Tally
from amp_addons.render.units import counted, duration, figure, size

MAX_SHOWN = 30
"""Rows in the table; the rest is summed up in one."""

MAX_UNKNOWN_SHOWN = 10

# The columns in the order in which they get room, each with its width; and in the order in which they stand.
_WIDTHS = {"flows": 6, "p50": 7, "errors": 6, "received": 8, "model": 28, "events": 8, "streams": 7, "sent": 7, "provider": 11}
_ORDER = ("endpoint", "provider", "model", "flows", "errors", "streams", "events", "sent", "received", "p50")
_NAMES = ("endpoint", "provider", "model")
_ENDPOINT = 20
_GAP = 2


def summary(tally: Tally, *, dropped: int, width: int, colours: bool) -> list[str]:
    """The lines of the summary; none when nothing has passed."""
    if not tally.flows:
        return []
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colours,
        color_system="standard" if colours else None,
        no_color=not colours,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(_table(tally, width))
        for line in _remarks(tally, dropped):
            console.print(Text(clip(line, width), style="yellow"), no_wrap=True)
    return ["", *(line.rstrip() for line in capture.get().splitlines())]


def _table(tally: Tally, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, _GAP // 2), header_style="bold", border_style="dim")
    widths = _columns(width)
    for name in widths:
        table.add_column(name, justify="left" if name in _NAMES else "right", no_wrap=True)
    for key, row in _largest(_grouped(tally, widths)):
        cells = {"endpoint": key.endpoint, "provider": key.provider or "", "model": key.model or "", **_figures(row)}
        style = "dim" if key == OTHERS else ""
        table.add_row(*[Text(clip(cells[name], widths[name]), "red" if name == "errors" else "") for name in widths], style=style)
    return table


def _columns(width: int) -> dict[str, int]:
    """Which columns there is room for, with their widths, in their order."""
    chosen = {"endpoint": min(_ENDPOINT, width - _WIDTHS["flows"] - _GAP)}
    room = width - chosen["endpoint"]
    for name, cells in _WIDTHS.items():
        if room >= cells + _GAP:
            chosen[name] = cells
            room -= cells + _GAP
    return {name: chosen[name] for name in _ORDER if name in chosen}


def _figures(row: Row) -> dict[str, str]:
    counts = {"flows": row.flows, "errors": row.errors, "streams": row.streams, "events": row.events}
    sizes = {"sent": size(row.sent), "received": size(row.received), "p50": duration(row.p50)}
    return {name: figure(count) if count else "" for name, count in counts.items()} | sizes


def _grouped(tally: Tally, columns: Container[str]) -> dict[Key, Row]:
    """The rows by what is shown of their keys."""
    groups: dict[Key, Row] = {}
    for key, row in tally.rows.items():
        shown = Key(key.endpoint, key.provider if "provider" in columns else None, key.model if "model" in columns else None)
        groups.setdefault(shown, Row()).merge(row)
    return groups


def _largest(rows: dict[Key, Row]) -> Sequence[tuple[Key, Row]]:
    ordered = sorted(rows.items(), key=lambda item: (item[0] == OTHERS, -item[1].flows))
    if len(ordered) <= MAX_SHOWN:
        return ordered
    rest = Row()
    for _, row in ordered[MAX_SHOWN - 1 :]:
        rest.merge(row)
    return [*ordered[: MAX_SHOWN - 1], (OTHERS, rest)]


def _remarks(tally: Tally, dropped: int) -> list[str]:
    remarks = []
    if tally.first_error:
        remarks += ["", f"First error: {tally.first_error}"]
    if tally.tokens_in or tally.tokens_out:
        cost = f", ${tally.cost:.4f} for those with a known price ({price_table()})" if tally.cost else ""
        remarks += ["", f"Streams: {tally.tokens_in:,} tokens in, {tally.tokens_out:,} out{cost}."]
    if tally.unknown:
        named = sorted(tally.unknown.items(), key=lambda item: -item[1])
        left = sum(count for _, count in named[MAX_UNKNOWN_SHOWN:]) + tally.unknown_left_out
        remarks += ["", "In no catalog:", *(f"{count:>6,}  {name}" for name, count in named[:MAX_UNKNOWN_SHOWN])]
        remarks += [f"{left:>6,}  others"] if left else []
    if dropped:
        remarks += ["", f"{counted(dropped, 'line')} not shown, because the output did not keep up."]
    return remarks
