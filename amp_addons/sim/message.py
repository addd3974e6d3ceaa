"""A request as it was received and the reply to it: the two values between the protocols (HTTP/1.1, HTTP/2) and the routes."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import Any, Literal
from urllib.parse import parse_qs

import msgspec

from amp_addons.sim.turn import Truth

MAX_HEAD = 64 * 1024
"""Bytes of a request's start line and headers; Node's own limit is 16 KiB."""

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a request's body: twice what Anthropic takes (32 MB)."""

type Header = tuple[bytes, bytes]


class Act(Enum):
    """What a faulty server does in mid-stream instead of sending the next piece."""

    CUT = auto()
    """Close the connection (HTTP/2: reset the stream) before the answer is over."""
    RESET = auto()
    """Break the connection with a TCP reset."""
    STALL = auto()
    """Send nothing more, and keep the connection until the client leaves."""
    GARBAGE = auto()
    """Write bytes that are no HTTP, then close the connection."""


type Piece = bytes | Act
type Ended = Literal["complete", "fault", "aborted"]


@dataclass(kw_only=True)
class Received:
    """One request. `target` and `headers` are as they came, `host` is in lower case and has no port, `sni` is the name given
    in TLS, `tunnel` the authority of the CONNECT that the request came through.

    The last fields tell how the answer went: `sent` counts pieces of the body (events of a stream) handed to the socket;
    `ended` is None while the answer is under way, and "aborted" when the client left before its end.
    """

    method: str
    target: str
    host: str
    headers: list[Header]
    http_version: str
    scheme: str = "http"
    sni: str | None = None
    tunnel: str | None = None
    body: bytes = b""

    status: int | None = None
    sent: int = 0
    ended: Ended | None = None
    tell: Callable[[], Truth] | None = field(default=None, repr=False)

    @property
    def path(self) -> str:
        """The target's path, without scheme and host if it has them."""
        path = self.target.partition("?")[0]
        return path if path.startswith("/") else "/" + path.partition("://")[2].partition("/")[2]

    @cached_property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.target.partition("?")[2], keep_blank_values=True)

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        wanted = name.lower().encode()
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == wanted), None)

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object, decompressed if need be; empty when it is none."""
        try:
            body = self.body
            if self.header("content-encoding") == "gzip":
                body = zlib.decompressobj(31).decompress(body, MAX_BODY)
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, zlib.error, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def truth(self) -> Truth | None:
        """What the client should have put together from a whole answer; None when no model answered."""
        return self.tell() if self.tell else None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer: its body comes in pieces, each written by itself. Without a content-length header it is sent in chunks."""

    status: int = 200
    headers: Sequence[Header] = ()
    pieces: Iterable[Piece] = ()
    pace: float = 0.0
    waits: Sequence[float] = ()
    """Seconds between each piece and the next, in place of a pace."""
    delay: float = 0.0
    """Seconds before the first byte."""
    raw: bool = False
    """Write the pieces as they are, without any head."""
    websocket: bool = False
    """Accept the upgrade; the pieces are messages."""
    count: int = 1
    """About how many pieces there are, for faults in the middle of them."""


GARBAGE = b"\x00\xff\xfe simulated garbage \r\n\x80\r\n\r\n"
"""What `Act.GARBAGE` writes: neither HTTP/1.1 (not even a chunk's size) nor an HTTP/2 frame that anyone allows."""


def host_of(authority: str) -> str:
    """The host of `host:port`, in lower case, without the brackets of an IPv6 address."""
    host, _, port = authority.rpartition(":")
    return (host if host and port.isdigit() else authority).strip("[]").lower()


def json_reply(value: object, status: int = 200) -> Reply:
    """A whole JSON answer with its length."""
    return whole_reply(msgspec.json.encode(value), b"application/json", status)


def whole_reply(body: bytes, content_type: bytes, status: int = 200) -> Reply:
    """An answer in one piece with its length."""
    return Reply(status=status, headers=[(b"content-type", content_type), (b"content-length", b"%d" % len(body))], pieces=[body])
