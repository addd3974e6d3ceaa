"""Reading one event stream beside its way to the client: bytes as they were on the wire in, typed events and tallies out.

Contract: nothing here raises on any input, memory is bounded by the decoders' limits and `MAX_TYPES`, and the cost of a chunk
does not depend on what came before it.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from amp_addons.core.encoding import ContentDecoder
from amp_addons.core.scrub import scrub_text
from amp_addons.core.sse import ServerSentEvent, SSEDecoder

MAX_TYPES = 256
"""Distinct event types counted by name in one stream; the richest API (OpenAI Responses) has about 60. Others count as `OTHER`."""

OTHER = "(other)"
DONE = "[DONE]"
LAST = frozenset([DONE, "message_stop", "response.completed", "response.failed", "response.incomplete", "disconnect"])
"""Types of event after which nothing more is said: clients hang up on them without waiting for the end of the body."""


def expects_events(status: int, content_type: str | None, asked: bool) -> bool:
    """Whether an answer is an event stream: by its content type, or because one was asked for and nothing speaks against it.

    Some servers forget the content type, or give a general one; an answer to a request for a stream that says it is JSON,
    or that is an error, is no event stream.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type == "text/event-stream":
        return True
    return asked and status == 200 and media_type in ("", "text/plain", "application/octet-stream", "binary/octet-stream")


type Chunk = tuple[float, bytes]
"""When a piece of a body arrived, and the piece, as it was on the wire."""

type Seen = tuple[float, str, int]
"""When an event was complete, its type, and the bytes of its data in UTF-8."""


class _Payload(msgspec.Struct, gc=False):
    # Any: a payload whose `type` is not a string still has an `object`.
    type: Any = None
    object: Any = None


_payload = msgspec.json.Decoder(_Payload)


def event_type(event: ServerSentEvent) -> str:
    """The payload's `type`, else its `object`, else the event's own name; `[DONE]` for the marker that ends chat streams."""
    data = event.data
    if data[:1] == "{":
        try:
            payload = _payload.decode(data)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return event.event
        if isinstance(payload.type, str):
            return payload.type
        if isinstance(payload.object, str):
            return payload.object
    elif data == DONE:
        return DONE
    return event.event


class StreamWatch:
    """Decodes one answer's body and keeps its tallies: `counts` (event type -> events) and `events` (how many in all)."""

    __slots__ = ("_content", "_cut", "_labels", "_sse", "counts", "events")

    def __init__(self, content_encoding: str | None = None) -> None:
        self._content = ContentDecoder(content_encoding) if content_encoding and content_encoding.lower() != "identity" else None
        self._cut = False
        self._sse = SSEDecoder()
        self._labels: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.events = 0

    def feed(self, chunks: Iterable[Chunk]) -> list[Seen]:
        """Take body bytes as they were on the wire; return what was seen of the events they complete.

        One call may take what many chunks brought, which is cheaper than a call each. With an encoding, a chunk each is
        decoded all the same: the bounds of `ContentDecoder` hold per call.
        """
        decode = self._content.feed if self._content is not None else None
        found: list[Seen] = []
        for at, data in chunks:
            if events := self._sse.feed(decode(data) if decode else data):
                self._take(events, at, found)
        return found

    def close(self, at: float, *, cut: bool = False) -> list[Seen]:
        """Take the end of the body, or its being `cut`: then an encoding that stops in the middle is no error of its own."""
        found: list[Seen] = []
        self._cut = cut and self._content is not None and self._content.error is None
        if self._content is not None:
            self._take(self._sse.feed(self._content.close()), at, found)
        self._take(self._sse.close(), at, found)
        return found

    def _take(self, events: list[ServerSentEvent], at: float, found: list[Seen]) -> None:
        counts, labels = self.counts, self._labels
        for event in events:
            raw = event_type(event)
            label = labels.get(raw) or self._label(raw)
            if label is not DONE:
                counts[label] = counts.get(label, 0) + 1
            data = event.data
            found.append((at, label, len(data) if data.isascii() else len(data.encode("utf-8", "surrogatepass"))))
        self.events += len(events)

    def _label(self, raw: str) -> str:
        # Names come from the traffic: scrubbed once, and bounded in number.
        if raw == DONE:
            self._labels[raw] = DONE
            return DONE
        if len(self._labels) >= MAX_TYPES:
            return OTHER
        label = self._labels[raw] = scrub_text(raw)
        return label

    @property
    def is_finished(self) -> bool:
        """Whether the last event that its API sends has been seen."""
        return not LAST.isdisjoint(self._labels)

    @property
    def is_encoded(self) -> bool:
        return self._content is not None

    @property
    def errors(self) -> list[str]:
        """What could not be read, as sentences."""
        found = []
        if self._content is not None and self._content.error and not self._cut:
            found.append(self._content.error)
        if self._sse.skipped:
            found.append(f"{self._sse.skipped} events larger than the limit were skipped")
        return found
