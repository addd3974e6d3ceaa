"""Watching one answer beside its way to the client: its bytes as they were on the wire in; events, tallies and a summary out.

Contract: nothing here raises on any input, memory is bounded by the decoders' limits, and the cost of a chunk does not depend on what
came before it.
"""

from collections.abc import Iterable

from amp_addons.core.encoding import ContentDecoder
from amp_addons.core.reader import StreamEvent, StreamReader
from amp_addons.core.reading import Summary
from amp_addons.core.stream import Chunk

STALL = 30.0
"""Seconds without an event that are worth a word: providers send a ping or a comment about every 15."""

type Seen = tuple[float, StreamEvent]
"""When an event was complete, and the event."""


class StreamWatch:
    """Decodes one answer's body. `events` counts all events, `counts` by type, `first_token` is when output began."""

    __slots__ = ("_content", "_cut", "_reader", "events", "first_token", "last", "longest_gap")

    def __init__(self, content_encoding: str | None = None, api: str | None = None) -> None:
        self._content = ContentDecoder(content_encoding) if content_encoding and content_encoding.lower() != "identity" else None
        self._reader = StreamReader(api, text=False)  # text is long, and nobody asks for it here
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
            if events := self._reader.feed(decode(data) if decode else data):
                self._note(at, events, found)
        return found

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
            self._note(at, self._reader.feed(self._content.close()), found)
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
