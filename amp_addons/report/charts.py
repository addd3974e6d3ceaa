"""Where the marks of the charts stand, in the units of their drawings: numbers only, the template draws them."""

from collections.abc import Callable, Iterable, Sequence
from math import ceil, floor, log10
from typing import NamedTuple

from amp_addons.core.clock import rfc3339
from amp_addons.render.units import duration
from amp_addons.report.figures import ModelFigures, quantile
from amp_addons.report.model import Flow

WIDTH = 1000
LABELS = 170
"""Units of a chart, and of its labels at the left."""

ROW = 18
MAX_LANES = 14
GAP = 16
"""Units of a pause in which nothing went on, however long it was."""

MAX_DOTS = 400
"""Dots of one model in the chart of times; of more, evenly spread ones are drawn. Quantiles are of all."""

_QUIET = 0.02
"""A pause is left out when it is longer than this share of the whole time, and than `_PAUSE` seconds."""
_PAUSE = 10.0

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, *(86_400 * 2**power for power in range(60)))
"""Seconds between two times that are written down."""


class Bar(NamedTuple):
    x: float
    y: float
    width: float
    first: float | None
    flow: Flow


class Lane(NamedTuple):
    y: float
    label: str
    bars: list[Bar]


class Mark(NamedTuple):
    x: float
    label: str


class Timeline(NamedTuple):
    height: float
    lanes: list[Lane]
    ticks: list[Mark]
    pauses: list[Mark]


def timeline(flows: Sequence[Flow]) -> Timeline:
    """Flows as bars along the time, one lane for each endpoint. Long pauses are left out."""
    scale = _Time([(flow.started, flow.started + flow.duration / 1000) for flow in flows])
    lanes: list[Lane] = []
    y = 24.0
    for label, group in _lanes(flows):
        rows: list[float] = []  # where each row's last bar ends
        bars = []
        for flow in group:
            x, end = scale(flow.started), scale(flow.started + flow.duration / 1000)
            width = max(2.0, end - x)
            row = next((at for at, taken in enumerate(rows) if taken <= x), len(rows))
            if row >= 4:
                row = rows.index(min(rows))
            elif row == len(rows):
                rows.append(0.0)
            rows[row] = x + width
            first = scale(flow.started + flow.first_token / 1000) if flow.first_token is not None else None
            bars.append(Bar(round(x, 1), y + row * 9, round(width, 1), first and round(first, 1), flow))
        lanes.append(Lane(y, label, bars))
        y += max(ROW, len(rows) * 9 + 9)
    return Timeline(y, lanes, scale.ticks(), scale.pauses())


def _lanes(flows: Iterable[Flow]) -> list[tuple[str, list[Flow]]]:
    groups: dict[str, list[Flow]] = {}
    for flow in flows:
        groups.setdefault(flow.request.endpoint, []).append(flow)
    order = sorted(groups, key=lambda name: (groups[name][0].request.category != "inference", name))
    if len(order) > MAX_LANES:
        kept = sorted(order, key=lambda name: -len(groups[name]))[: MAX_LANES - 1]
        rest = [flow for name in order if name not in kept for flow in groups[name]]
        found = [(name, groups[name]) for name in order if name in kept]
        return [*found, ("(others)", sorted(rest, key=lambda flow: flow.number))]
    return [(name, groups[name]) for name in order]


