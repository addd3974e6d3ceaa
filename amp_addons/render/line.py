"""A finished flow as one line, on a terminal of any width and in a file.

The columns of fixed width come first and the flow's own words last, so that a line that has to be cut loses the least:

    22:41:09  ● provider.anthropic    200  12.3 kB    2.3 s  POST /api/provider/anthropic/v1/messages  claude-opus-4-5  41 events
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

from amp_addons.core.events import Event, FlowEnd, FlowRequest, FlowResponse, StreamEnd, problem
from amp_addons.core.rules.applied import Applied
from amp_addons.core.scrub import visible
from amp_addons.render.fit import clip, pad, squeeze
from amp_addons.render.palette import Palette
from amp_addons.render.units import counted, duration, figure, size

ENDLESS = 1_000_000
"""The width of what is no terminal: nothing is cut there (a URL in an event is at most 4096 characters)."""

ENDPOINT = 20
MIN_PATH = 18
MIN_WORD = 6
MAX_MODEL = 28

KNOWN, UNKNOWN, BAD = "●", "?", "✗"

_OUTCOMES = {"ok": "", "blocked": "⊘ blocked", "error": "✗ failed", "aborted": "✗ aborted"}
_ENDINGS = {"complete": "", "truncated": "✗ cut off", "aborted": "✗ aborted", "error": "✗ error"}


class Finished(NamedTuple):
    """What is known of a flow when it is over."""

    request: FlowRequest
    stream: StreamEnd | None
    end: FlowEnd
    observed: tuple[str, ...] = ()
    """Rules that would have done something."""

    @property
    def failed(self) -> bool:
        return problem(self.stream, self.end) is not None

    @property
    def reason(self) -> str:
        """Why it failed: in the words of whoever noticed, after the status or ending when they say nothing of it."""
        word = problem(self.stream, self.end) or ""
        told = self.end.error or next(iter(self.stream.errors if self.stream else ()), "")
        if self.end.outcome == "blocked" and self.end.rules:
            word = f"blocked by {self.end.rules[-1]}"
        return ": ".join(filter(None, ("" if word == "error" and told else word, told)))


class Started(NamedTuple):
    """A stream whose answer has begun."""

    request: FlowRequest
    response: FlowResponse


def finished(request: FlowRequest, events: Sequence[Event], applied: Sequence[Applied] = ()) -> Finished | None:
    """The flow's end, when these events (the last that were published of it) hold it. `applied` are the rules that matched."""
    end = events[-1]
    if type(end) is not FlowEnd:
        return None
    stream = None
    for event in events:
        if type(event) is StreamEnd:
            stream = event
    return Finished(request, stream, end, tuple(each.rule for each in applied if each.mode == "observe"))


def _remark(stream: StreamEnd) -> str:
    """What a stream amounted to: events, tokens in and out, tokens a second, cost, and why it stopped; what is not known is left out."""
    parts = [counted(sum(stream.events.values()), "event")]
    tokens = stream.tokens
    if tokens.input is not None or tokens.output is not None:
        parts.append(f"{figure(tokens.input or 0)}→{figure(tokens.output or 0)} tokens")
    if tokens.output and stream.ttft_ms is not None and (spoke := stream.duration_ms - stream.ttft_ms) >= 100:
        parts.append(f"{tokens.output / spoke * 1000:.0f}/s")
    if stream.cost_usd is not None:
        parts.append(f"${stream.cost_usd:.4f}")
    if stream.stop_reason:
        parts.append(stream.stop_reason)
    return " · ".join(parts)


def _deed(end: FlowEnd, observed: Sequence[str]) -> str:
    """What rules did: `→ upstream`, and `~ rule` for one that only observed."""
    parts = [f"→ {end.upstream}"] if end.upstream else []
    return " ".join([*parts, *(f"~ {rule}" for rule in observed)])


class Layout(NamedTuple):
    """Which columns a line of some width has room for, and the cells of the flexible ones."""

    time: bool
    size: bool
    duration: bool
    endpoint: int
    words: int


@lru_cache(maxsize=64)
def layout(width: int) -> Layout:
    """The layout for lines of `width` cells, 19 or more."""
    time, sizes, durations = width >= 76, width >= 44, width >= 27
    rest = width - 7 - 10 * time - 9 * sizes - 9 * durations
    endpoint = min(ENDPOINT, rest)
    return Layout(time, sizes, durations, endpoint, rest - endpoint - 2)


