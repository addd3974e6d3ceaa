"""HTTP/1.1: framing of answers, what is taken as a request, and what happens when clients do not behave."""

import json
import time
import zlib

import pytest

from amp_addons.sim import http1, message

PATH = "/api/provider/anthropic/v1/messages"
BODY = b'{"model":"m","stream":true}'


def request(path=PATH, body=BODY, version="1.1", method="POST", **headers):
    lines = [f"{method} {path} HTTP/{version}", "Host: ampcode.com", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunks(stream):
    """The chunks of a chunked body."""
    found, start = [], 0
    while True:
        end = stream.index(b"\r\n", start)
        length = int(stream[start:end], 16)
        start = end + 2 + length + 2
        assert stream[start - 2 : start] == b"\r\n"
        if not length:
            assert start == len(stream)
            return found
        found.append(stream[end + 2 : start - 2])


@pytest.mark.parametrize("pace", ["0", "0.001"])
def test_each_event_is_a_chunk(client, pace):
    data = client.raw(request(x_sim_events=50, x_sim_pace=pace, connection="close"))
    events = chunks(data.partition(b"\r\n\r\n")[2])
    assert all(event.startswith(b"event: ") and event.endswith(b"\n\n") for event in events)
    assert sum(client.last().truth.event_counts.values()) == len(events) == client.last().sent


def test_a_flood_is_one_chunk_an_event_too(client):
    data = client.raw(request(x_sim_events=20_000, connection="close"), tls=True)
    assert len(chunks(data.partition(b"\r\n\r\n")[2])) == 20_000 + 6


def test_each_encoded_event_is_a_chunk(client):
    data = client.raw(request(x_sim_events=5, x_sim_encoding="gzip", connection="close"))
    decoder = zlib.decompressobj(31)
    *events, end = [decoder.decompress(chunk) for chunk in chunks(data.partition(b"\r\n\r\n")[2])]
    assert all(event.startswith(b"event: ") and event.endswith(b"\n\n") for event in events)
    assert (end, decoder.eof) == (b"", True)


def test_first_event_comes_before_the_last_is_sent(client):
    connection = client.connect(tls=False)
    connection.sendall(request(x_sim_events=100, x_sim_pace=0.01))
    got = b""
    while b"content_block_delta" not in got:
        got += connection.recv(65536)
    assert client.sim.requests[-1].ended is None
    assert client.sim.requests[-1].sent < 20


def test_pace_is_kept_on_the_whole(client):
    started = time.monotonic()
    client.raw(request(x_sim_events=43, x_sim_pace=0.005, connection="close"))
    assert 0.24 <= time.monotonic() - started < 1.0


def test_delay_comes_before_the_first_byte(client):
    connection = client.connect(tls=False)
    connection.sendall(request(x_sim_delay=0.2))
    connection.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(10)
    assert connection.recv(1) == b"H"


def test_a_client_that_does_not_read_is_waited_for(client, until, received):
    connection = client.connect(tls=False)
    connection.sendall(request(x_sim_events=200_000, connection="close"))
    until(lambda: client.sim.requests and client.sim.requests[-1].sent)
    counts = []
    until(lambda: counts.append(client.sim.requests[-1].sent) or (len(counts) > 50 and counts[-50] == counts[-1]))
    assert counts[-1] < 150_000
    assert received(connection).endswith(b"\r\n0\r\n\r\n")
    assert client.last().ended == "complete"


def test_a_client_that_leaves_is_noticed(client, until):
    connection = client.connect(tls=False)
    connection.sendall(request(x_sim_events=100_000, x_sim_pace=0.001))
    connection.recv(1)
    connection.close()
    assert client.last().ended == "aborted"


def test_connection_is_kept(client):
    connection = client.connect()
    for _ in range(3):
        connection.sendall(request(path="/api/user", body=b"", method="GET"))
        assert connection.recv(65536).endswith(b'"Simulated User"}')
    assert len(client.sim.requests) == 3


def test_pipelined_requests_are_answered_in_order(client):
    both = request(path="/api/user", body=b"", method="GET") + request(path="/api/threads/T-9", method="GET", body=b"", connection="close")
    first, second = client.raw(both).split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert b"Simulated User" in first
    assert b'"T-9"' in second


def test_requests_are_recorded_as_they_came(client):
    client.raw(request(X_Odd="größer", x_odd="2", connection="close"))
    got = client.last()
    assert (got.method, got.target, got.path, got.host, got.http_version) == ("POST", PATH, PATH, "ampcode.com", "1.1")
    assert got.headers == [
        (b"Host", b"ampcode.com"),
        (b"Content-Length", b"%d" % len(BODY)),
        (b"X-Odd", "größer".encode()),
        (b"x-odd", b"2"),
        (b"connection", b"close"),
    ]
    assert (got.body, got.sni, got.tunnel, got.scheme, got.status) == (BODY, None, None, "http", 200)


def test_chunked_request_is_put_together(client):
    head = b"POST /api/threads HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    answer = client.raw(head + b'5\r\n{"tit\r\n8\r\nle":"x"}\r\n0\r\n\r\n')
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["title"] == "x"


def test_http_10_gets_no_chunks_and_a_close(client):
    head, _, body = client.raw(request(version="1.0")).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body.startswith(b"event: message_start")


def test_head_gets_no_body(client):
    head, _, body = client.raw(request(path="/api/internal/github-proxy/repos/o/r", method="HEAD", body=b"", connection="close")).partition(
        b"\r\n\r\n"
    )
    assert b"content-length: " in head
    assert body == b""


def test_waiting_client_is_told_to_continue(client):
    connection = client.connect(tls=False)
    connection.sendall(request(path="/api/threads", body=b"", expect="100-continue").replace(b"Length: 0", b"Length: 2"))
    assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
    connection.sendall(b"{}")
    assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"HELLO\r\n\r\n", b"400", id="no request"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", b"400", id="no host"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n", b"400", id="bad length"),
        pytest.param(b"GET / HTTP/1.1\r\nx: " + b"x" * 70_000, b"431", id="too long a head"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"505", id="HTTP/2 without TLS"),
    ],
)
def test_bad_requests_are_refused(client, data, status):
    head = client.raw(data).split(b"\r\n")[0]
    assert head.startswith(b"HTTP/1.1 " + status)
    assert client.sim.requests == []


def test_too_large_a_body_is_refused(client, monkeypatch):
    monkeypatch.setattr(http1, "MAX_BODY", 1000)
    assert client.raw(request(body=b"x" * 2000)).startswith(b"HTTP/1.1 413 ")
    assert message.MAX_BODY == 64 * 1024 * 1024


def test_bad_option_is_told(client):
    answer = client.get("/api/user", x_sim_pace="fast")
    assert answer.status == 400
    assert "pace" in answer.json["error"]["message"]


def test_silence_ends_the_connection(client, monkeypatch, received):
    monkeypatch.setattr("amp_addons.sim.channel.Plain.read.__defaults__", (0.05,))
    assert received(client.connect(tls=False)) == b""
