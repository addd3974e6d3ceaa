"""What the proxy records, told again: the same events as live, nothing secret, and whole flows after a crash.

One proxy, with traffic of every kind, for all tests here; it is killed in the midst of a stream.
"""

import json
import os
import random
import socket
import stat
import string
import subprocess
import sys
import threading
from collections import defaultdict

import pytest
import wsproto
import wsproto.events
from e2e.test_protocols import post_h2
from mitmproxy.io import FlowReader
from support.proxy import BIN, ROOT, post, read_all, tunnel, until
from support.world import world

from amp_addons.core.facts import facts_of
from amp_addons.replay.flowfile import lengths

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"
_random = random.Random(12)


def canary():
    return "sgamp" + "_user_" + "".join(_random.choices(string.ascii_letters + string.digits, k=40))


PROMPT, QUERY, HEADER, ANSWER, MESSAGE = (canary() for _ in range(5))
RULES = """
- {id: refuse, match: {header: {x-want: block}}, then: {block: no}}
- {id: hide, match: {header: {x-want: mask}}, then: {redact: {using: secrets, response: true}}}
- {id: look, mode: observe, match: {header: {x-want: look}}, then: {block: true}}
- {id: say, match: {header: {x-want: say}}, then: {respond: {sse: [{event: a, data: {n: 1}}], pace_ms: 20}}}
- {id: own, match: {header: {x-want: own}}, then: {route: own}}
- {id: send, match: {header: {x-want: route}}, then: {route: other}}
"""


def body(**more):
    asked = {"model": "claude-sonnet-4-5", "stream": True, "messages": [{"role": "user", "content": f"hi {PROMPT}"}], **more}
    return json.dumps(asked).encode()


def requests():
    yield post(MESSAGES, body(), x_sim_pace="0.01", x_amp_thread_id="T-1", authorization=f"Bearer {HEADER}")
    for coding in ("gzip", "br", "zstd", "deflate"):
        yield post(MESSAGES, body(), x_sim_encoding=coding, x_sim_events="30", x_sim_pace="0.002", accept_encoding=coding)
    for error in (
        "cut",
        "reset",
        "event",
        "corrupt",
        "empty",
        "hangup",
        "no-type",
        "wrong-type",
        "encoding-lie",
        "encoding-unknown",
        "length-long",
    ):
        yield post(MESSAGES, body(), x_sim_error=error)
    yield post(MESSAGES, body(), x_sim_error="cut", x_sim_encoding="gzip", accept_encoding="gzip")
    yield post(MESSAGES, body(), x_sim_error="529")
    yield post(MESSAGES, body(stream=False))
    for want in ("block", "look", "route", "say", "own"):
        yield post(MESSAGES, body(), x_want=want)
    yield post(MESSAGES, body(), x_want="mask", x_sim_encoding="gzip", x_sim_thinking="true")
    yield post(f"/api/user?token={QUERY}")
    yield post("/api/provider/openai/v1/responses", json.dumps({"model": "gpt-5.1", "stream": True, "input": PROMPT}).encode())
    yield post("/api/provider/xai/v1/chat/completions", json.dumps({"model": "grok-4", "stream": True, "messages": []}).encode())
    yield post("/api/internal?getUserInfo", b'{"method":"getUserInfo","params":{}}')


