"""HTTP/2 clients before a server that speaks HTTP/1: none of their streams waits for another."""

import time

import h2.config
import h2.connection
import h2.events
import pytest
from support.proxy import tunnel
from support.world import world

from amp_addons.sim import simulator

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"
BODY = b'{"model":"claude-x","stream":true,"messages":[]}'
STREAMS = 8


@pytest.fixture(scope="module")
def proxy():
    """The suite, a rule of which sends everything to the service by plain HTTP, which is HTTP/1."""
    rule = "- {id: plain, match: {host: ampcode.com}, then: {route: plain}}"
    with simulator() as service:
        more = f'plain: {{url: "http://127.0.0.1:{service.port}", host_header: ampcode.com}}'
        with world(rule, more=more) as here:
            yield here.proxy, service


def ask(sock, head, at_once):
    """`STREAMS` requests, so many of them at a time. -> when each had its first byte, and when its last (seconds)."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    connection.initiate_connection()
    started, first, last, left = time.monotonic(), {}, {}, STREAMS
    fields = {":method": "POST", ":scheme": "https", ":authority": "ampcode.com", ":path": MESSAGES}
    fields |= {"content-type": "application/json", "content-length": str(len(BODY)), **head}

    def send():
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, list(fields.items()))
        connection.send_data(stream, BODY, end_stream=True)

    for _ in range(at_once):
        send()
        left -= 1
    while len(last) < STREAMS:
        sock.sendall(connection.data_to_send())
        data = sock.recv(65536)
        assert data, "the connection was closed"
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                first.setdefault(event.stream_id, time.monotonic() - started)
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                last[event.stream_id] = time.monotonic() - started
                if left:
                    send()
                    left -= 1
    return list(first.values()), list(last.values())


def test_streams_run_beside_each_other(proxy):
    """With mitmproxy's limit of five connections three of them would begin when the first have ended, two seconds later."""
    suite, service = proxy
    with tunnel(suite, alpn=("h2",)) as sock:
        first, last = ask(sock, {"x-sim-events": "40", "x-sim-pace": "0.05"}, STREAMS)
    assert max(first) < min(last), (first, last)
    assert {request.http_version for request in service.requests} == {"1.1"}


def test_streams_after_each_other_go_on_too(proxy):
    """Connections that have served their stream do not count."""
    suite, _ = proxy
    with tunnel(suite, alpn=("h2",)) as sock:
        assert len(ask(sock, {"x-sim-events": "2"}, 1)[1]) == STREAMS
