"""Server-sent events out of bytes, as the WHATWG HTML standard interprets an event stream (section 9.2.6).

The contract: `feed` takes bytes cut anywhere and returns the events they complete, each as soon as the standard lets it be dispatched.
It never raises on what a server may send, its cost is linear in the bytes however they are cut, and what it keeps is bounded.

Lines and fields are found in the bytes, and only values are decoded. A line end never lies within a UTF-8 sequence, so the text is the
same as if the whole stream had been decoded first, replacement characters included.
"""

import sys
from itertools import repeat

import msgspec

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""Default bound of each field of an event (bytes). The largest known data, an image in base64, has a few MiB."""

_LONG_LINE = 4096
"""From this length (bytes) an unfinished line is kept in a bytearray, which grows in place. Below it, joining bytes is quicker."""

_MANY = 512
"""From this size (bytes) a piece is likely to hold several events, and worth a look for a run of them."""

_MAX_DIGITS = sys.int_info.str_digits_check_threshold
"""`int` may refuse numbers with more digits than this, depending on the environment. A longer `retry` is ignored."""

_BOM = b"\xef\xbb\xbf"
_FIELDS = (b"data", b"event", b"id", b"retry")
_DATA, _EVENT = "data: ", "event: "
_LONGEST_PREFIX = len(b"event: ")


class ServerSentEvent(msgspec.Struct, frozen=True, gc=False):
    """One event. `event` is "message" when unnamed, `id` the last event id, `retry` (ms) the one among this event's own lines."""

    event: str
    data: str
    id: str = ""
    retry: int | None = None


class Run(msgspec.Struct, frozen=True, gc=False):
    """Events one after the other that differ in their one line of data alone, as nearly all of a model's do."""

    event: str
    data: list[str]
    id: str

    def events(self) -> list[ServerSentEvent]:
        return [*map(ServerSentEvent, repeat(self.event), self.data, repeat(self.id))]


def run_of(block: bytes | bytearray, id: str) -> Run | None:
    """The run that a block of whole events is, if it is one. The block is searched as a whole: half of what a loop costs an event."""
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return None  # `_take` puts in the replacement characters
    at = text.find(_DATA)
    head = text[: at + len(_DATA)]
    if at and not (head.startswith(_EVENT) and head.find("\n") == at - 1):
        return None
    data = text[len(head) : -2].split("\n\n" + head)
    if text.count("\n") != len(data) * (3 if at else 2):
        return None  # there are other lines in it
    return Run(head[len(_EVENT) : at - 1] or "message", data, id)


