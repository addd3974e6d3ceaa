"""What a recording says of a flow beside its messages: when each piece of the answer came, what was larger on the wire than it is in the
recording, what rules did, and how it ended. Kept in `flow.metadata` as plain values, so that every mitmproxy reads the file.

From a recording nothing is taken for granted: what does not make sense is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from math import isfinite
from typing import Any, Literal

import msgspec

from amp_addons.core.clock import LAST_TIME
from amp_addons.core.events import Ended, Outcome, RedactionDone, RuleAction
from amp_addons.core.stream import Chunk

PREFIX = "amp."
"""Before each name, as in all metadata of the suite."""

type Said = RuleAction | RedactionDone


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that cannot be worked out from the messages once more."""

    recording: Literal[1] = 1
    """The version of all this."""
    chunks: str = ""
    """Each piece of the answer: `12.3457:230`, milliseconds since the one before (the first: since the request began), and bytes;
    `0.1000:235>230` where it had 235 bytes on the wire. Exact: the clock's own steps are coarser than 0.0001 ms."""
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

    @property
    def sizes(self) -> dict[int, int]:
        return _numbers(self.data_bytes)

    @property
    def message_sizes(self) -> dict[int, int]:
        return _numbers(self.message_bytes)

    def pieces(self, started: float, body: bytes) -> list[Chunk]:
        """The recorded body in its pieces, each with the time when it came."""
        found: list[Chunk] = []
        at, place = started, 0
        for since, size in _spans(self.chunks):
            at = min(max(0.0, at + since / 1000), LAST_TIME)
            found.append((at, body[place : place + size]))
            place += size
        if place < len(body):
            found.append((at if found else self.ended_at or started, body[place:]))
        return found


_said: tuple[msgspec.json.Decoder[Said], ...] = (msgspec.json.Decoder(RuleAction), msgspec.json.Decoder(RedactionDone))
_NAMES = frozenset(PREFIX + name for name in Facts.__struct_fields__)


def facts_of(metadata: Mapping[Any, Any]) -> Facts | None:
    """What a recording of this suite says of a flow; None for one of another tool, or when it makes no sense."""
    if PREFIX + "recording" not in metadata:
        return None
    try:
        return msgspec.convert({name.removeprefix(PREFIX): value for name, value in metadata.items() if name in _NAMES}, Facts)
    except msgspec.ValidationError:
        return None


def chunks_text(started: float, times: Iterable[float], wire: Sequence[int], kept: Sequence[int]) -> str:
    """What goes into `Facts.chunks`: pieces by arrival (seconds since the epoch), size on the wire, and size in the recording."""
    parts = []
    before = started
    for at, sent, here in zip(times, wire, kept, strict=True):
        size = str(here) if sent == here else f"{sent}>{here}"
        parts.append(f"{(at - before) * 1000:.4f}:{size}")
        before = at
    return " ".join(parts)


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
    for line in lines.splitlines():
        for decoder in _said:
            with suppress(msgspec.DecodeError):
                found.append(decoder.decode(line))
    return found


def _spans(text: str) -> Iterable[tuple[float, int]]:
    for part in text.split():
        since, _, size = part.partition(":")
        try:
            since_ms, bytes_ = float(since), int(size.rpartition(">")[2])
        except ValueError:
            return
        if not isfinite(since_ms) or bytes_ < 0:
            return
        yield since_ms, bytes_


def _numbers(text: str) -> dict[int, int]:
    found = {}
    for part in text.split():
        number, _, size = part.partition(":")
        if number.isdecimal() and size.isdecimal():
            found[int(number)] = int(size)
    return found
