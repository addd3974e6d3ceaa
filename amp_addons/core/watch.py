"""Watching one answer beside its way to the client: its bytes as they were on the wire in; events, tallies and a summary out.

Contract: nothing here raises on any input, memory is bounded by the decoders' limits, and the cost of a chunk does not depend on what
came before it.
"""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from amp_addons.core.answers.filter import TextFilter
from amp_addons.core.encoding import ContentDecoder
from amp_addons.core.reader import StreamEvent, StreamReader
from amp_addons.core.reading import Summary
from amp_addons.core.scrub import MAX_TEXT
from amp_addons.core.stream import Chunk
from amp_addons.core.telling import TellingReader, said

STALL = 30.0
"""Seconds without an event that are worth a word: providers send a ping or a comment about every 15."""

type Seen = tuple[float, StreamEvent]
"""When an event was complete, and the event."""


type Mask = Callable[[], TextFilter]
"""Makes what masks secrets in a text that comes in pieces."""


class Words:
    """What events say, without secrets: deltas of a kind are one text, so that a secret cut in two is seen. What is held back at the end of
    such a text goes to the event that ends it."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._open: dict[str, TextFilter] = {}

    def add(self, event: StreamEvent, data: str) -> StreamEvent:
        if event.delta is None:
            text = "".join(found.flush() for found in self._open.values())
            self._open.clear()
        else:
            if (found := self._open.get(event.delta)) is None:
                found = self._open[event.delta] = self._mask()
            text = found.feed(said(data) or "")
        return replace(event, text=text[:MAX_TEXT]) if text else event


class StreamWatch:
    """Decodes one answer's body. With `mask` events have what they say.

    `events` counts all events, `counts` by type, `first_token` is when output began.
    """

    __slots__ = ("_content", "_cut", "_reader", "_words", "events", "first_token", "last", "longest_gap")

    def __init__(self, content_encoding: str | None = None, api: str | None = None, mask: Mask | None = None) -> None:
        self._content = ContentDecoder(content_encoding) if content_encoding and content_encoding.lower() != "identity" else None
        # Text is long, and nobody asks for all of it here.
        self._reader = StreamReader(api, text=False) if mask is None else TellingReader(api, text=False)
        self._words = Words(mask) if mask is not None else None
        self._cut = False
        self.events = 0
        self.first_token: float | None = None
        self.last: float | None = None
        self.longest_gap = 0.0

    @property
    def is_encoded(self) -> bool:
        return self._content is not None

    @property
    def counts(self) -> dict[str, int]:
        return self._reader.event_counts

    def feed(self, chunks: Iterable[Chunk]) -> list[Seen]:
        """Take body bytes as they were on the wire; return the events they complete.

        One call may take what many chunks brought, which is cheaper than a call each. With an encoding, a chunk each is
        decoded all the same: the bounds of `ContentDecoder` hold per call.
        """
        decode = self._content.feed if self._content is not None else None
        found: list[Seen] = []
        for at, data in chunks:
            if events := self._events(decode(data) if decode else data):
                self._note(at, events, found)
        return found

    def _events(self, data: bytes) -> list[StreamEvent]:
        if self._words is None or not isinstance(self._reader, TellingReader):
            return self._reader.feed(data)
        return [self._words.add(event, text) for event, text in self._reader.pairs(data)]

    def skim(self, at: float, data: bytes) -> None:
        """`feed` where nobody wants the events, which are counted, and output has begun."""
        if count := self._reader.skim(data):
            self._count(at, count)

    def close(self, at: float, *, cut: bool = False, aborted: bool = False) -> list[Seen]:
        """Take the end of the body, or its being `cut` (`aborted`: by the client).

        Then an encoding that stops in the middle is no error of its own.
        """
        found: list[Seen] = []
        self._cut = cut and self._content is not None and self._content.error is None
        if self._content is not None:
            self._note(at, self._events(self._content.close()), found)
        self._reader.close(aborted)
        if self.last is not None:
            self.longest_gap = max(self.longest_gap, at - self.last)
        return found

    def _note(self, at: float, events: list[StreamEvent], found: list[Seen]) -> None:
        self._count(at, len(events))
        if self.first_token is None and any(event.delta for event in events):
            self.first_token = at
        found += [(at, event) for event in events]

    def _count(self, at: float, events: int) -> None:
        self.events += events
        if self.last is not None and at - self.last > self.longest_gap:
            self.longest_gap = at - self.last
        self.last = at

    def summary(self) -> Summary:
        return self._reader.summary()

    @property
    def notes(self) -> list[str]:
        """What went wrong in watching, and what is worth a word, as sentences."""
        found = []
        if self._content is not None and self._content.error and not self._cut:
            found.append(self._content.error)
        if self.longest_gap >= STALL:
            found.append(f"no event came for {self.longest_gap:.0f} s")
        return found