class _Time:
    """Seconds to units, without the pauses."""

    def __init__(self, spans: Sequence[tuple[float, float]]) -> None:
        busy = _merged(sorted(spans), 0.0)
        whole = (busy[-1][1] - busy[0][0]) if busy else 0.0
        self._busy = _merged(busy, max(_PAUSE, whole * _QUIET))
        # Pauses may take a third of the drawing at most, however many they are.
        self._gap = min(GAP, (WIDTH - LABELS) / 3 / max(1, len(self._busy) - 1))
        seconds = sum(end - start for start, end in self._busy) or 1.0
        self._unit = (WIDTH - LABELS - 12 - self._gap * (len(self._busy) - 1)) / seconds
        self._at: list[float] = []
        x = float(LABELS)
        for start, end in self._busy:
            self._at.append(x)
            x += (end - start) * self._unit + self._gap

    def __call__(self, time: float) -> float:
        for (start, end), x in zip(self._busy, self._at, strict=True):
            if time <= end:
                return x + max(0.0, time - start) * self._unit
        return float(WIDTH - 12)

    def ticks(self) -> list[Mark]:
        """Times of day at round seconds, as many as there is room for."""
        found: list[Mark] = []
        step = next(step for step in _STEPS if step * self._unit >= 90)
        days = self._busy[-1][1] - self._busy[0][0] > 86_400
        for start, end in self._busy:
            marks = [start, *(at * step for at in range(floor(start / step) + 1, floor(end / step) + 1))]
            for time in marks[:40]:
                x = self(time)
                if (not found or x - found[-1].x >= 62) and x <= WIDTH - 40:
                    found.append(Mark(round(x, 1), rfc3339(time)[5:16].replace("T", " ") if days else rfc3339(time)[11:19]))
        return found

    def pauses(self) -> list[Mark]:
        pairs = zip(self._busy, self._busy[1:], self._at[1:], strict=False)
        return [Mark(round(x - self._gap / 2, 1), duration((after[0] - before[1]) * 1000)) for before, after, x in pairs]


def _merged(spans: Sequence[tuple[float, float]], pause: float) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for start, end in spans:
        if found and start - found[-1][1] <= pause:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


class Times(NamedTuple):
    """The times of one model: its dots, and where half and nearly all are below."""

    y: float
    label: str
    number: int
    dots: list[float]
    half: Mark
    most: Mark


class Spread(NamedTuple):
    height: float
    rows: list[Times]
    ticks: list[Mark]


def spread(figures: Sequence[ModelFigures], values: Callable[[ModelFigures], Sequence[float]], width: float) -> Spread | None:
    """Times of each model along a logarithmic axis; None when there are none."""
    given = [(each, sorted(max(1.0, value) for value in values(each))) for each in figures[:MAX_LANES]]
    given = [(each, times) for each, times in given if times]
    if not given:
        return None
    low = floor(log10(min(times[0] for _, times in given)) * 2) / 2
    high = max(low + 0.5, ceil(log10(max(times[-1] for _, times in given)) * 2) / 2)
    room = width - LABELS - 16

    def at(value: float) -> float:
        return round(LABELS + (log10(value) - low) / (high - low) * room, 1)

    rows = []
    for number, (each, times) in enumerate(given):
        half, most = quantile(times, 0.5), quantile(times, 0.95)
        assert half is not None and most is not None
        step = max(1, ceil(len(times) / MAX_DOTS))
        rows.append(
            Times(
                number * 26 + 14,
                each.model,
                len(times),
                [at(value) for value in times[::step]],
                Mark(at(half), duration(half)),
                Mark(at(most), duration(most)),
            )
        )
    round_ = [base * 10**power for power in range(8) for base in (1, 3)]
    ticks = [Mark(at(value), duration(value)) for value in round_ if low - 1e-9 <= log10(value) <= high + 1e-9]
    return Spread(len(given) * 26 + 26, rows, ticks)


class Share(NamedTuple):
    kind: str
    label: str
    x: float
    width: float


def shares(figures: ModelFigures, most: int) -> list[Share]:
    """The kinds of tokens of a model side by side; the longest bar, of `most` tokens, is 100 units."""
    answer = max(0, figures.output - figures.reasoning)
    kinds = (
        ("read", "from cache", figures.cache_read),
        ("write", "written to cache", figures.cache_write),
        ("fresh", "input", figures.fresh),
        ("reasoning", "reasoning", min(figures.reasoning, figures.output)),
        ("output", "output", answer),
    )
    found, x = [], 0.0
    for kind, label, count in kinds:
        if count and most:
            width = max(0.4, count / most * 100)
            found.append(Share(kind, f"{count:,} {label}", round(x, 2), round(width, 2)))
            x += width
    return found
