"""Sums of the ledger as a table with bars, fit to a width: what matters least gives way first."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from amp_addons.ledger.report import Group, Report
from amp_addons.render.fit import clip, pad
from amp_addons.render.palette import Palette
from amp_addons.render.units import counted, duration, figure

MIN_KEY, MAX_KEY = 12, 40
MIN_BAR, MAX_BAR = 6, 40
GAP = 2
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_UNKNOWN = "-"
_REST = "(and "


class _Column(NamedTuple):
    heading: str
    cell: Callable[[Group], str]
    keep: int
    """Columns with the smallest number give way first."""


_COLUMNS = (
    _Column("flows", lambda group: figure(group.flows), 9),
    _Column("errors", lambda group: figure(group.errors) if group.errors else _UNKNOWN, 8),
    _Column("in", lambda group: _tokens(group.tokens_input), 5),
    _Column("out", lambda group: _tokens(group.tokens_output), 6),
    _Column("cost", lambda group: _cost(group.cost), 7),
    _Column("first", lambda group: _time(group.ttft_p50), 3),
    _Column("time", lambda group: _time(group.duration_p50), 4),
)


def stats_lines(found: Report, by: str, top: int, colours: Palette, width: int) -> Iterator[str]:
    """A heading, a line for each group, and the sum of all. Beyond `top` groups (0: never) the rest is one line."""
    shown = _top(found.groups, by, top)
    by_cost = found.total.cost is not None and found.total.cost > 0
    columns = list(_COLUMNS)
    table = [[column.cell(group) for column in columns] for group in (*(group for _, group in shown), found.total)]
    widths = [max(len(column.heading), *(len(row[i]) for row in table)) for i, column in enumerate(columns)]
    while columns and MIN_KEY + sum(widths) + GAP * len(widths) > width:
        least = min(range(len(columns)), key=lambda i: columns[i].keep)
        del columns[least], widths[least]
        for cells in table:
            del cells[least]
    total = f"{counted(len(found.groups), by)}" if len(found.groups) != 1 else "all"
    room = width - sum(widths) - GAP * len(widths)
    longest = max(cell_len(clip(name, MAX_KEY)) for name in (by, total, *(name for name, _ in shown)))
    bar = min(MAX_BAR, room - min(longest, max(MIN_KEY, room - MIN_BAR - GAP)) - GAP)
    bar = bar if bar >= MIN_BAR else 0
    key = min(longest, room - (bar + GAP if bar else 0))
    # What is summed up in one line is no bar: beside it the others would be none.
    values = [0.0 if name.startswith(_REST) else (group.cost or 0.0) if by_cost else float(group.flows) for name, group in shown]
    most = max(values, default=0.0)
    scale = ("cost" if by_cost else "flows") if bar else ""
    yield colours.dim + _line(by, key, [column.heading for column in columns], widths, scale) + colours.off
    for (name, group), cells, value in zip(shown, table, values, strict=False):
        line = _line(name, key, cells, widths)
        if group.errors and columns:
            line = _coloured(line, widths, columns, colours)
        yield f"{line}{' ' * GAP}{colours.of('inference')}{_bar(value, most, bar)}{colours.off}".rstrip() if bar else line
    yield colours.strong + _line(total, key, table[-1], widths) + colours.off


def _top(groups: Sequence[Group], by: str, top: int) -> list[tuple[str, Group]]:
    """The groups that are shown, by name: the last days, or the first of the others, with the rest in one."""
    if not top or len(groups) <= top:
        return [(_name(group, by), group) for group in groups]
    kept, rest = (groups[-top:], groups[:-top]) if by == "day" else (groups[:top], groups[top:])
    others = Group(None)
    for group in rest:
        others.merge(group)
    line = (f"{_REST}{counted(len(rest), 'day')} before)" if by == "day" else f"{_REST}{counted(len(rest), 'other')})", others)
    named = [(_name(group, by), group) for group in kept]
    return [line, *named] if by == "day" else [*named, line]


def _name(group: Group, by: str) -> str:
    return f"(no {by})" if group.key is None else group.key


def _line(name: str, key: int, cells: Sequence[str], widths: Sequence[int], scale: str = "") -> str:
    line = pad(name, key) + "".join(" " * GAP + cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return f"{line}{' ' * GAP}{scale}" if scale else line


def _coloured(line: str, widths: Sequence[int], columns: Sequence[_Column], colours: Palette) -> str:
    """The line with its number of errors in the colour of errors."""
    at = next((i for i, column in enumerate(columns) if column.heading == "errors"), None)
    if at is None:
        return line
    # Counted from the end: the name may have wide characters, the figures have none.
    end = len(line) - sum(GAP + width for width in widths[at + 1 :])
    start = end - widths[at]
    return f"{line[:start]}{colours.error}{line[start:end]}{colours.off}{line[end:]}"


def _bar(value: float, most: float, width: int) -> str:
    """`value` of `most` as blocks, to an eighth of a cell; what is not zero can be seen."""
    eighths = round(value / most * width * 8) if most > 0 else 0
    eighths = max(eighths, 1) if value > 0 else 0
    full, rest = divmod(eighths, 8)
    return _EIGHTHS[8] * full + (_EIGHTHS[rest] if rest else "")


def _tokens(count: int) -> str:
    if count < 10_000:
        return figure(count) if count else _UNKNOWN
    for limit, unit in ((1e6, "k"), (1e9, "M"), (1e12, "G")):
        if count < limit * 0.9995:
            value = count / limit * 1000
            return f"{value:.1f}{unit}" if value < 99.95 else f"{value:.0f}{unit}"
    return f"{count:.1e}"


def _cost(cost: float | None) -> str:
    if cost is None:
        return _UNKNOWN
    return f"${cost:.4f}" if cost < 1 else f"${cost:,.2f}" if cost < 1000 else f"${cost:,.0f}"


def _time(milliseconds: float | None) -> str:
    return _UNKNOWN if milliseconds is None else duration(milliseconds)
