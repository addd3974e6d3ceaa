"""HTTP/2 as the server, on h2: a task for each request, one DATA frame for each piece of an answer."""

import asyncio
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from amp_addons.sim.channel import Channel
from amp_addons.sim.http1 import BATCH, Answer, Peer
from amp_addons.sim.message import GARBAGE, MAX_BODY, MAX_HEAD, Act, Received, Reply, host_of
from amp_addons.sim.pace import Pace

MAX_STREAMS = 100
"""Requests under way on one connection: what nginx and Envoy allow is 100 to 128."""


@dataclass
class _Stream:
    request: Received
    body: bytearray = field(default_factory=bytearray)
    task: asyncio.Task[None] | None = None


class Session:
    """One connection."""

    def __init__(self, channel: Channel, peer: Peer, answer: Answer) -> None:
        self._channel = channel
        self._peer = peer
        self._answer = answer
        self._streams: dict[int, _Stream] = {}
        self._window = asyncio.Condition()
        # Replies that break the rules must get out: nothing outbound is checked.
        config = H2Configuration(client_side=False, header_encoding=None, validate_outbound_headers=False)
        self._h2 = H2Connection(config)
        self._h2.local_settings = Settings(
            client=False,
            initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS, SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD},
        )

    async def serve(self) -> None:
        """Answer requests until the connection ends."""
        self._h2.initiate_connection()
        try:
            await self._converse()
        except ProtocolError:
            self._flush()
        finally:
            tasks = [stream.task for stream in self._streams.values() if stream.task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(self) -> None:
        self._flush()
        while True:
            try:
                data = await self._channel.read()
            except TimeoutError:
                if not self._streams:
                    return
                continue
            if not data:
                return
            for event in self._h2.receive_data(data):
                if isinstance(event, ConnectionTerminated):
                    return
                await self._on(event)
            self._flush()
            await self._channel.drain()

    async def _on(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._streams[event.stream_id] = _Stream(_request(event, self._peer))
            case DataReceived():
                self._take(event)
            case StreamEnded():
                self._start(event.stream_id)
            case StreamReset():
                self._drop(event.stream_id)
            case WindowUpdated() | RemoteSettingsChanged():
                async with self._window:
                    self._window.notify_all()

    def _take(self, event: DataReceived) -> None:
        self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        stream.body += event.data
        if len(stream.body) > MAX_BODY:
            self._h2.reset_stream(event.stream_id, ErrorCodes.ENHANCE_YOUR_CALM)
            self._drop(event.stream_id)

    def _start(self, number: int) -> None:
        stream = self._streams.get(number)
        if stream:
            stream.request.body = bytes(stream.body)
            stream.task = asyncio.create_task(self._run(number, stream.request))
            stream.task.add_done_callback(lambda _: self._streams.pop(number, None))

    def _drop(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream and stream.task:
            stream.task.cancel()

    async def _run(self, number: int, request: Received) -> None:
        try:
            reply = self._answer(request)
            await asyncio.sleep(reply.delay)
            await self._send(number, request, reply)
        except (ProtocolError, OSError):
            # The client reset the stream or left.
            pass
        finally:
            request.ended = request.ended or "aborted"

    async def _send(self, number: int, request: Received, reply: Reply) -> None:
        if not reply.raw:
            request.status = reply.status
            self._h2.send_headers(number, [(b":status", b"%d" % reply.status), *((name.lower(), value) for name, value in reply.headers)])
        if request.method != "HEAD" and not await self._send_body(number, request, reply):
            request.ended = "fault"
            return
        self._h2.end_stream(number)
        self._flush()
        request.ended = "complete"
        await self._channel.drain()

    async def _send_body(self, number: int, request: Received, reply: Reply) -> bool:
        """Send the pieces; False when a fault ended them."""
        pace = Pace(reply.pace, reply.waits)
        size = 0
        for piece in reply.pieces:
            if isinstance(piece, Act):
                await self._act(number, piece, reply.raw)
                return False
            if reply.raw:
                self._channel.write(piece)
                continue
            await self._send_data(number, piece)
            request.sent += 1
            size += len(piece)
            if reply.pace or reply.waits or size >= BATCH:
                self._flush()
                await self._channel.drain()
                await pace.wait()
                size = 0
        return True

    async def _send_data(self, number: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if self._room(number) <= 0:
                self._flush()
                async with self._window:
                    await self._window.wait_for(lambda: self._room(number) > 0)
            room = self._room(number)
            self._h2.send_data(number, bytes(view[:room]))
            view = view[room:]

    def _room(self, number: int) -> int:
        return min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)

    async def _act(self, number: int, act: Act, raw: bool) -> None:
        self._flush()
        match act:
            case Act.STALL:
                await asyncio.Event().wait()
            case Act.CUT if raw:
                self._channel.cut()
            case Act.CUT:
                self._h2.reset_stream(number, ErrorCodes.INTERNAL_ERROR)
                self._flush()
            case Act.GARBAGE:
                self._channel.write(GARBAGE)
                self._channel.cut()
            case Act.RESET:
                await self._channel.drain()
                self._channel.cut(reset=True)

    def _flush(self) -> None:
        self._channel.write(self._h2.data_to_send())


def _request(event: RequestReceived, peer: Peer) -> Received:
    fields = [(bytes(name), bytes(value)) for name, value in event.headers]
    pseudo = {name.decode(): value.decode("latin-1") for name, value in fields if name.startswith(b":")}
    headers = [(name, value) for name, value in fields if not name.startswith(b":")]
    host = next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
    return Received(
        method=pseudo[":method"],
        target=pseudo.get(":path", ""),
        host=host_of(pseudo.get(":authority", host)),
        headers=headers,
        http_version="2",
        scheme=peer.scheme,
        sni=peer.sni,
        tunnel=peer.tunnel,
    )