class FlowLines:
    """Writes lines of `width` cells at most, in the colours of `palette`."""

    def __init__(self, palette: Palette, width: int = ENDLESS) -> None:
        self._palette = palette
        self._layout = layout(width)
        self._endless = width >= ENDLESS

    def finished(self, flow: Finished) -> str:
        request, stream, end, observed = flow
        notes = [_OUTCOMES[end.outcome]] if end.outcome != "ok" else []
        if end.outcome == "blocked":
            notes = [f"{notes[0]} by {end.rules[-1]}"] if end.rules else notes
        elif stream is not None:
            if stream.ended != "complete" and end.outcome != "aborted":
                notes = [_ENDINGS[stream.ended]]
            notes += stream.errors[:1]
        if end.error and (end.outcome == "error" or ((end.status or 0) >= 400 and end.outcome != "blocked")):
            notes.append(end.error)
        return self._line(
            end.time,
            request,
            end.status,
            size(end.response_bytes),
            duration(end.duration_ms),
            bad=end.outcome != "ok" or (flow.failed and request.known),  # of an unknown one that matters most
            model=(stream and stream.model) or request.model,
            remark=_remark(stream) if stream is not None else "",
            note=": ".join(notes),
            deed=_deed(end, observed),
        )

    def started(self, flow: Started) -> str:
        request, response = flow
        first = "" if response.ttfb_ms is None else duration(response.ttfb_ms)
        return self._line(response.time, request, response.status, "stream", first, model=request.model)

    def _line(
        self,
        time: str,
        request: FlowRequest,
        status: int | None,
        sizes: str,
        durations: str,
        *,
        bad: bool = False,
        model: str | None = None,
        remark: str = "",
        note: str = "",
        deed: str = "",
    ) -> str:
        colours, columns = self._palette, self._layout
        off, dim = colours.off, colours.dim
        if bad:
            mark, colour = BAD, colours.error
        elif request.known:
            mark, colour = KNOWN, colours.of(request.category)
        else:
            mark, colour = UNKNOWN, colours.unknown
        state = colours.good if status and status < 400 else colours.error
        name = request.endpoint if columns.endpoint == ENDPOINT else request.endpoint.removeprefix("provider.")
        name = pad(name, max(ENDPOINT, len(visible(name))) if self._endless else columns.endpoint)
        line = f"{colour}{mark} {name}{off}  {state}{status or '---'}{off}"
        if columns.time:
            line = f"{dim}{_clock(time[:19])}{off}  {line}"
        if columns.size:
            line = f"{line}  {dim}{sizes:>7}  {durations:>7}{off}"
        elif columns.duration:
            line = f"{line}  {dim}{durations:>7}{off}"
        words = self._words(request, model, remark, note, deed)
        return f"{line}  {words}" if words else line

    def _words(self, request: FlowRequest, model: str | None, remark: str, note: str, deed: str) -> str:
        """The flexible end of the line. What matters most has room first: what went wrong, what rules did, model, path, remark."""
        room, colours, words = self._layout.words, self._palette, ""
        path = f"{request.method:<4} {_target(request)}"
        least = min(MIN_PATH, len(path))
        if note and room >= MIN_WORD:
            # Where both have room for something, the path is not given up for the sake of a long sentence.
            note = clip(note, room if room < 2 * MIN_PATH else room - least - 2)
            room -= cell_len(note) + 2
            words = f"  {colours.error}{note}{colours.off}"
        if deed and room >= MIN_WORD:
            deed = clip(deed, room)
            room -= cell_len(deed) + 2
            words = f"  {colours.strong}{deed}{colours.off}{words}"
        if model and room >= MIN_WORD:
            model = clip(model, room if self._endless else min(room, MAX_MODEL))
            room -= cell_len(model) + 2
            if remark and room >= len(remark) + 2 + least:
                room -= len(remark) + 2
                words = f"  {colours.dim}{remark}{colours.off}{words}"
            words = f"  {colours.strong}{model}{colours.off}{words}"
        if room >= least:
            words = f"  {squeeze(path, room)}{words}"
        return words[2:]


def _target(request: FlowRequest) -> str:
    """The path; with the host before it where that is not Amp's or OpenRouter's."""
    url = request.url
    host = url.find("://") + 3
    return url[host:] if request.route == "external" else url[max(url.find("/", host), 0) :]


@lru_cache(maxsize=64)
def _clock(time: str) -> str:
    # RFC 3339 in UTC, cut at the second; the same one for all flows of a second.
    return datetime.fromisoformat(f"{time}+00:00").astimezone().strftime("%H:%M:%S")
