"""Google's streamGenerateContent without `alt=sse`: the same payloads as `google`, in one JSON array that grows."""

from collections.abc import Iterator

from amp_addons.sim.google import OVERLOADED, error, payloads, truth, whole, wishes
from amp_addons.sim.sse import encode
from amp_addons.sim.turn import Turn

__all__ = ["CONTENT_TYPE", "error", "error_events", "events", "payloads", "truth", "whole", "wishes"]

CONTENT_TYPE = "application/json; charset=UTF-8"


def events(turn: Turn) -> Iterator[bytes]:
    """The array in pieces, one item each."""
    for number, payload in enumerate(payloads(turn)):
        yield b"%b%b" % (b",\r\n" if number else b"[", encode(payload))
    yield b"\n]\n"


def error_events(turn: Turn) -> Iterator[bytes]:
    """What an overloaded service sends in mid-stream: one item more, then the end of the array."""
    yield b",\r\n%b\n]\n" % encode(OVERLOADED)
