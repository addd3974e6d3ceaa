"""HTTP/1.1 as the server: h11 reads the requests; answers are framed here, as right or as wrong as the reply wants."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import h11

from amp_addons.sim import websocket
from amp_addons.sim.channel import Channel
from amp_addons.sim.message import GARBAGE, MAX_BODY, MAX_HEAD, Act, Received, Reply, host_of, json_reply
from amp_addons.sim.pace import Pace

BATCH = 64 * 1024
"""Bytes gathered before a write when there is no pace: each event is a chunk of its own still, but not a system call."""

type Answer = Callable[[Received], Reply]


@dataclass(frozen=True)
class Peer:
    """How the client came: scheme, the name it gave in TLS, the authority of the CONNECT before."""

    scheme: str = "http"
    sni: str | None = None
    tunnel: str | None = None


async def serve(channel: Channel, peer: Peer, answer: Answer) -> str | None:
    """Answer requests until the connection is to end (None), or a CONNECT asks for a tunnel (its authority)."""
    while True:
        try:
            request = await _receive(channel, peer)
        except h11.RemoteProtocolError as error:
            refusal = Received(method="", target="", host="", headers=[], http_version="1.0")
            await _send(channel, refusal, json_reply({"error": str(error)}, error.error_status_hint))
            return None
        if request is None:
            return None
        if request.method == "CONNECT":
            channel.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            return request.target
        if not await _answer(channel, request, answer(request)):
            return None


async def _answer(channel: Channel, request: Received, reply: Reply) -> bool:
    """Send the reply; whether the connection can take another request."""
    request.status = None if reply.raw else reply.status
    try:
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.websocket and not reply.raw:
            await websocket.serve(channel, request, reply)
            return False
        return await _send(channel, request, reply)
    finally:
        request.ended = request.ended or "aborted"


async def _receive(channel: Channel, peer: Peer) -> Received | None:
    # A new parser for each request: h11 wants to see the answers too, and ours may be such as it would not write.
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
    request: Received | None = None
    body = bytearray()
    while True:
        match parser.next_event():
            case h11.NEED_DATA:
                if parser.they_are_waiting_for_100_continue:
                    informational = parser.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
                    channel.write(informational or b"")
                parser.receive_data(await channel.read())
            case h11.Request() as head:
                request = _request(head, peer)
            case h11.Data() as part:
                body += part.data
                if len(body) > MAX_BODY:
                    raise h11.RemoteProtocolError("Request body too large", error_status_hint=413)
            case h11.EndOfMessage() if request:
                request.body = bytes(body)
                channel.unread(parser.trailing_data[0])
                return request
            case _:
                return None


def _request(head: h11.Request, peer: Peer) -> Received:
    if head.http_version not in (b"1.0", b"1.1"):
        raise h11.RemoteProtocolError("Expected HTTP/1.0 or HTTP/1.1", error_status_hint=505)
    target = head.target.decode("latin-1")
    headers = head.headers.raw_items()
    authority = target.partition("://")[2].partition("/")[0] if "://" in target.partition("?")[0] else ""
    if not authority:
        authority = next((value.decode("latin-1") for name, value in headers if name.lower() == b"host"), "")
    return Received(
        method=head.method.decode(),
        target=target,
        host=host_of(authority),
        headers=headers,
        http_version=head.http_version.decode(),
        scheme=peer.scheme,
        sni=peer.sni,
        tunnel=peer.tunnel,
    )


async def _send(channel: Channel, request: Received, reply: Reply) -> bool:
    names = {name.lower() for name, _ in reply.headers}
    bodiless = request.method == "HEAD" or reply.status in (204, 304)
    chunked = not bodiless and not reply.raw and b"content-length" not in names and request.http_version == "1.1"
    keep = request.http_version == "1.1" and (request.header("connection") or "").lower() != "close"
    output = _Output(channel, request)
    if not reply.raw:
        output.add(_head(reply, chunked, keep))
    act = None if bodiless else await _send_body(output, reply, chunked)
    if act:
        await output.flush()
        await _act(channel, act)
        request.ended = "fault"
        return False
    output.add(b"0\r\n\r\n" if chunked else b"")
    request.ended = "complete"
    await output.flush()
    return keep


def _head(reply: Reply, chunked: bool, keep: bool) -> bytes:
    lines = [b"HTTP/1.1 %d %b" % (reply.status, _REASONS.get(reply.status, b"Simulated"))]
    lines += (b"%b: %b" % header for header in reply.headers)
    if chunked:
        lines.append(b"transfer-encoding: chunked")
    if not keep:
        lines.append(b"connection: close")
    return b"\r\n".join([*lines, b"", b""])


_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


async def _send_body(output: "_Output", reply: Reply, chunked: bool) -> Act | None:
    """Write the pieces, each by itself or, without a pace, in batches; the fault that ended them, if one did."""
    pace = Pace(reply.pace, reply.waits)
    for piece in reply.pieces:
        if isinstance(piece, Act):
            return piece
        if not piece:
            # An empty chunk would end the body.
            continue
        output.add(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece, pieces=1)
        if reply.pace or reply.waits or output.size >= BATCH:
            await output.flush()
            await pace.wait()
    return None


class _Output:
    """Bytes on their way to the channel; a write takes all that were gathered since the last one."""

    def __init__(self, channel: Channel, request: Received) -> None:
        self._channel = channel
        self._request = request
        self._parts: list[bytes] = []
        self._pieces = 0
        self.size = 0

    def add(self, data: bytes, pieces: int = 0) -> None:
        self._parts.append(data)
        self._pieces += pieces
        self.size += len(data)

    async def flush(self) -> None:
        self._channel.write(b"".join(self._parts))
        self._request.sent += self._pieces
        self._parts.clear()
        self._pieces = self.size = 0
        await self._channel.drain()


async def _act(channel: Channel, act: Act) -> None:
    match act:
        case Act.STALL:
            while await channel.read(None):
                pass
        case Act.GARBAGE:
            channel.write(GARBAGE)
            channel.cut()
        case _:
            channel.cut(reset=act is Act.RESET)
