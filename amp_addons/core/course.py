"""The course of a flow, as its trace is told of it: the same live and from a recording."""

from collections.abc import Mapping

from amp_addons.core.classify import Classification
from amp_addons.core.events import Ended, Outcome
from amp_addons.core.exchange import Headers
from amp_addons.core.facts import Facts, Pieces, said_events
from amp_addons.core.hints import RequestHints, read_hints
from amp_addons.core.stream import expects_events
from amp_addons.core.trace import FlowTrace
from amp_addons.core.tracecontext import context_of

_FEW = 4
"""Pieces read one by one until output began."""

_PAUSE = 5.0
"""Seconds between two pieces over which they are not read together: a sixth of a pause that is told of (`core.watch.STALL`)."""

_WANTED = {
    name.encode(): name
    for name in ("content-type", "content-encoding", "x-amp-thread-id", "x-amp-message-id", "amp-message-id", "traceparent", "tracestate")
}  # fmt: skip


def head_of(headers: Headers) -> dict[str, str]:
    """The headers that are looked at, repeated ones joined: one pass, where each look-up of mitmproxy's is one of its own."""
    found: dict[str, str] = {}
    for raw, value in headers:
        if name := _WANTED.get(raw.lower()):
            text = value.decode("utf-8", "surrogateescape")
            found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def begin(
    trace: FlowTrace,
    *,
    method: str,
    url: str,
    path: str,
    head: Mapping[str, str],
    body: bytes | None,
    found: Classification,
    client: str | None,
) -> None:
    """Begin a trace with its request; `path` has the query."""
    trace.context = context_of(head.get("traceparent"), head.get("tracestate"))
    hints = read_hints(path, body, head.get("content-encoding")) if found.category == "inference" else RequestHints()
    trace.begin(
        method=method,
        url=url,
        classification=found,
        hints=hints,
        thread=head.get("x-amp-thread-id") or found.fields.get("threadId") or hints.thread,
        message=head.get("x-amp-message-id") or head.get("amp-message-id") or hints.message,
        client=client,
    )


def answer(trace: FlowTrace, at: float, status: int, head: Mapping[str, str]) -> None:
    """The head of the answer."""
    content_type = head.get("content-type")
    trace.answer(
        at,
        status=status,
        content_type=content_type,
        content_encoding=head.get("content-encoding"),
        is_stream=expects_events(status, content_type, asked=bool(trace.request and trace.request.stream)),
    )


def repeat(trace: FlowTrace, facts: Facts) -> None:
    """What rules did when the flow was recorded: to be told before the answer."""
    before, after = said_events(facts.said)
    trace.repeat(before, after, upstream=facts.upstream or None, credential=facts.credential or None)


def finish(trace: FlowTrace, facts: Facts, body: bytes | None) -> None:
    """A recorded answer's body, and the end of the flow, with the times and sizes that they had."""
    if body:
        trace.sizes = facts.sizes
        trace.watch_failed = facts.unread or None
        _feed(trace, facts.pieces(trace.started, body))
    if facts.response_bytes is not None:
        trace.response_bytes = facts.response_bytes
    if facts.response_cut:
        trace.watch_failed = f"the recording leaves out the last {facts.response_cut:,} bytes of this answer"
    trace.end(
        trace.started if facts.ended_at is None else facts.ended_at,
        outcome=facts.outcome,
        ended=facts.ended,
        error=facts.error or None,
        request_bytes=facts.request_bytes or 0,
        response_bytes=facts.response_bytes,
    )


def _feed(trace: FlowTrace, pieces: Pieces) -> None:
    """As precisely as somebody wants to know: each event's or piece's time, or when output began and whether there was a long pause."""
    count = len(pieces.times)
    if trace.each_event or trace.gaps is not None or trace.watch is None or trace.watch.is_encoded:
        return trace.feed(pieces.chunks())
    place = 0
    while place < count and trace.watch.first_token is None:
        trace.feed(pieces.chunks(place, place + _FEW))
        place = min(place + _FEW, count)
    while place < count:
        stop = pieces.until_pause(place, _PAUSE)
        trace.feed(pieces.together(place, stop))
        place = stop
    trace.chunks = count


def finish_foreign(trace: FlowTrace, at: float, *, request_bytes: int, body: bytes | None, error: str | None) -> None:
    """The same of a recording that says nothing of times and sizes: all came at the end."""
    if body and (trace.watch or trace.aside):
        trace.feed([(at, body)])
    outcome: Outcome = "ok"
    ended: Ended = "complete"
    if error is not None:
        outcome, ended = ("aborted", "aborted") if error.startswith(_CLIENT_LEFT) else ("error", "truncated")
    trace.end(at, outcome=outcome, ended=ended, error=error, request_bytes=request_bytes, response_bytes=len(body or b""))


_CLIENT_LEFT = ("Client disconnected", "stream reset by client", "Client closed connection")
"""How mitmproxy says that a client ended a flow."""