def serve(server):
    """An upstream that says a secret, in two deltas of a stream that never says how it ends."""
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for text in ("it is ", ANSWER[:20], ANSWER[20:], " indeed."):
            data = json.dumps({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
            event = f"event: content_block_delta\ndata: {data}\n\n".encode()
            connection.sendall(b"%x\r\n%b\r\n" % (len(event), event))
        connection.sendall(b"0\r\n\r\n")


def talk(proxy):
    """A WebSocket with messages, one of them with a secret."""
    with tunnel(proxy) as sock:
        ws = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        target = f"/actors/gateway/threadActor/websocket/?rvt-token={QUERY}"
        sock.sendall(ws.send(wsproto.events.Request(host="ampcode.com", target=target)))
        accepted, got = False, 0
        while got < 2:
            ws.receive_data(sock.recv(65536))
            for event in ws.events():
                if isinstance(event, wsproto.events.AcceptConnection) and not accepted:
                    accepted = True
                    sock.sendall(ws.send(wsproto.events.Message(data=json.dumps({"type": "hello", "text": MESSAGE}))))
                    sock.sendall(ws.send(wsproto.events.Message(data=b"\0\xff")))
                elif isinstance(event, wsproto.events.Message):
                    got += 1
        sock.sendall(ws.send(wsproto.events.CloseConnection(code=1000)))


class Recorded:
    """The file of a proxy that was killed, and the events of the flows that had ended (each with what it said)."""

    def __init__(self, path, live):
        self.path, self.data, self.live = path, path.read_bytes(), live

    def flows(self):
        with self.path.open("rb") as stream:
            return list(FlowReader(stream).stream())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "r.flows"
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        more = f'own: {{url: "http://127.0.0.1:{server.getsockname()[1]}"}}'
        # Prices of its own: with some that another test has left, the first price would not show that all are there.
        env = {"XDG_CACHE_HOME": str(path.parent / "cache")}
        with world(RULES, "--set", f"amp_record={path}", "--set", "amp_events_content=text", more=more, env=env) as here:
            proxy = here.proxy

            def ask(request):
                with tunnel(proxy) as sock:
                    sock.sendall(request)
                    read_all(sock)

            first = 0
            while not any(event["cost_usd"] for event in proxy.events("stream.end")):  # until prices are there
                ask(post(MESSAGES, body()))
                first += 1
                proxy.wait_ended(first)
            ended = first
            for request in requests():
                ask(request)
                ended += 1
            talk(proxy)
            with tunnel(proxy, alpn=("h2",)) as sock:
                post_h2(
                    sock, [(MESSAGES, body(), {"x-sim-events": "20", "x-sim-pace": "0.002"}), (MESSAGES, body(), {"x-sim-encoding": "br"})]
                )
            with tunnel(proxy) as sock:  # left by its client
                sock.sendall(post(MESSAGES, body(), x_sim_pace="0.05", x_sim_events="500"))
                while b"content_block_delta" not in sock.recv(65536):
                    pass
            proxy.wait_ended(ended + 4)
            live = proxy.events()
            until(lambda: _count(path) >= ended + 4, what="the last flow in the file")
            with tunnel(proxy) as sock:
                sock.sendall(post(MESSAGES, body(), x_sim_pace="0.05", x_sim_events="500"))
                while b"content_block_delta" not in sock.recv(65536):
                    pass
                proxy.process.kill()
                proxy.process.wait()
            over = {event["flow"] for event in live if event["type"] == "flow.end"}
            first_flows = list(dict.fromkeys(event["flow"] for event in live))[: first - 1]  # before there were prices
            found = Recorded(path, [event for event in live if event["flow"] in over and event["flow"] not in first_flows])
            found.without = set(first_flows)
            yield found


def _count(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return sum(1 for _ in lengths(descriptor))
    finally:
        os.close(descriptor)


def by_flow(events):
    found = defaultdict(list)
    for event in events:
        found[event["flow"]].append(event)
    return found


WAYS = {
    "amp-addons replay": [sys.executable, "-m", "amp_addons", "replay", "FILE", "--events", "-", "--events-content", "text"],
    "mitmdump -nr": [
        str(BIN / "mitmdump"), "-q", "-nr", "FILE", "-s", "amp_addons", "--set", "amp_events=-", "--set", "amp_events_content=text",
    ],
}  # fmt: skip


def said(events):
    return "".join(event.get("text", "") for event in events)


@pytest.mark.parametrize("way", WAYS)
def test_a_recording_tells_the_same_as_the_live_proxy(recorded, way, tmp_path):
    command = [str(recorded.path) if word == "FILE" else word for word in WAYS[way]]
    env = {key: value for key, value in os.environ.items() if key != "AMP_URL"} | {"HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = by_flow(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    live = by_flow(recorded.live)
    assert told.keys() - recorded.without == live.keys() and len(live) > 30
    for flow, events in live.items():
        # Where a secret was said, words held back for it may come an event sooner: all say the same together.
        assert said(told[flow]) == said(events)
        if "***" in said(events):
            events, told[flow] = ([{**event, "text": None} for event in each if each] for each in (events, told[flow]))
        assert told[flow] == events, events[0]["url"]


def test_all_kinds_of_traffic_are_there(recorded):
    """Else the test above would say less than it seems to."""
    ends = [event for event in recorded.live if event["type"] == "stream.end"]
    assert {event["ended"] for event in ends} == {"complete", "truncated", "aborted", "error"}
    assert {event["outcome"] for event in recorded.live if event["type"] == "flow.end"} == {"ok", "blocked", "error", "aborted"}
    types = {event["type"] for event in recorded.live}
    assert types == {"flow.request", "flow.response", "stream.event", "stream.end", "ws.message", "rule.action", "redaction", "flow.end"}
    assert {event["content_encoding"] for event in recorded.live if event["type"] == "flow.response"} >= {"gzip", "br", "zstd", "deflate"}
    assert sum(bool(event["cost_usd"]) for event in ends) > 10 and any(event["errors"] for event in ends)


def test_nothing_secret_is_in_the_recording(recorded):
    assert stat.S_IMODE(recorded.path.stat().st_mode) == 0o600
    texts = [recorded.data, *(data for flow in recorded.flows() for data in _decoded(flow))]
    for name, secret in {"prompt": PROMPT, "query": QUERY, "header": HEADER, "answer": ANSWER, "message": MESSAGE}.items():
        tail = secret.rpartition("_")[2].encode()
        for text in texts:
            found = [at for at in range(len(tail) - 7) if tail[at : at + 8] in text]
            assert not found, f"{len(found)} pieces of the secret in the {name}"


def _decoded(flow):
    for message in (flow.request, flow.response):
        try:
            yield (message and message.content) or b""
        except ValueError:
            yield b""


def test_mitmproxy_reads_bodies_of_streams_and_their_times(recorded):
    streams = {event["flow"]: event for event in recorded.live if event["type"] == "stream.end"}
    for flow in recorded.flows():
        facts = facts_of(flow.metadata)
        assert facts
        if flow.id in streams and flow.response.raw_content:
            pieces = facts.pieces(flow.request.timestamp_start, flow.response.raw_content)
            assert len(pieces.times) == streams[flow.id]["chunks"] and list(pieces.times) == sorted(pieces.times)
            if streams[flow.id]["ended"] == "aborted":
                assert b"content_block_delta" in flow.response.raw_content


def test_the_flow_that_was_under_way_when_the_proxy_was_killed_is_not_half_there(recorded):
    assert {flow.id for flow in recorded.flows()} == {event["flow"] for event in recorded.live} | recorded.without
