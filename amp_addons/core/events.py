"""The events that one flow gives rise to: the values behind the JSON Lines of `amp_events`.

Every consumer (events file, display, and later recording, ledger, telemetry) sees these values and nothing else of a flow,
live and offline alike. Field order is the order in the file. A field that is not known yet, or never, is None.

Times of the wall clock are RFC 3339 in UTC with milliseconds, durations are milliseconds, sizes are bytes on the wire.
"""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

type Ended = Literal["complete", "truncated", "aborted", "error"]
type Outcome = Literal["ok", "blocked", "error", "aborted"]


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every event has. `time` is when the thing happened, `flow` is mitmproxy's flow id."""

    v: int = 1
    type: str = ""
    time: str
    flow: str


class FlowRequest(Event, frozen=True, kw_only=True, gc=False):
    """A request has been read. `url` is scrubbed; `endpoint` to `known` are the classification's fields."""

    type: Literal["flow.request"] = "flow.request"
    method: str
    url: str
    endpoint: str
    category: str
    provider: str | None = None
    route: str
    api: str | None = None
    catalog: str | None = None
    source: str | None = None
    known: bool
    model: str | None = None
    stream: bool | None = None
    thread: str | None = None
    message: str | None = None
    client: str | None = None


class FlowResponse(Event, frozen=True, kw_only=True, gc=False):
    """The head of an answer has arrived."""

    type: Literal["flow.response"] = "flow.response"
    status: int
    content_type: str | None = None
    content_encoding: str | None = None
    ttfb_ms: float | None = None


class StreamEvent(Event, frozen=True, kw_only=True, gc=False):
    """One server-sent event. `bytes` is the size of its data in UTF-8, `t_ms` is since the request's first byte."""

    type: Literal["stream.event"] = "stream.event"
    seq: int
    event: str
    bytes: int
    t_ms: float
    text: str | msgspec.UnsetType = msgspec.UNSET


class Tokens(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


class StreamEnd(Event, frozen=True, kw_only=True):
    """A stream is over. `events` counts by event type, `bytes` is the body on the wire, `errors` are sentences."""

    type: Literal["stream.end"] = "stream.end"
    ended: Ended
    events: dict[str, int]
    bytes: int
    chunks: int
    ttft_ms: float | None = None
    duration_ms: float
    model: str | None = None
    stop_reason: str | None = None
    tokens: Tokens = Tokens()
    cost_usd: float | None = None
    errors: list[str] = []


class WsMessage(Event, frozen=True, kw_only=True, gc=False):
    """One WebSocket message. `event` is the `type` field of a JSON text message."""

    type: Literal["ws.message"] = "ws.message"
    seq: int
    direction: Literal["client_to_server", "server_to_client"]
    kind: Literal["text", "binary"]
    bytes: int
    event: str | None = None


class RuleAction(Event, frozen=True, kw_only=True, gc=False):
    """A rule matched: what it did or, with mode `observe`, would have done. `detail` has names only, never values."""

    type: Literal["rule.action"] = "rule.action"
    rule: str
    mode: Literal["enforce", "observe"]
    action: str
    detail: str | None = None


class RedactionDone(Event, frozen=True, kw_only=True, gc=False):
    """What a rule took out of a flow: how many secrets of a kind, and where. `restored` is a placeholder turned back."""

    type: Literal["redaction"] = "redaction"
    rule: str
    where: str
    kind: str
    count: int


class FlowEnd(Event, frozen=True, kw_only=True):
    """A flow is over: exactly one a flow, always its last event."""

    type: Literal["flow.end"] = "flow.end"
    status: int | None = None
    outcome: Outcome
    request_bytes: int
    response_bytes: int
    duration_ms: float
    rules: list[str] = []
    upstream: str | None = None
    credential: str | None = None
    error: str | None = None


def problem(stream: StreamEnd | None, end: FlowEnd) -> str | None:
    """What went wrong with a flow, in a word; None when nothing did."""
    if end.outcome != "ok":
        return end.outcome
    if (end.status or 0) >= 400:
        return f"status {end.status}"
    return stream.ended if stream is not None and stream.ended != "complete" else None


_encoder = msgspec.json.Encoder()
# JSON allows what a terminal may take for commands: DEL, C1 controls, separators and bidirectional formatting (THREATS 1).
_UNSAFE = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xd8\x9c|\xef\xbb\xbf")


def encode_lines(events: Sequence[Event]) -> bytes:
    """Events as JSON Lines, with every control character escaped."""
    lines = _encoder.encode_lines(events)
    if lines.isascii() and b"\x7f" not in lines:
        return lines
    return _UNSAFE.sub(lambda found: b"\\u%04x" % ord(found[0].decode()), lines)
