"""From a body's bytes to what the model said: events, text, calls, tokens, live and for every API.

    reader = StreamReader()
    for chunk in body:
        for event in reader.feed(chunk):
            ...
    reader.close()
    reader.summary()

Contract: nothing here raises on any bytes, and memory is bounded, whatever comes. Content codings are `core.encoding`'s business.
"""

from typing import Any

import msgspec

from amp_addons.core.alike import LONG, runs_in
from amp_addons.core.apis import reading_of
from amp_addons.core.apis.unknown import Unknown
from amp_addons.core.json_items import JsonItems
from amp_addons.core.payload import loads, well_formed
from amp_addons.core.reading import Delta, ReadError, Reading, Summary
from amp_addons.core.recognise import api_of
from amp_addons.core.scrub import scrub_text
from amp_addons.core.sse import MAX_EVENT_BYTES, Run, ServerSentEvent, SSEDecoder
from amp_addons.core.stream import DONE, MAX_TYPES, OTHER

MAX_BODY = 16 * 1024 * 1024
"""Bytes kept of a JSON body that is no stream."""

MAX_LABEL = 200
"""Characters kept of an event type."""

MAX_EARLY = 100
"""Events among which the API must show itself."""

_MAX_EARLY_SIZE = 64 * 1024


class StreamEvent(msgspec.Struct, frozen=True, gc=False):
    """One event: its type as in `Summary.event_counts`, the bytes of its data, what output it brought, its number from 0."""

    type: str
    size: int
    delta: Delta | None
    seq: int
    text: str | None = None
    """What it said, where that was asked for (`core.watch`)."""


