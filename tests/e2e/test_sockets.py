"""A WebSocket connection that lives long: its messages pass and are counted, memory stays flat, and a recording has them."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest
import wsproto
import wsproto.events
from mitmproxy.io import FlowReader
from support.proxy import suite_before, tunnel, until

from amp_addons.addons.sockets import LEFT_OUT, MAX_MESSAGES
from amp_addons.core.facts import facts_of
from amp_addons.sim import simulator

pytestmark = pytest.mark.e2e

TARGET = "/actors/gateway/threadActor/websocket/?rvt-token=hidden"


class Socket:
    """A client, whose messages the service sends back."""

    def __init__(self, sock):
        self._sock = sock
        self._ws = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self._got = 0
        sock.sendall(self._ws.send(wsproto.events.Request(host="ampcode.com", target=TARGET)))
        while not any(isinstance(event, wsproto.events.AcceptConnection) for event in self._events()):
            pass

    def _events(self):
        data = self._sock.recv(1 << 20)
        assert data, "the connection was closed"
        self._ws.receive_data(data)
        found = list(self._ws.events())
        self._got += sum(isinstance(event, wsproto.events.Message) and event.message_finished for event in found)
        return found

    def talk(self, count, size=1000):
        """Send messages and wait for as many, some at a time."""
        for _ in range(0, count, 100):
            want = self._got + 100
            text = json.dumps({"type": "delta", "text": "x" * size})
            self._sock.sendall(b"".join(self._ws.send(wsproto.events.Message(data=text)) for _ in range(100)))
            while self._got < want:
                self._events()

    def close(self):
        self._sock.sendall(self._ws.send(wsproto.events.CloseConnection(code=1000)))


def memory(proxy):
    """Bytes of memory that the proxy has in use."""
    lines = Path(f"/proc/{proxy.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


@contextmanager
def connected(*options, program="mitmdump"):
    with simulator() as sim, suite_before(sim, *options, program=program) as proxy, tunnel(proxy) as sock:
        yield proxy, Socket(sock)


@pytest.mark.parametrize("program", ["mitmdump", "mitmweb"])
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
def test_memory_stays_flat(program):
    """Of 4,000 messages, 12 MB of text, a few are kept."""
    web = ["--set", "web_open_browser=false", "--web-port", "0"] if program == "mitmweb" else []
    with connected(*web, program=program) as (proxy, socket):
        socket.talk(700, 3000)
        before = memory(proxy)
        socket.talk(2_000, 3000)
        grown = memory(proxy) - before
        socket.close()
        events = proxy.wait_ended()
    assert grown < 5_000_000, grown
    assert sum(event["type"] == "ws.message" for event in events) >= 5_400


def test_a_recording_has_all_messages_though_few_are_kept(tmp_path):
    path = tmp_path / "r.flows"
    with connected("--set", f"amp_record={path}") as (proxy, socket):
        socket.talk(1_000, 10)
        socket.close()
        proxy.wait_ended()
        until(lambda: path.stat().st_size, what="the recording")
        assert proxy.stop() == 0
    with path.open("rb") as stream:
        [flow] = FlowReader(stream).stream()
    texts = [message for message in flow.websocket.messages if b"delta" in message.content]
    assert len(texts) == 2_000 > MAX_MESSAGES and sum(message.from_client for message in texts) == 1_000
    assert facts_of(flow.metadata).messages_cut == 0 and flow.metadata[LEFT_OUT] >= 1_000