class SSEDecoder:
    """Decodes an event stream.

    `last_event_id` and `retry` (ms) are what the stream has set so far. `skipped` counts the events left out because a field of theirs
    (of the data: all lines together) has more than `max_event_bytes` bytes; the stream goes on after such an event.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self.last_event_id = ""
        self.retry: int | None = None
        self.skipped = 0
        self._max = max_event_bytes
        self._many = min(_MANY, max_event_bytes + 1)
        self._id = ""
        self._begin_stream()

    @property
    def is_between(self) -> bool:
        """Whether all that was fed has been an event's end: what comes next begins one."""
        return not (self._line or self._special or self._data is not None or self._event != "message") and self._usual

    def close(self) -> list[ServerSentEvent]:
        """End the stream. The standard drops an unfinished event, so the list is always empty. What is fed next begins a new stream."""
        self._begin_stream()
        return []

    def _begin_stream(self) -> None:
        self._start: bytes | None = b""  # the first bytes, as long as they may become a byte order mark
        self._special = True  # the next bytes need `_normalised` even when there is no CR among them
        self._line: bytes | bytearray = b""  # the unfinished line
        self._bound = min(_LONG_LINE, self._max + _LONGEST_PREFIX)  # length from which it is looked at
        self._begin_event()

    def _begin_event(self) -> None:
        self._data: bytes | bytearray | None = None
        self._event = "message"
        self._own_retry: int | None = None
        self._oversized = False
        self._usual = True  # so far nothing but names and one line of data

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Take the next bytes, return the events they complete.

        Nearly every event is `event: …`, one `data: …` and an empty line. The loop has a short way for these three, inline because a
        call costs as much as such a line. `_take` handles all other lines, and would handle these to the same effect.
        """
        if self._special or 13 in data:  # CR
            data = self._normalised(data)
        if 10 not in data:  # LF
            self._line += data
            if len(self._line) > self._bound:
                self._bound_line()
            return []
        text = self._line + data
        if len(text) >= self._many:
            if run := self._take_run(text):
                return self._unfold(run)
            if len(text) > self._max:  # there may be a field to leave out
                return self._take_lines(text)
        lines = text.split(b"\n")
        self._line = lines.pop()
        events = []
        for line in lines:
            try:
                if not line and self._data is not None and self._usual:
                    events.append(ServerSentEvent(self._event, self._data.decode(), self._id))
                    self._data = None
                    self._event = "message"
                    continue
                name, _, value = line.partition(b": ")
                if name == b"data" and self._data is None:
                    self._data = value
                    continue
                if name == b"event":
                    self._event = value.decode() or "message"
                    continue
            except UnicodeDecodeError:
                pass  # `_take` puts in the replacement characters. Asking for them here would slow down every event
            if event := self._take(line):
                events.append(event)
        return events

    def _unfold(self, run: Run) -> list[ServerSentEvent]:
        return run.events()

    def _take_run(self, text: bytes | bytearray) -> Run | None:
        """Take everything, if its whole events are a run, and keep what follows them."""
        if self._data is not None or not self._usual or self._event != "message":
            return None  # the first event has begun already
        end = text.rfind(b"\n\n") + 2
        if end == 1 or len(text) > self._max or not (run := run_of(text[:end], self._id)):
            return None
        self._line = text[end:]
        # A first line that has no effect by itself may wait with the second: the next run is then whole.
        if (lines := self._line.count(b"\n")) and not (lines == 1 and self._line.startswith((b"data: ", b"event: "))):
            self._take_lines(self._line)
        return run

    def _take_lines(self, text: bytes | bytearray) -> list[ServerSentEvent]:
        lines = text.split(b"\n")
        self._line = lines.pop()
        return [event for line in lines if (event := self._take(line))]

    def _normalised(self, data: bytes) -> bytes:
        """The bytes without byte order mark, every line end an LF. A CR ends its line at once, so an LF that follows is dropped."""
        if self._start is not None:
            data = self._start + data
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._start = data
                return b""
            self._start = None
            data = data.removeprefix(_BOM)
        elif self._special:
            if not data:
                return b""
            data = data.removeprefix(b"\n")
        self._special = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _bound_line(self) -> None:
        """Keep a long unfinished line within the bound, at a cost that does not depend on its length."""
        if 10 in self._line:  # `_take_run` kept two
            self._take_lines(self._line)
        name = self._line[:_LONGEST_PREFIX].partition(b":")[0]
        if name not in _FIELDS:
            self._line = b":"  # a comment, or a field to ignore: the rest of it does not matter either
        elif len(self._line) > self._max + _LONGEST_PREFIX:
            self._leave_out(name)
            self._line = b":"
        else:
            self._line = bytearray(self._line)  # which grows in place
            self._bound = self._max + _LONGEST_PREFIX  # looked at again only then

    def _take(self, line: bytes | bytearray) -> ServerSentEvent | None:
        """Process one line, as the standard words it. Only an empty line can give an event."""
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        if name not in _FIELDS:
            return None
        self._usual = False
        value = value.removeprefix(b" ")
        if len(value) > self._max:
            self._leave_out(name)
        elif name == b"data":
            self._add(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace") or "message"
        elif name == b"id":
            if 0 not in value:
                self._id = value.decode("utf-8", "replace")
        elif value.isdigit() and len(value) <= _MAX_DIGITS:
            self.retry = self._own_retry = int(value)
        return None

    def _add(self, value: bytes | bytearray) -> None:
        """Add a line to the data."""
        if self._data is None:
            self._data = value
        elif len(self._data) + 1 + len(value) > self._max:
            self._leave_out(b"data")
        else:
            if isinstance(self._data, bytes):
                self._data = bytearray(self._data)
            self._data += b"\n" + value

    def _leave_out(self, name: bytes | bytearray) -> None:
        """A field is too large: its event will be left out. Too much data is still data, so that the event is counted."""
        self._usual = False
        self._oversized = True
        if name == b"data":
            self._data = b""

    def _dispatch(self) -> ServerSentEvent | None:
        """End the event at an empty line. Without data only its id takes effect."""
        event = None
        self.last_event_id = self._id
        if self._data is not None and self._oversized:
            self.skipped += 1
        elif self._data is not None:
            event = ServerSentEvent(event=self._event, data=self._data.decode("utf-8", "replace"), id=self._id, retry=self._own_retry)
        self._begin_event()
        return event