class _Decoder(SSEDecoder):
    """Keeps what the standard ignores: an `error:` field, with which llama.cpp's server reports errors."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[bytes] = []

    def _take(self, line: bytes | bytearray) -> ServerSentEvent | None:
        if line.startswith(b"error:") and len(self.errors) < MAX_EARLY:
            self.errors.append(bytes(line[6 : 6 + _MAX_EARLY_SIZE]))
        return super()._take(line)

    def _unfold(self, run: Run) -> list[Any]:
        return [run]  # for `StreamReader._take_run`


class StreamReader:
    """Reads one answer's body. Without an `api` (a key of `core.apis.READERS`) it is recognised from the first events.

    Without `events` nothing comes out but the summary, somewhat quicker. Without `text` the summary has neither text nor calls.

    A body whose first character is `{` is read at its end as an answer without a stream, one that begins with `[` item by item.
    """

    def __init__(self, api: str | None = None, *, events: bool = True, text: bool = True) -> None:
        self._api = api
        self._wanted = events
        self._keeps = text
        self._reading = self._new_reading(api)
        self._seeking = api is None
        self._early: list[ServerSentEvent] = []
        self._sse = _Decoder()
        self._items: JsonItems | None = None
        self._body: bytearray | None = None
        self._begun = False
        self._streams = False  # it has begun, and is an event stream
        self._cut = False
        self._seq = 0
        self._counts: dict[str, int] = {}
        self._labels: dict[str, str] = {}

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Take the next bytes of the body, return the events they complete."""
        if not self._streams:
            if not self._begun:
                data = self._begin(data)
            if self._body is not None:
                if len(self._body) <= MAX_BODY:
                    self._body += data
                return []
            if self._items is not None:
                return self._take([ServerSentEvent("message", item.decode("utf-8", "replace")) for item in self._items.feed(data)])
            self._streams = self._begun
        events: list[Any] = self._sse.feed(data)
        if self._sse.errors:
            self._take_error_fields()
        if not events:
            return events
        return self._take_run(events[0]) if type(events[0]) is Run else self._take(events)

    def skim(self, data: bytes) -> int:
        """Take the next bytes as `feed` does, and only count the events they complete."""
        before, wanted = self._seq, self._wanted
        self._wanted = False
        if LONG <= len(data) <= MAX_EVENT_BYTES and 13 not in data and self._streams and self._sse.is_between:
            for piece in runs_in(data, self._sse.last_event_id):
                if isinstance(piece, Run):
                    self._take_run(piece)
                else:
                    self.feed(piece)
        else:
            self.feed(data)
        self._wanted = wanted
        return self._seq - before

    def close(self, cut: bool = False) -> None:
        """Take the end of the body; `cut` when one side broke it off."""
        self._cut = cut
        self._sse.close()
        if self._body is not None:
            self._take_body(bytes(self._body))
            self._body = bytearray()

    def summary(self) -> Summary:
        """What the answer amounts to so far."""
        reading = self._reading
        return Summary(
            api=reading.api or self._api,
            model=well_formed(reading.model) if reading.model else None,
            id=well_formed(reading.id) if reading.id else None,
            text=reading.text,
            thinking=reading.thinking,
            refusal=reading.refusal,
            tool_calls=reading.tool_calls(),
            stop_reason=well_formed(reading.stop_reason) if reading.stop_reason else None,
            tokens=dict(reading.tokens),
            usage=reading.usage(),
            errors=[*reading.errors, *self._unread()],
            event_counts=dict(self._counts),
            ended="error" if reading.errors else "complete" if reading.finished else "aborted" if self._cut else "truncated",
        )

    @property
    def event_counts(self) -> dict[str, int]:
        """Events so far by type, `[DONE]` left out: the reader's own dict, to look at."""
        return self._counts

    def _begin(self, data: bytes) -> bytes:
        """Tell an event stream from JSON by the first character. White space before it means nothing in either."""
        start = data.lstrip(b" \t\r\n\xef\xbb\xbf")
        self._begun = bool(start)
        if start.startswith(b"{"):
            self._body = bytearray()
            return start
        if start.startswith(b"["):
            self._items = JsonItems()
            return start
        return data

    def _take(self, events: list[ServerSentEvent]) -> list[StreamEvent]:
        if not self._seeking:
            return self._read(events)
        found: list[StreamEvent] = []
        for event in events:
            if self._seeking:
                self._seek(event)
            found += self._read([event])
        return found

    def _take_run(self, run: Run) -> list[StreamEvent]:
        data = run.data
        found = None if self._seeking else self._reading.take_run(data, run.event)
        if found is None:
            return self._take(run.events())
        kind, delta = found
        label = self._labels.get(kind) or self._label(kind)
        first, counts = self._seq, self._counts
        self._seq = first + len(data)
        counts[label] = counts.get(label, 0) + len(data)
        if not self._wanted:
            return []
        return [StreamEvent(label, _size(line), delta, seq) for seq, line in enumerate(data, first)]

    def _read(self, events: list[ServerSentEvent]) -> list[StreamEvent]:
        # Events of a type come in long runs: what depends on the type alone is done once a run.
        take, seq, run, wanted = self._reading.take, self._seq, self._seq, self._wanted
        last: str | None = ""
        label = ""
        found: list[StreamEvent] = []
        for event in events:
            data = event.data
            kind, delta = take(data, event.event)
            if kind is not last or data == DONE:
                self._count(label, seq - run)
                # The marker is no type: what follows it begins a run of its own, though its type may be the same.
                last, label = (None, DONE) if data == DONE else (kind, self._labels.get(kind) or self._label(kind))
                run = seq
            if wanted:
                found.append(StreamEvent(label, _size(data), delta, seq))
            seq += 1
        self._count(label, seq - run)
        self._seq = seq
        return found

    def _count(self, label: str, times: int) -> None:
        if times and label is not DONE:
            self._counts[label] = self._counts.get(label, 0) + times

    def _label(self, kind: str) -> str:
        # Types come from the traffic: scrubbed once, and bounded in number and length.
        if len(self._labels) >= MAX_TYPES or len(kind) > MAX_LABEL:
            return OTHER
        label = self._labels[kind] = well_formed(scrub_text(kind))
        return label

    def _seek(self, event: ServerSentEvent) -> None:
        """Look for the API's marks in an event; once found, let its reading take what came before."""
        api = api_of(event.data, event.event)
        if api is None:
            if len(event.data) <= _MAX_EARLY_SIZE:
                self._early.append(event)
            self._seeking = self._seq < MAX_EARLY
        else:
            self._settle(api)
        if not self._seeking:
            self._early.clear()

    def _settle(self, api: str) -> None:
        self._seeking = False
        reading = self._new_reading(api)
        for event in self._early:
            reading.take(event.data, event.event)
        reading.errors = [*reading.errors, *(error for error in self._reading.errors if error not in reading.errors)]
        self._reading = reading

    def _new_reading(self, api: str | None) -> Reading:
        reading = reading_of(api) or Unknown()
        if not self._keeps:
            reading.keep_no_text()
        return reading

    def _take_body(self, body: bytes) -> None:
        if len(body) > MAX_BODY or loads(body) is None:
            self._reading.unreadable += 1
            return
        if self._seeking and (api := api_of(body)):
            self._settle(api)
        self._reading.whole(body)

    def _take_error_fields(self) -> None:
        for line in self._sse.errors:
            text = line.decode("utf-8", "replace").strip()
            self._reading.add_error_of(loads(text) or text)
        self._sse.errors.clear()

    def _unread(self) -> list[ReadError]:
        """What could not be read, as errors of ours: they do not end an answer."""
        skipped = self._sse.skipped + (self._items.skipped if self._items else 0)
        notes = [(self._reading.unreadable, "could not be read"), (skipped, "larger than the limit, left out")]
        return [ReadError("unreadable", f"{count} events {what}") for count, what in notes if count]


def _size(data: str) -> int:
    return len(data) if data.isascii() else len(data.encode("utf-8", "replace"))
