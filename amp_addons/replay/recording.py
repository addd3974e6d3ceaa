"""One finished flow as it is recorded: scrubbed, with its streamed body and the facts that a replay needs. Runs off the event loop."""

from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urlsplit

from mitmproxy import http
from mitmproxy import io as recordings
from mitmproxy.websocket import WebSocketMessage

from amp_addons.core.encoding import ContentDecoder, decode_body
from amp_addons.core.events import Ended, FlowEnd
from amp_addons.core.exchange import Exchange
from amp_addons.core.facts import Facts, Said, chunks_of, said_text, sizes_text
from amp_addons.core.kept import Kept
from amp_addons.core.rechunk import data_sizes, rechunked
from amp_addons.core.redact.scrubber import MAX_BODY as MAX_LOOKED_THROUGH
from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.core.target import DEFAULT_PORTS
from amp_addons.replay.scrubbed import scrub

MAX_BODY = 32 * 1024 * 1024
"""Bytes kept of each body: a day of the longest streams, and half of what scrubbing looks through."""


class Finished(NamedTuple):
    """A flow that is over, from `started` to `at`.

    `api` is the one that the client speaks, whatever rules made of the URL; `asked` is the request as the client sent it, where rules may
    have changed it; `kept` is the answer where it was streamed, as the client got it.
    """

    flow: http.HTTPFlow
    api: str | None
    asked: Exchange | None
    kept: Kept
    is_stream: bool
    before: Sequence[Said]
    after: Sequence[Said]
    end: FlowEnd
    started: float
    at: float
    ended: Ended
    messages: Sequence[WebSocketMessage] | None = None
    """A WebSocket's first messages, `messages_size` bytes; so many more as `messages_cut` says were not kept. None: those of the flow."""
    messages_size: int = 0
    messages_cut: int = 0


def recorded(done: Finished, scrubber: Scrubber) -> bytes:
    """The flow as it stands in a recording. The flow itself is left as it is."""
    flow = http.HTTPFlow.from_state(done.flow.get_state())
    assert isinstance(flow, http.HTTPFlow)
    if done.asked is not None:
        _as_sent(flow.request, done.asked)
    request_cut = _cut(flow.request)
    started, end = done.started, done.end
    flow.request.timestamp_start = started  # an answer that is paced here is fetched by a request of its own
    response = flow.response
    pieces = [data for _, data in done.kept.chunks]
    response_cut = done.kept.left_out
    if response is not None:
        if pieces:
            response.raw_content = b"".join(pieces)
        elif response.raw_content:
            response_cut = _cut(response)
    coding = response.headers.get("content-encoding", "") if response else ""
    if flow.websocket and done.messages is not None:
        flow.websocket.messages = [WebSocketMessage.from_state(message.get_state()) for message in done.messages]
    sizes = [len(message.content) for message in flow.websocket.messages] if flow.websocket else []
    scrub(flow, scrubber, done.api, stream=done.is_stream)
    kept, data_bytes = _pieces_kept(response, pieces, coding, done.is_stream) if response is not None and pieces else (pieces, "")
    chunks = chunks_of(started, [at for at, _ in done.kept.chunks], list(map(len, pieces)), list(map(len, kept)))
    facts = Facts(
        chunk_ms=chunks.chunk_ms,
        chunk_bytes=chunks.chunk_bytes,
        chunk_wire_bytes=chunks.chunk_wire_bytes,
        data_bytes=data_bytes,
        unread=_unread(pieces, kept, coding) if done.is_stream and coding else "",
        message_bytes=sizes_text(sizes, [len(message.content) for message in flow.websocket.messages]) if flow.websocket else "",
        request_bytes=end.request_bytes,
        response_bytes=end.response_bytes,
        request_cut=request_cut,
        response_cut=response_cut,
        messages_cut=done.messages_cut,
        said=said_text(done.before, done.after),
        ended_at=done.at,
        ended=done.ended,
        outcome=end.outcome,
        error=end.error or "",
        upstream=end.upstream or "",
        credential=end.credential or "",
    )
    flow.metadata.update(facts.metadata())
    out = BytesIO()
    recordings.FlowWriter(out).add(flow)
    return out.getvalue()


def _as_sent(request: http.Request, asked: Exchange) -> None:
    """Make the request again what the client sent."""
    scheme, _, rest = asked.url.partition("://")
    authority, slash, path = rest.partition("/")
    parts = urlsplit(f"{scheme}://{authority}")
    request.method, request.scheme, request.path = asked.method, scheme, slash + path
    request.data.host, request.data.port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(scheme, 443)
    request.headers = http.Headers(asked.headers)
    request.raw_content = asked.body


def _pieces_kept(response: http.Response, pieces: list[bytes], coding: str, is_stream: bool) -> tuple[list[bytes], str]:
    """The scrubbed body in the pieces that it came in, and the sizes of the events that scrubbing has changed."""
    clean = response.raw_content or b""
    whole = b"".join(pieces)
    if clean == whole:
        return pieces, ""
    plain, new = _plain(whole, coding), _plain(clean, coding)
    cut = rechunked(pieces, new, coding) if plain is not None and new is not None else None
    if plain is None or new is None or cut is None:
        return [clean if number == 0 else b"" for number in range(len(pieces))], ""
    response.raw_content = b"".join(cut)
    return cut, sizes_text(data_sizes(plain), data_sizes(new)) if is_stream else ""


def _unread(pieces: Sequence[bytes], kept: Sequence[bytes], coding: str) -> str:
    """Why a body cannot be decoded, where what is kept of it does not show that. That it was cut off is no reason."""
    return "" if _error(kept, coding) else _error(pieces, coding)


def _error(pieces: Sequence[bytes], coding: str) -> str:
    decoder = ContentDecoder(coding)
    for piece in pieces:
        decoder.feed(piece)
    return decoder.error or ""


def _plain(body: bytes, coding: str) -> bytes | None:
    return decode_body(body, coding, MAX_LOOKED_THROUGH, whole=False)


def _cut(message: http.Message) -> int:
    body = message.raw_content or b""
    if len(body) > MAX_BODY:
        message.raw_content = body[:MAX_BODY]
    return max(0, len(body) - MAX_BODY)
