"""WebSockets, seen by a client made of wsproto."""

import contextlib
import json

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, RejectConnection, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from amp_addons.sim import websocket

ACTOR = "/actors/gateway/threadActor/websocket/?rvt-x=1"


class WsClient:
    def __init__(self, connection):
        self.socket = connection
        self.ws = WSConnection(ConnectionType.CLIENT)
        self.events = []

    def open(self, path=ACTOR, host="ampcode.com", **options):
        headers = [(name.replace("_", "-").encode(), str(options.pop(name)).encode()) for name in list(options) if name.startswith("x_")]
        self.send(Request(host=host, target=path, extra_headers=headers, **options))
        [answer] = self.take(1)
        return answer

    def send(self, event):
        self.socket.sendall(self.ws.send(event))

    def take(self, count):
        """The next events."""
        while len(self.events) < count:
            data = self.socket.recv(65536)
            if not data:
                break
            self.ws.receive_data(data)
            self.events += self.ws.events()
        taken, self.events = self.events[:count], self.events[count:]
        return taken


@pytest.fixture
def ws(client):
    return WsClient(client.connect())


@pytest.mark.parametrize("path", [ACTOR, "/api/connect", "/socket.io/?EIO=4&transport=websocket"])
def test_typed_messages_come_first(client, ws, path):
    assert isinstance(ws.open(path, x_sim_events=3), AcceptConnection)
    kinds = [json.loads(message.data)["type"] for message in ws.take(4)]
    assert kinds == ["user-message", "approve-tool", "reject-tool", "disconnect"]


def test_other_host(client):
    ws = WsClient(client.connect(host="production.ampworkers.com"))
    assert isinstance(ws.open("/threads", host="production.ampworkers.com"), AcceptConnection)


@pytest.mark.parametrize("message", [TextMessage(data="größer 🚀" * 20_000), BytesMessage(data=bytes(range(256)) * 500)])
@pytest.mark.parametrize("extensions", [[], [PerMessageDeflate()]], ids=["plain", "deflate"])
def test_messages_come_back(ws, message, extensions):
    answer = ws.open(x_sim_events=0, extensions=extensions)
    assert [type(extension) for extension in answer.extensions] == [type(extension) for extension in extensions]
    ws.take(1)
    ws.send(message)
    got = []
    while not got or not got[-1].message_finished:
        got += ws.take(1)
    assert type(message.data)().join(part.data for part in got) == message.data


def test_fragments_come_back_as_one(ws):
    ws.open(x_sim_events=0)
    ws.take(1)
    ws.send(TextMessage(data="grö", message_finished=False))
    ws.send(TextMessage(data="ßer", message_finished=True))
    assert ws.take(1) == [TextMessage(data="größer")]
    ws.send(TextMessage(data="2"))
    assert ws.take(1) == [TextMessage(data="2")]


def test_echo_works_while_messages_come(ws):
    ws.open(x_sim_events=1000, x_sim_pace=0.01)
    ws.send(TextMessage(data="hello"))
    assert any(message.data == "hello" for message in ws.take(20))


def test_offered_subprotocol_is_chosen(client, ws):
    answer = ws.open(x_sim_events=0, subprotocols=["%7B%22wsToken%22%3A%22x%22%7D", "other"])
    assert answer.subprotocol == "%7B%22wsToken%22%3A%22x%22%7D"


def test_ping_is_answered(ws):
    ws.open(x_sim_events=0)
    ws.take(1)
    ws.send(Ping(payload=b"x"))
    assert ws.take(1) == [Pong(payload=b"x")]


def test_close_is_answered(client, ws):
    ws.open(x_sim_events=0)
    ws.take(1)
    ws.send(CloseConnection(code=1000, reason="done"))
    assert ws.take(1) == [CloseConnection(code=1000, reason="done")]
    assert ws.socket.recv(1) == b""
    assert client.last().ended == "complete"


def test_leaving_client_ends_it(client, ws):
    ws.open(x_sim_events=10_000, x_sim_pace=0.01)
    ws.socket.close()
    assert client.last().ended


def test_too_big_a_message_closes(ws, monkeypatch):
    monkeypatch.setattr(websocket, "MAX_MESSAGE", 100)
    ws.open(x_sim_events=0)
    ws.take(1)
    ws.send(TextMessage(data="x" * 101))
    [close] = ws.take(1)
    assert close.code == 1009


def test_broken_frame_is_answered_by_a_close(client, ws):
    ws.open(x_sim_events=0)
    ws.take(1)
    ws.socket.sendall(b"\xff\xff\xff\xff")
    [close] = ws.take(1)
    assert close.code == 1002
    assert ws.socket.recv(1) == b""


@pytest.mark.parametrize("fault", ["cut", "reset", "garbage-framing"])
def test_fault_ends_it_after_some_messages(client, ws, fault):
    ws.open(x_sim_events=6, x_sim_error=fault, x_sim_at=2)
    with contextlib.suppress(ConnectionResetError):
        while ws.take(1):
            pass
    assert client.last().ended == "fault"
    assert client.last().sent == 3


def test_stall_only_echoes(client, ws):
    ws.open(x_sim_events=6, x_sim_error="stall", x_sim_at=1)
    ws.take(2)
    ws.send(TextMessage(data="hello"))
    assert ws.take(1) == [TextMessage(data="hello")]


def test_refusal(ws):
    answer = ws.open(x_sim_error="401")
    assert isinstance(answer, RejectConnection)
    assert answer.status_code == 401


def test_upgrade_without_a_key_is_refused(client):
    data = b"GET /api/connect HTTP/1.1\r\nhost: ampcode.com\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    assert client.raw(data).startswith(b"HTTP/1.1 400 ")
