"""HTTP/2 and WebSocket through the live suite, and the proxy's modes."""

import json
import socket

import h2.config
import h2.connection
import h2.events
import pytest
import wsproto
import wsproto.events
from support.proxy import post, read_all, running, suite_before, trusting, tunnel, until

from amp_addons.sim.server import simulator

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"
BODY = b'{"model":"claude-x","stream":true,"messages":[]}'


@pytest.fixture(scope="module")
def live():
    with simulator() as sim, suite_before(sim) as proxy:
        yield sim, proxy


def post_h2(sock, requests):
    """Several requests at once on one HTTP/2 connection. -> their bodies, by stream id."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    connection.initiate_connection()
    bodies, ended = {}, set()
    for path, body, extra in requests:
        stream = connection.get_next_available_stream_id()
        head = {":method": "POST", ":scheme": "https", ":authority": "ampcode.com", ":path": path, "content-type": "application/json"}
        connection.send_headers(stream, list((head | extra).items()))
        connection.send_data(stream, body, end_stream=True)
        bodies[stream] = b""
    sock.sendall(connection.data_to_send())
    while len(ended) < len(bodies):
        data = sock.recv(65536)
        assert data, "the connection was closed"
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                ended.add(event.stream_id)
        sock.sendall(connection.data_to_send())
    return list(bodies.values())


def test_streams_of_one_http2_connection_are_told_apart(live):
    sim, proxy = live
    known = {event["flow"] for event in proxy.events()}
    counts = [5, 12, 20]
    with tunnel(proxy, alpn=("h2",)) as sock:
        assert sock.selected_alpn_protocol() == "h2"
        bodies = post_h2(
            sock, [(MESSAGES, BODY, {"x-sim-events": str(n), "x-sim-pace": "0.005", "x-sim-encoding": "gzip"}) for n in counts]
        )
    events = [event for event in proxy.wait_ended(len(known) + 3) if event["flow"] not in known]
    assert all(bodies) and sim.requests[-1].http_version == "2"
    tallies = sorted(event["events"]["content_block_delta"] for event in events if event["type"] == "stream.end")
    assert len(tallies) == 3 and tallies[0] < tallies[1] < tallies[2]
    assert {event["ended"] for event in events if event["type"] == "stream.end"} == {"complete"}


def test_reset_of_one_http2_stream_is_an_abort_and_the_others_go_on(live):
    _, proxy = live
    known = {event["flow"] for event in proxy.events()}
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    connection.initiate_connection()
    head = {":method": "POST", ":scheme": "https", ":authority": "ampcode.com", ":path": MESSAGES}
    for stream in (1, 3):
        connection.send_headers(stream, list((head | {"x-sim-events": "30", "x-sim-pace": "0.02"}).items()))
        connection.send_data(stream, BODY, end_stream=True)
    done, reset = set(), False
    with tunnel(proxy, alpn=("h2",)) as sock:
        sock.sendall(connection.data_to_send())
        while 3 not in done:
            for event in connection.receive_data(sock.recv(65536)):
                if isinstance(event, h2.events.DataReceived):
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    if event.stream_id == 1 and not reset:
                        reset = True
                        connection.reset_stream(1, error_code=8)
                elif isinstance(event, h2.events.StreamEnded):
                    done.add(event.stream_id)
            sock.sendall(connection.data_to_send())
    ends = [event for event in proxy.wait_ended(len(known) + 2) if event["flow"] not in known and event["type"] == "stream.end"]
    assert sorted(event["ended"] for event in ends) == ["aborted", "complete"]


def test_websocket_messages_pass_and_are_counted(live):
    _, proxy = live
    known = {event["flow"] for event in proxy.events()}
    ws = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
    received = []
    with tunnel(proxy) as sock:
        sock.sendall(ws.send(wsproto.events.Request(host="ampcode.com", target="/actors/gateway/threadActor/websocket/?rvt-token=hidden")))
        sent = False
        while not received:
            data = sock.recv(65536)
            assert data, "the connection was closed"
            ws.receive_data(data)
            for event in ws.events():
                if isinstance(event, wsproto.events.AcceptConnection) and not sent:
                    sent = True
                    sock.sendall(ws.send(wsproto.events.Message(data=json.dumps({"type": "hello", "n": 1}))))
                elif isinstance(event, wsproto.events.Message):
                    received.append(event.data)
        until(lambda: any(event["direction"] == "client_to_server" for event in proxy.events("ws.message")), what="the client's message")
        sock.sendall(ws.send(wsproto.events.CloseConnection(code=1000)))
    events = [event for event in proxy.wait_ended(len(known) + 1) if event["flow"] not in known]
    assert events[0]["endpoint"] == "thread-actors.websocket" or events[0]["category"] == "realtime"
    assert "hidden" not in json.dumps(events)
    mine = [event for event in events if event["type"] == "ws.message"]
    assert [m["seq"] for m in mine] == list(range(1, len(mine) + 1))
    assert ("client_to_server", "text", "hello") in [(m["direction"], m["kind"], m["event"]) for m in mine]
    assert "server_to_client" in [m["direction"] for m in mine]
    assert events[-1]["type"] == "flow.end"


def test_reverse_mode_is_classified_by_path(tmp_path):
    events = tmp_path / "events.jsonl"
    with (
        simulator() as sim,
        running("--mode", f"reverse:{sim.url}", "-s", "amp_addons", "--set", f"amp_events={events}", *trusting(sim)) as proxy,
    ):
        with socket.create_connection(("127.0.0.1", proxy.port)) as sock:
            sock.sendall(post(MESSAGES, BODY, host=f"127.0.0.1:{proxy.port}"))
            assert read_all(sock)[1] == "complete"
        proxy.events_path = events
        found = proxy.wait_ended()[0]
    assert (found["endpoint"], found["route"]) == ("provider.anthropic", "proxied")


def test_keys_in_every_place_of_a_request_appear_nowhere(live):
    """DESIGN promise 3, from the first day: what the suite wrote and printed holds no part of any key."""
    _, proxy = live
    known = len(proxy.events("flow.end"))
    keys = {
        place: "sgamp_" + "user_" + f"{place}CanaryCanary{number:016d}"
        for number, place in enumerate(("auth", "api", "cookie", "query", "path"))
    }
    with tunnel(proxy) as sock:
        target = f"{MESSAGES}/{keys['path']}?rvt-token={keys['query']}&q={keys['query']}"
        sock.sendall(post(target, BODY, Authorization=f"Bearer {keys['auth']}", x_api_key=keys["api"], Cookie=f"session={keys['cookie']}"))
        read_all(sock)
    proxy.wait_ended(known + 1)
    seen = proxy.events_path.read_text() + proxy.output
    for key in keys.values():
        assert not [key[i : i + 8] for i in range(len(key) - 8) if key[i : i + 8] in seen and "Canary" in key[i : i + 8]]
