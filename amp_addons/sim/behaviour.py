"""How the simulated service is to answer one request: by default, by scenario, or by what the request's own headers ask for."""

from collections.abc import Iterable, Mapping

import msgspec

from amp_addons.sim.coding import CODINGS
from amp_addons.sim.faults import FAULTS

PREFIX = "x-sim-"

MAX_EVENTS = 2_000_000
MAX_SIZE = 1 << 20
MAX_TEXT = 1 << 30
"""Bytes of text in one answer: all events together."""

MAX_PACE = 60.0
MAX_DELAY = 600.0


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer's manners; each field is also a header, `x-sim-pace: 0.02`.

    pace      seconds between events; 0 writes as fast as the client reads
    delay     seconds before the first byte of the answer
    encoding  identity, gzip, deflate, br, zstd, several joined by commas, or auto: the first that the client accepts
    error     a status from 400 up, or the name of a fault
    at        how many events (pieces of the body) go out before a fault in mid-stream; by default half of them
    events    pieces of text in the answer
    size      bytes of text in each
    seed      what the content is drawn from
    thinking  whether the model thinks aloud, even when not asked to
    tools     tools called; by default one when the request offers any
    echo      whether the text is what the user said last, in pieces of `size` characters
    stamp     whether each event's JSON begins with `sim_ns`, the time of `time.monotonic_ns` when it went out
    """

    pace: float = 0.0
    delay: float = 0.0
    encoding: str = "identity"
    error: str = ""
    at: int | None = None
    events: int = 8
    size: int = 24
    seed: int = 0
    thinking: bool = False
    tools: int | None = None
    echo: bool = False
    stamp: bool = False

    def __post_init__(self) -> None:
        _within("pace", self.pace, MAX_PACE)
        _within("delay", self.delay, MAX_DELAY)
        _within("events", self.events, MAX_EVENTS)
        _within("size", self.size, MAX_SIZE)
        _within("events times size", self.events * self.size, MAX_TEXT)
        _within("at", self.at or 0, MAX_EVENTS)
        _within("tools", self.tools or 0, 100)
        for coding in self.codings:
            _one_of("encoding", coding, CODINGS)
        if not (self.error.isdigit() and 400 <= int(self.error) <= 599):
            _one_of("error", self.error, ["", *FAULTS])

    @property
    def codings(self) -> list[str]:
        """Content codings in the order they are applied."""
        return [coding for coding in self.encoding.replace(" ", "").split(",") if coding not in ("identity", "auto")]

    def changed(self, options: Mapping[str, object]) -> "Behaviour":
        """This behaviour with some fields replaced, from text where they come from a header. Raises ValueError."""
        if not options:
            return self
        try:
            return msgspec.convert({**msgspec.structs.asdict(self), **options}, Behaviour, strict=False)
        except msgspec.ValidationError as error:
            raise ValueError(f"simulator option: {error}") from None


def asked(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The options among a request's headers."""
    named = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers)
    return {name.removeprefix(PREFIX): value for name, value in named if name.startswith(PREFIX)}


def _within(name: str, value: float, most: float) -> None:
    if not 0 <= value <= most:
        raise ValueError(f"{name} is {value}, expected 0 to {most}")


def _one_of(name: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        raise ValueError(f"{name} is {value!r}, expected one of: {', '.join(filter(None, choices))}")
