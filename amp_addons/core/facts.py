"""What a recording says of a flow beside its messages: when each piece of the answer came, what was larger on the wire than it is in the
recording, what rules did, and how it ended. Kept in `flow.metadata` as plain values, so that every mitmproxy reads the file.

From a recording nothing is taken for granted: what does not make sense is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal, NamedTuple

import msgspec

from amp_addons.core.clock import LAST_TIME, sane_time
from amp_addons.core.events import Ended, Outcome, RedactionDone, RuleAction
from amp_addons.core.payload import well_formed
from amp_addons.core.stream import Chunk

MAX_BYTES = 2**63 - 1
"""The largest size that is believed: what JSON readers take for a whole number."""

PREFIX = "amp."
"""Before each name, as in all metadata of the suite."""

type Said = RuleAction | RedactionDone


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """All that cannot be worked out from the messages once more."""

    recording: Literal[1] = 1
    """The version of all this."""
    chunk_ms: str = ""
    """When each piece of the answer came, `[12.3457,0.41]`: milliseconds since the one before (the first: since the request began).
    Exact: the clock's own steps are coarser than 0.0001 ms."""
    chunk_bytes: str = ""
    """The size of each piece here, `[230,1460]`."""
    chunk_wire_bytes: str = ""
    """The size of each piece on the wire, where that is another."""
    data_bytes: str = ""
    """Server-sent events whose data was of another size: `12:345`, number (from 0) and bytes."""
    message_bytes: str = ""
    """The same for WebSocket messages."""
    request_bytes: int | None = None
    response_bytes: int | None = None
    """Sizes of the bodies on the wire."""
    request_cut: int = 0
    response_cut: int = 0
    """Bytes at the end of the bodies that were too many to be recorded."""
    messages_cut: int = 0
    """WebSocket messages at the end that were too many to be recorded."""
    unread: str = ""
    """What was wrong with the content coding of a stream whose body is left out for that."""
    said: str = ""
    """The events `rule.action` and `redaction`, as JSON Lines: those up to the answer, an empty line, those of the answer."""
    ended_at: float | None = None
    """When the flow was over, in seconds since the epoch."""
    ended: Ended = "complete"
    """How the connection ended; what the stream itself says of its end is in the stream."""
    outcome: Outcome = "ok"
    error: str = ""
    upstream: str = ""
    credential: str = ""

    def metadata(self) -> dict[str, Any]:
        """As it is kept in a flow."""
        return {PREFIX + name: value for name, value in msgspec.to_builtins(self).items()} | {PREFIX + "recording": self.recording}

    @cached_property
    def sizes(self) -> dict[int, int]:
        return _numbers(self.data_bytes)

    @cached_property
    def message_sizes(self) -> dict[int, int]:
        return _numbers(self.message_bytes)

    def pieces(self, started: float, body: bytes) -> "Pieces":
        """The recorded body in its pieces."""
        steps, sizes = _floats(self.chunk_ms), _ints(self.chunk_bytes)
        if len(steps) != len(sizes) or not steps:
            return Pieces(body, [self.ended_at or started], [len(body)], 0.0)
        times = [*accumulate([step / 1000 for step in steps], initial=started)]
        del times[0]
        if min(times) < 0 or max(times) > LAST_TIME:  # hostile numbers: there is no way to write such a time
            times = [min(max(0.0, at), LAST_TIME) for at in times]
        return Pieces(body, times, [*accumulate(sizes[:-1]), len(body)], max(steps) / 1000)  # what is more, or less, is in the last


class Pieces(NamedTuple):
    """A body, when each of its pieces came (seconds since the epoch), where it ends, and the longest time between two."""

    body: bytes
    times: Sequence[float]
    ends: Sequence[int]
    longest: float

    def until_pause(self, first: int, pause: float) -> int:
        """The piece before which nothing came for so many seconds, or the number of all."""
        times = self.times
        if self.longest <= pause:
            return len(times)
        return next((at for at in range(first + 1, len(times)) if times[at] - times[at - 1] > pause), len(times))

    def chunks(self, first: int = 0, stop: int | None = None) -> list[Chunk]:
        """Some of the pieces, each with its time."""
        starts = [self.ends[first - 1] if first else 0, *self.ends[first:stop]]
        return [(at, self.body[start:end]) for at, start, end in zip(self.times[first:stop], starts, self.ends[first:stop], strict=False)]

    def together(self, first: int, stop: int) -> list[Chunk]:
        """The same as one piece, with the time of its last."""
        return [(self.times[stop - 1], self.body[self.ends[first - 1] if first else 0 : self.ends[stop - 1]])]


