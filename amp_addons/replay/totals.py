"""What a capture amounts to: counted flow by flow, in parts that add up to the same whole in whichever order.

Bounded whatever the capture: rows, examples and lists have limits, and what is over them is counted as others. Costs are whole
nano-dollars, because sums of those do not depend on their order.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from amp_addons.core.events import Event, FlowEnd, FlowRequest, RedactionDone, RuleAction, StreamEnd, WsMessage, problem
from amp_addons.core.key import OTHERS, Key, row_of
from amp_addons.replay.histogram import Histogram

MAX_ROWS = 1000
"""Combinations of endpoint, provider and model counted apart; a year of a team's traffic has some hundred."""

MAX_UNKNOWN = 1000
"""Unknown endpoints (method and path) counted apart."""

EXAMPLES = 3
SLOWEST = 20

TOKENS = ("input", "output", "cache_read", "cache_write", "reasoning")


class Row:
    """Counts of one key. Bytes as on the wire, `cost` in nano-dollars, `tokens` by kind as the providers count them."""

    __slots__ = ("cost", "durations", "endings", "errors", "events", "first", "received", "requests", "sent", "streams", "tokens")

    def __init__(self) -> None:
        self.requests = self.errors = self.streams = self.events = self.sent = self.received = self.cost = 0
        self.tokens: Counter[str] = Counter()
        self.endings: Counter[str] = Counter()
        self.durations = Histogram()
        self.first = Histogram()

    def merge(self, other: "Row") -> None:
        for name in ("requests", "errors", "streams", "events", "sent", "received", "cost"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.tokens.update(other.tokens)
        self.endings.update(other.endings)
        self.durations.merge(other.durations)
        self.first.merge(other.first)


class Slow(NamedTuple):
    """A stream, for the list of the slowest. Ordered as it is to be listed."""

    negative_ms: float
    time: str
    flow: str
    endpoint: str
    model: str | None
    ttft_ms: float | None
    events: int
    ended: str


class Unknown:
    """Requests that no catalog knows, of one method and path: how many, and some of them."""

    __slots__ = ("count", "examples")

    def __init__(self) -> None:
        self.count = 0
        self.examples: list[tuple[str, str]] = []  # (time, URL), the earliest

    def add(self, time: str, url: str) -> None:
        self.count += 1
        self.examples = sorted({*self.examples, (time, url)})[:EXAMPLES]

    def merge(self, other: "Unknown") -> None:
        self.count += other.count
        self.examples = sorted({*self.examples, *other.examples})[:EXAMPLES]


class Totals:
    """Takes the events of flows (as `Analysis` gives them)."""

    def __init__(self) -> None:
        self.flows = self.ws_messages = 0
        self.first_time: str | None = None
        self.last_time: str | None = None
        self.rows: dict[Key, Row] = {}
        self.unknown: dict[tuple[str, str], Unknown] = {}
        self.unknown_left_out = 0
        self.slowest: list[Slow] = []
        self.event_types: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.problems: Counter[str] = Counter()
        """What the errors of the rows were (`core.events.problem`)."""
        self.rules: Counter[tuple[str, str, str]] = Counter()
        self.redactions: Counter[tuple[str, str, str]] = Counter()
        self._request: FlowRequest | None = None
        self._stream: StreamEnd | None = None

    def take(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, FlowRequest):
                self._request, self._stream = event, None
            elif isinstance(event, StreamEnd):
                self._stream = event
            elif isinstance(event, RuleAction):
                self.rules[event.rule, event.mode, event.action] += 1
            elif isinstance(event, RedactionDone):
                self.redactions[event.rule, event.where, event.kind] += event.count
            elif isinstance(event, WsMessage):
                self.ws_messages += 1
            elif isinstance(event, FlowEnd) and self._request is not None:
                self._count(self._request, self._stream, event)

    def _count(self, request: FlowRequest, stream: StreamEnd | None, end: FlowEnd) -> None:
        model = (stream.model if stream else None) or request.model
        row = self._row(Key(request.endpoint, request.provider, model))
        self.flows += 1
        self.first_time = min(filter(None, (self.first_time, request.time)))
        self.last_time = max(filter(None, (self.last_time, end.time)))
        self.outcomes[end.outcome] += 1
        row.requests += 1
        if failure := problem(stream, end):
            row.errors += 1
            self.problems[failure] += 1
        row.sent += end.request_bytes
        row.received += end.response_bytes
        row.durations.add(end.duration_ms)
        if stream is not None:
            self._count_stream(row, request, stream, model)
        if not request.known:
            self._note_unknown(request)

    def _count_stream(self, row: Row, request: FlowRequest, stream: StreamEnd, model: str | None) -> None:
        events = sum(stream.events.values())
        row.streams += 1
        row.events += events
        row.endings[stream.ended] += 1
        row.cost += round((stream.cost_usd or 0.0) * 1e9)
        row.tokens.update({kind: count for kind in TOKENS if (count := getattr(stream.tokens, kind))})
        if stream.ttft_ms is not None:
            row.first.add(stream.ttft_ms)
        self.event_types.update(stream.events)
        self._note_slow(
            Slow(-stream.duration_ms, request.time, request.flow, request.endpoint, model, stream.ttft_ms, events, stream.ended)
        )

    def _row(self, key: Key) -> Row:
        return row_of(self.rows, key, MAX_ROWS, Row)

    def _note_slow(self, found: Slow) -> None:
        slowest = self.slowest
        if len(slowest) < SLOWEST or found.negative_ms <= slowest[-1].negative_ms:
            slowest.append(found)
            slowest.sort(key=_order)
            del slowest[SLOWEST:]

    def _note_unknown(self, request: FlowRequest) -> None:
        key = request.method, request.url.partition("?")[0]
        if key not in self.unknown and len(self.unknown) >= MAX_UNKNOWN:
            self.unknown_left_out += 1
            return
        self.unknown.setdefault(key, Unknown()).add(request.time, request.url)

    def merge(self, other: "Totals") -> None:
        """Add another part of the same capture, or another capture."""
        self.flows += other.flows
        self.ws_messages += other.ws_messages
        self.first_time = min(filter(None, (self.first_time, other.first_time)), default=None)
        self.last_time = max(filter(None, (self.last_time, other.last_time)), default=None)
        for key, row in other.rows.items():
            self._row(key).merge(row)
        for name, unknown in other.unknown.items():
            if name in self.unknown or len(self.unknown) < MAX_UNKNOWN:
                self.unknown.setdefault(name, Unknown()).merge(unknown)
            else:
                self.unknown_left_out += unknown.count
        self.unknown_left_out += other.unknown_left_out
        for slow in other.slowest:
            self._note_slow(slow)
        for counts in ("event_types", "outcomes", "problems", "rules", "redactions"):
            getattr(self, counts).update(getattr(other, counts))

    def as_json(self) -> dict[str, Any]:
        """All of it, in an order that does not depend on how it was counted."""
        rows = sorted(self.rows.items(), key=lambda item: (item[0] == OTHERS, -item[1].requests, _named(item[0])))
        return {
            "flows": self.flows,
            "first": self.first_time,
            "last": self.last_time,
            "outcomes": dict(sorted(self.outcomes.items())),
            "problems": dict(sorted(self.problems.items(), key=lambda item: (-item[1], item[0]))),
            "websocket_messages": self.ws_messages,
            "rows": [{**key._asdict(), **_row_json(row)} for key, row in rows],
            "event_types": dict(sorted(self.event_types.items(), key=lambda item: (-item[1], item[0]))),
            "slowest_streams": [
                {"duration_ms": -slow.negative_ms, **{name: getattr(slow, name) for name in Slow._fields[1:]}} for slow in self.slowest
            ],
            "unknown": [
                {"method": method, "url": url, "count": found.count, "examples": [example for _, example in found.examples]}
                for (method, url), found in sorted(self.unknown.items(), key=lambda item: (-item[1].count, item[0]))
            ],
            "unknown_left_out": self.unknown_left_out,
            "rules": [{"rule": rule, "mode": mode, "action": action, "count": count} for (rule, mode, action), count in _most(self.rules)],
            "redactions": [
                {"rule": rule, "where": where, "kind": kind, "count": count} for (rule, where, kind), count in _most(self.redactions)
            ],
        }


def _order(slow: Slow) -> tuple[float, str, str]:
    return slow.negative_ms, slow.time, slow.flow


def _named(key: Key) -> tuple[str, ...]:
    return tuple(part or "" for part in key)


def _most(counts: Counter[tuple[str, str, str]]) -> list[tuple[tuple[str, str, str], int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "requests": row.requests,
        "errors": row.errors,
        "streams": row.streams,
        "events": row.events,
        "request_bytes": row.sent,
        "response_bytes": row.received,
        "tokens": {kind: row.tokens[kind] for kind in TOKENS if row.tokens[kind]},
        "cost_usd": row.cost / 1e9 if row.cost else None,
        "endings": dict(sorted(row.endings.items())),
        "ttft_ms": quantiles(row.first),
        "duration_ms": quantiles(row.durations),
    }


def quantiles(found: Histogram) -> dict[str, float | None]:
    return {"p50": found.quantile(0.5), "p95": found.quantile(0.95), "p99": found.quantile(0.99)}
