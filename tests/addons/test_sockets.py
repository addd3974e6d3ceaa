import gc

import pytest
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from support.addons import loaded
from wsproto.frame_protocol import Opcode

from amp_addons.addons import sockets
from amp_addons.addons.sockets import LEFT_OUT, MAX_MESSAGES


@pytest.fixture
async def suite():
    with loaded("sockets") as found:
        yield found


def connection():
    flow = tflow.twebsocketflow()
    flow.websocket.messages = []
    flow.live, flow.comment = True, "thread-actors.websocket"
    return flow


def say(suite, flow, content, count=1):
    for _ in range(count):
        flow.websocket.messages.append(WebSocketMessage(Opcode.TEXT, True, content))
        suite["sockets"].websocket_message(flow)


async def test_short_connections_keep_all(suite):
    flow = connection()
    say(suite, flow, b"x", MAX_MESSAGES)
    suite["sockets"].websocket_end(flow)
    assert len(flow.websocket.messages) == MAX_MESSAGES and LEFT_OUT not in flow.metadata and "left out" not in flow.comment


async def test_of_long_connections_the_last_messages_stay(suite):
    flow = connection()
    for number in range(5 * MAX_MESSAGES):
        say(suite, flow, b"%d" % number)
        assert len(flow.websocket.messages) <= 1.25 * MAX_MESSAGES
    suite["sockets"].websocket_end(flow)
    found = [int(message.content) for message in flow.websocket.messages]
    assert found == list(range(4 * MAX_MESSAGES, 5 * MAX_MESSAGES))
    assert flow.metadata[LEFT_OUT] == 4 * MAX_MESSAGES
    assert flow.comment == "thread-actors.websocket · older messages left out"


async def test_large_messages_are_bounded_by_their_size(suite, monkeypatch):
    monkeypatch.setattr(sockets, "MAX_BYTES", 1000)
    flow = connection()
    say(suite, flow, b"x" * 300, 20)
    assert sum(len(message.content) for message in flow.websocket.messages) <= 1250
    say(suite, flow, b"y" * 5000)
    assert [message.content[:1] for message in flow.websocket.messages] == [b"y"], "the last one stays in any case"
    say(suite, flow, b"z")
    assert flow.websocket.messages[-1].content == b"z"


async def test_all_connections_together_are_bounded(suite, monkeypatch):
    """Those that began first keep their last message."""
    monkeypatch.setattr(sockets, "MAX_ALL", 1000)
    flows = [connection() for _ in range(4)]
    for flow in flows:
        say(suite, flow, b"x" * 100, 4)
        suite["sockets"].websocket_end(flow)
    assert [len(flow.websocket.messages) for flow in flows] == [1, 1, 4, 4]


async def test_forgotten_flows_count_no_more(suite, monkeypatch):
    monkeypatch.setattr(sockets, "MAX_ALL", 1000)
    for _ in range(5):
        flow = connection()
        say(suite, flow, b"x" * 100, 8)
        suite["sockets"].websocket_end(flow)
        assert len(flow.websocket.messages) == 8
        del flow
        gc.collect()


async def test_flows_from_a_file_are_left_alone(suite, monkeypatch):
    monkeypatch.setattr(sockets, "MAX_MESSAGES", 2)
    flow = connection()
    flow.live = False
    say(suite, flow, b"x", 10)
    assert len(flow.websocket.messages) == 10
