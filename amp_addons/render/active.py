"""What is under way, as the rows that stay at the bottom of the terminal: one a stream, folded to the room there is."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import nlargest
from typing import NamedTuple

from amp_addons.core.trace import FlowTrace
from amp_addons.render.fit import clip, pad
from amp_addons.render.palette import Palette
from amp_addons.render.units import duration, figure, size

SLOW = 1.0
"""Seconds after which a flow that is no stream is shown as under way, too: that is how a request that hangs is seen."""

NAME = 24
PROVIDER = 10
STALLED = 10.0
"""Seconds without an event after which a stream's row says so."""

TOP_TYPES = 3


class Columns(NamedTuple):
    """Which columns a row of some width has room for, and the cells of the flexible ones."""

    provider: bool
    events: bool
    bytes: bool
    first: bool
    name: int
    types: int


@lru_cache(maxsize=64)
def columns(width: int) -> Columns:
    """The columns of rows of `width` cells, 19 or more."""
    events, sizes, first, provider = width >= 27, width >= 40, width >= 58, width >= 76
    rest = width - 11 - 9 * events - 9 * sizes - 9 * first - (PROVIDER + 2) * provider
    name = min(NAME, rest)
    return Columns(provider, events, sizes, first, name, rest - name - 2)


def under_way(traces: Iterable[FlowTrace], now: float) -> list[FlowTrace]:
    """The flows that get a row, oldest first: streams, WebSockets, and whatever takes long."""
    return [trace for trace in traces if trace.request and (trace.watch or _is_websocket(trace) or now - trace.started >= SLOW)]


def rows(traces: Sequence[FlowTrace], now: float, width: int, height: int, palette: Palette) -> list[str]:
    """At most `height` rows of at most `width` cells: a head, a row each, and how many more there are."""
    fields = columns(width)
    head = [_head(fields, palette)] if traces and height > 2 else []
    room = height - len(head)
    shown = traces if len(traces) <= room else traces[: max(room - 1, 0)]
    more = len(traces) - len(shown)
    tail = [f"{palette.dim}{clip(f'  + {more} more', width)}{palette.off}"] if more and room > 0 else []
    return head + [_row(trace, now, fields, palette) for trace in shown] + tail


def _head(fields: Columns, palette: Palette) -> str:
    text = f"  {'provider':<{PROVIDER}}  {'model':<{fields.name}}" if fields.provider else f"  {'model':<{fields.name}}"
    if fields.events:
        text += "   events"
    if fields.types >= 5:
        text += f"  {'types':<{fields.types}}"
    for shown, name in ((fields.bytes, "bytes"), (fields.first, "first"), (True, "time")):
        text += f"  {name:>7}" if shown else ""
    return f"{palette.dim}{text}{palette.off}"


def _row(trace: FlowTrace, now: float, fields: Columns, palette: Palette) -> str:
    request, response = trace.request, trace.response
    assert request is not None
    colour, mark = (palette.of(request.category), "●") if request.known else (palette.unknown, "?")
    name = request.model or request.endpoint
    row = f"{colour}{mark}{palette.off} "
    if fields.provider:
        row += f"{colour}{pad(request.provider or request.category, PROVIDER)}{palette.off}  "
    row += f"{palette.strong}{pad(name, fields.name)}{palette.off}"
    if fields.events:
        row += f"  {_events(trace):>7}"
    if fields.types >= 5:
        row += f"  {palette.dim}{pad(_types(trace, now), fields.types)}{palette.off}"
    if fields.bytes:
        row += f"  {size(trace.response_bytes):>7}"
    if fields.first:
        first = duration(response.ttfb_ms) if response and response.ttfb_ms is not None else ""
        if trace.watch and trace.watch.first_token is not None:
            first = duration(max(0.0, trace.watch.first_token - trace.started) * 1000)
        row += f"  {palette.dim}{first:>7}{palette.off}"
    return f"{row}  {duration(max(0.0, now - trace.started) * 1000):>7}"


def _events(trace: FlowTrace) -> str:
    if trace.watch:
        return figure(trace.watch.events)
    return figure(trace.chunks) if _is_websocket(trace) else ""


def _types(trace: FlowTrace, now: float) -> str:
    """The most frequent event types, or what is waited for."""
    if trace.watch:
        if trace.watch.last is not None and now - trace.watch.last >= STALLED:
            return f"no event for {duration((now - trace.watch.last) * 1000)}"
        # A copy: the event loop goes on counting while we look.
        counts = trace.watch.counts.copy()
        return " · ".join(f"{figure(count)} {name}" for name, count in nlargest(TOP_TYPES, counts.items(), key=lambda item: item[1]))
    if _is_websocket(trace):
        return "WebSocket messages"
    return "body" if trace.response else "waiting"


def _is_websocket(trace: FlowTrace) -> bool:
    return trace.response is not None and trace.response.status == 101
