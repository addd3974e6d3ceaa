"""What has passed, counted as it ends: cheap enough to be done for every flow, bounded whatever the traffic."""

from collections import deque
from statistics import median

from amp_addons.core.key import Key, row_of
from amp_addons.render.line import Finished

MAX_ROWS = 200
"""Combinations of endpoint, provider and model counted apart: the catalog's rows, some with several models. Others count as OTHERS."""

MAX_UNKNOWN = 50
"""Unknown endpoints remembered by method and path."""

RECENT = 500
"""Durations kept for each row; their median stands for the row (16 kB)."""


class Row:
    """The counts of one endpoint, provider and model."""

    __slots__ = ("durations", "errors", "events", "flows", "received", "sent", "streams")

    def __init__(self) -> None:
        self.flows = self.errors = self.streams = self.events = self.sent = self.received = 0
        self.durations: deque[float] = deque(maxlen=RECENT)

    @property
    def p50(self) -> float:
        """Milliseconds that half of the latest flows did not exceed."""
        return median(self.durations) if self.durations else 0.0

    def merge(self, other: "Row") -> None:
        for name in ("flows", "errors", "streams", "events", "sent", "received"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.durations.extend(other.durations)


class Tally:
    """Counts finished flows, in all and by endpoint, provider and model."""

    def __init__(self) -> None:
        self.flows = 0
        self.errors = 0
        self.received = 0
        self.tokens_in = 0
        self.tokens_out = 0
        self.cost = 0.0
        self.first_error: str | None = None
        """What the first flow was that failed, and why; one that its client gave up has no reason to tell."""
        self.rows: dict[Key, Row] = {}
        self.unknown: dict[str, int] = {}
        self.unknown_left_out = 0

    def add(self, flow: Finished) -> None:
        request, stream, end, _ = flow
        row = self._row(Key(request.endpoint, request.provider, request.model))
        failed = flow.failed
        if failed and self.first_error is None and end.outcome != "aborted":
            self.first_error = f"{flow.reason}, {request.method} {request.url.partition('?')[0]}"
        self.flows += 1
        self.errors += failed
        self.received += end.response_bytes
        row.flows += 1
        row.errors += failed
        row.sent += end.request_bytes
        row.received += end.response_bytes
        row.durations.append(end.duration_ms)
        if stream is not None:
            row.streams += 1
            row.events += sum(stream.events.values())
            self.tokens_in += stream.tokens.input or 0
            self.tokens_out += stream.tokens.output or 0
            self.cost += stream.cost_usd or 0.0
        if not request.known:
            self._note(f"{request.method} {request.url.partition('?')[0]}")

    def _row(self, key: Key) -> Row:
        return row_of(self.rows, key, MAX_ROWS, Row)

    def _note(self, unknown: str) -> None:
        if unknown in self.unknown or len(self.unknown) < MAX_UNKNOWN:
            self.unknown[unknown] = self.unknown.get(unknown, 0) + 1
        else:
            self.unknown_left_out += 1
