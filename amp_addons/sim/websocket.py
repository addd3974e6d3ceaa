"""WebSocket as the server: the reply's pieces go out as text messages, and what the client says comes back."""

import asyncio
from collections.abc import Sequence

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, Request, TextMessage
from wsproto.extensions import PerMessageDeflate
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from amp_addons.sim.channel import Channel
from amp_addons.sim.message import GARBAGE, Act, Received, Reply
from amp_addons.sim.pace import Pace

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes or characters of a client's message, put together from its fragments."""

TOO_BIG = 1009


async def serve(channel: Channel, request: Received, reply: Reply) -> None:
    """Accept the upgrade, send the reply's messages and echo the client's until one side closes."""
    connection = WSConnection(ConnectionType.SERVER)
    try:
        connection.initiate_upgrade_connection(request.headers, request.target)
    except RemoteProtocolError:
        channel.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        return
    channel.write(connection.send(_accepted(connection)))
    sending = asyncio.create_task(_send(channel, connection, request, reply))
    try:
        await _echo(channel, connection)
        request.ended = request.ended or "complete"
    except (RemoteProtocolError, LocalProtocolError):
        # The client breaks the protocol: the connection ends.
        pass
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


def _accepted(connection: WSConnection) -> AcceptConnection:
    # The native client offers one subprotocol, and clients leave when none of theirs is chosen.
    offered = next(event.subprotocols for event in connection.events() if isinstance(event, Request))
    return AcceptConnection(subprotocol=next(iter(offered), None), extensions=[PerMessageDeflate()])


async def _send(channel: Channel, connection: WSConnection, request: Received, reply: Reply) -> None:
    pace = Pace(reply.pace)
    for piece in reply.pieces:
        if isinstance(piece, Act):
            request.ended = "fault"
            return _act(channel, piece)
        channel.write(connection.send(TextMessage(data=piece.decode(errors="replace"))))
        request.sent += 1
        await channel.drain()
        await pace.wait()


def _act(channel: Channel, act: Act) -> None:
    if act is Act.STALL:
        return
    if act is Act.GARBAGE:
        channel.write(GARBAGE)
    channel.cut(reset=act is Act.RESET)


async def _echo(channel: Channel, connection: WSConnection) -> None:
    fragments: list[TextMessage | BytesMessage] = []
    while data := await channel.read(None):
        connection.receive_data(data)
        for event in connection.events():
            answer = _answer(event, fragments)
            if answer:
                channel.write(connection.send(answer))
            if isinstance(answer, CloseConnection):
                return
        await channel.drain()


def _answer(event: Event, fragments: list[TextMessage | BytesMessage]) -> Event | None:
    """What to say to the client's event; `fragments` are those of a message that is not whole yet."""
    match event:
        case Ping() | CloseConnection():
            return event.response()
        case TextMessage() | BytesMessage():
            fragments.append(event)
            if sum(len(fragment.data) for fragment in fragments) > MAX_MESSAGE:
                return CloseConnection(code=TOO_BIG)
            if event.message_finished:
                whole = _joined(fragments)
                fragments.clear()
                return whole
    return None


def _joined(fragments: Sequence[TextMessage | BytesMessage]) -> Event:
    if isinstance(fragments[0], TextMessage):
        return TextMessage(data="".join(fragment.data for fragment in fragments if isinstance(fragment, TextMessage)))
    return BytesMessage(data=b"".join(fragment.data for fragment in fragments if isinstance(fragment, BytesMessage)))
