"""Ways in which a service goes wrong: each turns a sound reply into a faulty one.

Faults in mid-stream happen after `at` pieces of the body. A statement of what each does to the client is in FAULTS.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache

from amp_addons.sim.coding import encoded
from amp_addons.sim.message import Act, Header, Piece, Reply

type Fault = Callable[[Reply, int], Reply]

BOMB = 200 * 1024 * 1024
"""Bytes that the body of a `bomb` has when decoded; on the wire it has some hundreds."""


def afflict(reply: Reply, fault: str, at: int | None) -> Reply:
    """The reply with a fault, by default in its middle."""
    return FAULTS[fault](reply, reply.count // 2 if at is None else at)


def _breaks_off(act: Act) -> Fault:
    return lambda reply, at: replace(reply, pieces=_broken_off(reply.pieces, at, act))


def _broken_off(pieces: Iterable[Piece], at: int, act: Act) -> Iterator[Piece]:
    for number, piece in enumerate(pieces):
        if number == at:
            # Half an event is the worst place to stop at.
            yield piece[: len(piece) // 2] if isinstance(piece, bytes) else piece
            break
        yield piece
    yield act


def _instead(*pieces: Piece) -> Fault:
    return lambda reply, at: replace(reply, raw=True, pieces=pieces)


def _corrupt(reply: Reply, at: int) -> Reply:
    return replace(reply, pieces=_corrupted(reply.pieces, at))


def _corrupted(pieces: Iterable[Piece], at: int) -> Iterator[Piece]:
    for number, piece in enumerate(pieces):
        yield random.Random(number).randbytes(len(piece)) if number >= at and isinstance(piece, bytes) else piece


def _claims(name: bytes, value: bytes | None) -> Fault:
    return lambda reply, at: replace(reply, headers=_with(reply.headers, name, value))


def _with(headers: Iterable[Header], name: bytes, value: bytes | None) -> list[Header]:
    others = [header for header in headers if header[0] != name]
    return others if value is None else [*others, (name, value)]


def _length(claim: Callable[[int], bytes]) -> Fault:
    def fault(reply: Reply, at: int) -> Reply:
        pieces = list(reply.pieces)
        length = sum(len(piece) for piece in pieces if isinstance(piece, bytes))
        # What follows a wrong length is no answer to the next request: close.
        return replace(reply, headers=_with(reply.headers, b"content-length", claim(length)), pieces=[*pieces, Act.CUT])

    return fault


def _bomb(reply: Reply, at: int) -> Reply:
    codings = next((value.decode() for name, value in reply.headers if name == b"content-encoding"), "br")
    headers = _with(_with(reply.headers, b"content-length", None), b"content-encoding", codings.encode())
    return replace(reply, headers=headers, pieces=[_bomb_body(codings)])


@cache
def _bomb_body(codings: str) -> bytes:
    block = b" " * (1 << 20)
    return b"".join(encoded((block for _ in range(BOMB // len(block))), codings.split(", ")))


def _redirect(reply: Reply, at: int) -> Reply:
    return Reply(status=307, headers=[(b"location", b"https://elsewhere.example/"), (b"content-length", b"0")])


FAULTS: dict[str, Fault] = {
    "event": lambda reply, at: reply,  # an error event in mid-stream: the provider's own, see models.py
    "cut": _breaks_off(Act.CUT),
    "reset": _breaks_off(Act.RESET),
    "stall": _breaks_off(Act.STALL),
    "garbage-framing": _breaks_off(Act.GARBAGE),
    "garbage": _instead(Act.GARBAGE),
    "silent": _instead(Act.STALL),
    "hangup": _instead(Act.CUT),
    "head-cut": _instead(b"HTTP/1.1 200 OK\r\ncontent-ty", Act.CUT),
    "corrupt": _corrupt,
    "empty": lambda reply, at: replace(reply, headers=_with(reply.headers, b"content-length", None), pieces=[]),
    "length-long": _length(lambda length: b"%d" % (length + 1000)),
    "length-short": _length(lambda length: b"%d" % (length // 2)),
    "length-bad": _length(lambda length: b"%dbytes" % length),
    "encoding-lie": _claims(b"content-encoding", b"gzip"),
    "encoding-unknown": _claims(b"content-encoding", b"x-simulated"),
    "no-type": _claims(b"content-type", None),
    "wrong-type": _claims(b"content-type", b"application/octet-stream"),
    "bomb": _bomb,
    "redirect": _redirect,
}