_said: tuple[msgspec.json.Decoder[Said], ...] = (msgspec.json.Decoder(RuleAction), msgspec.json.Decoder(RedactionDone))
_NAMES = frozenset(PREFIX + name for name in Facts.__struct_fields__)


def facts_of(metadata: Mapping[Any, Any]) -> Facts | None:
    """What a recording of this suite says of a flow; None for one of another tool, or when it makes no sense."""
    if PREFIX + "recording" not in metadata:
        return None
    given = {name: value for name, value in metadata.items() if isinstance(name, str) and name in _NAMES}
    try:
        return _sensible(msgspec.convert({name.removeprefix(PREFIX): _text(value) for name, value in given.items()}, Facts))
    except (msgspec.ValidationError, RecursionError):
        return None


def _text(value: Any) -> Any:
    return well_formed(value) if isinstance(value, str) else value


def _sensible(facts: Facts) -> Facts | None:
    """The facts, where their numbers can be."""
    sizes = (facts.request_bytes or 0, facts.response_bytes or 0, facts.request_cut, facts.response_cut, facts.messages_cut)
    times = facts.ended_at is None or sane_time(facts.ended_at) == facts.ended_at
    return facts if times and min(sizes) >= 0 and max(sizes) <= MAX_BYTES else None


class Chunks(NamedTuple):
    """What says of an answer's pieces when they came, and how large they are here and on the wire: fields of `Facts`."""

    chunk_ms: str = ""
    chunk_bytes: str = ""
    chunk_wire_bytes: str = ""


def chunks_of(started: float, times: Iterable[float], wire: Sequence[int], kept: Sequence[int]) -> Chunks:
    """The pieces by arrival (seconds since the epoch), size on the wire, and size in the recording."""
    steps, before = [], started
    for at in times:
        steps.append(round((at - before) * 1000, 4))
        before = at
    return Chunks(_json(steps), _json(kept), "" if list(wire) == list(kept) else _json(wire)) if steps else Chunks()


def sizes_text(before: Sequence[int], after: Sequence[int]) -> str:
    """What goes into `Facts.data_bytes`: the sizes before, where they differ."""
    pairs = enumerate(zip(before, after, strict=False))
    return " ".join(f"{number}:{size}" for number, (size, here) in pairs if size != here)


def said_text(before: Sequence[Said], after: Sequence[Said]) -> str:
    """What goes into `Facts.said`."""
    if not before and not after:
        return ""
    return "\n".join([*map(_line, before), "", *map(_line, after)])


def said_events(said: str) -> tuple[list[Said], list[Said]]:
    """The events up to the answer, and those of the answer."""
    before, mark, after = said.partition("\n\n") if not said.startswith("\n") else ("", "\n", said[1:])
    return _events(before), _events(after) if mark else []


def _line(event: Said) -> str:
    return msgspec.json.encode(event).decode()


def _events(lines: str) -> list[Said]:
    found: list[Said] = []
    for line in lines.split("\n"):  # JSON may have other line ends in its strings
        for decoder in _said:
            with suppress(msgspec.DecodeError, UnicodeError):
                found.append(decoder.decode(line))
    return found


def _json(numbers: Sequence[float]) -> str:
    return msgspec.json.encode(numbers).decode()


def _floats(text: str) -> list[float]:
    try:
        return msgspec.json.decode(text, type=list[float])
    except (msgspec.DecodeError, UnicodeError):
        return []


def _ints(text: str) -> list[int]:
    try:
        found = msgspec.json.decode(text, type=list[int])
    except (msgspec.DecodeError, UnicodeError):
        return []
    return found if not found or min(found) >= 0 else []


_LONGEST = 37
"""Characters of two of the largest sizes that are believed (`MAX_BYTES`)."""


def _numbers(text: str) -> dict[int, int]:
    found = {}
    for part in text.split():
        number, _, size = part.partition(":")
        if number.isdecimal() and size.isdecimal() and len(part) <= _LONGEST:
            found[int(number)] = int(size)
    return found
