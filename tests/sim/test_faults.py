"""What each fault does to a client on HTTP/1.1, byte by byte."""

import socket
import zlib
from pathlib import Path

import brotli
import pytest

from amp_addons.sim.faults import BOMB, FAULTS
from amp_addons.sim.message import GARBAGE

PATH = "/api/provider/anthropic/v1/messages"
BODY = b'{"model":"m","stream":true}'


def request(fault, body=BODY, path=PATH, **options):
    headers = "".join(f"x-sim-{name}: {value}\r\n" for name, value in options.items())
    return (
        f"POST {path} HTTP/1.1\r\nhost: ampcode.com\r\nx-sim-error: {fault}\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body
    )


def unchunked(stream):
    """The body of a chunked answer, and whether its end came."""
    body = b""
    while stream:
        size, _, rest = stream.partition(b"\r\n")
        try:
            length = int(size, 16)
        except ValueError:
            return body, False
        if not length:
            return body, True
        body, stream = body + rest[:length], rest[length + 2 :]
    return body, False


@pytest.fixture
def answer(client):
    """Head and the rest of the answer to a request with a fault, read until the service closes the connection."""

    def get(fault, tls=False, **options):
        head, _, rest = client.raw(
            request(fault, **options).replace(b"content-length", b"connection: close\r\ncontent-length"), tls
        ).partition(b"\r\n\r\n")
        return head.lower(), rest

    return get


@pytest.fixture
def sound(answer):
    rest = answer("", at=0)[1]
    return unchunked(rest)[0]


def test_sound(sound):
    assert sound.endswith(b"\n\n")


@pytest.mark.parametrize("tls", [False, True])
def test_cut_ends_half_an_event_after_the_given_number(client, answer, sound, tls):
    rest = answer("cut", at=5, tls=tls)[1]
    body, whole = unchunked(rest)
    assert not whole
    assert sound.startswith(body)
    assert body.count(b"\n\n") == 5
    assert not body.endswith(b"\n\n")
    assert client.last().ended == "fault"


def test_cut_of_a_whole_answer_stays_below_its_length(answer):
    head, rest = answer("cut", body=b"{}")
    length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert 0 < len(rest) < length


@pytest.mark.parametrize("tls", [False, True])
def test_reset_is_a_reset(client, tls):
    connection = client.connect(tls=tls)
    connection.sendall(request("reset"))
    # Below TLS: Python's takes a reset for an end.
    with socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as plain:
        plain.settimeout(10)
        with pytest.raises(ConnectionResetError):
            while plain.recv(65536):
                pass


def test_stall_keeps_the_connection_until_the_client_leaves(client, sound):
    connection = client.connect(tls=False)
    connection.sendall(request("stall", at=3))
    got = b""
    while got.count(b"\n\n") < 3:
        got += connection.recv(65536)
    connection.settimeout(0.1)
    with pytest.raises(TimeoutError):
        while True:
            connection.recv(65536)
    assert client.last(ended=False).ended is None
    connection.close()
    assert client.last().ended == "fault"


def test_silent_says_nothing(client):
    connection = client.connect(tls=False)
    connection.sendall(request("silent"))
    connection.settimeout(0.1)
    with pytest.raises(TimeoutError):
        connection.recv(1)


def test_hangup_closes_without_an_answer(client):
    assert client.raw(request("hangup")) == b""
    assert client.last().status is None


def test_head_cut(client):
    assert client.raw(request("head-cut")) == b"HTTP/1.1 200 OK\r\ncontent-ty"


def test_garbage_is_no_http(client):
    assert client.raw(request("garbage")) == GARBAGE


def test_garbage_framing_breaks_the_chunks(answer, sound):
    rest = answer("garbage-framing", at=2)[1]
    assert rest.endswith(GARBAGE)
    body, whole = unchunked(rest)
    assert sound.startswith(body)
    assert not whole


def test_corrupt_body_has_its_length(answer, sound):
    rest = answer("corrupt", at=2)[1]
    body, whole = unchunked(rest)
    assert whole
    assert len(body) == len(sound)
    assert body.count(b"event: ") == 2


def test_corrupt_encoding_breaks_off_the_decoder(answer):
    rest = answer("corrupt", at=4, encoding="gzip")[1]
    with pytest.raises(zlib.error):
        zlib.decompressobj(31).decompress(unchunked(rest)[0])


def test_empty(answer):
    assert answer("empty")[1] == b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("fault", "claim"),
    [("length-long", lambda n: b"%d" % (n + 1000)), ("length-short", lambda n: b"%d" % (n // 2)), ("length-bad", lambda n: b"%dbytes" % n)],
)
def test_lengths_lie(answer, sound, fault, claim):
    head, rest = answer(fault)
    assert b"content-length: " + claim(len(sound)) in head.split(b"\r\n")
    assert b"chunked" not in head
    assert rest == sound


@pytest.mark.parametrize(("fault", "coding"), [("encoding-lie", b"gzip"), ("encoding-unknown", b"x-simulated")])
def test_encoding_lies(answer, sound, fault, coding):
    head, rest = answer(fault)
    assert b"content-encoding: " + coding in head.split(b"\r\n")
    assert unchunked(rest) == (sound, True)


def test_no_type(answer, sound):
    head, rest = answer("no-type")
    assert b"content-type" not in head
    assert unchunked(rest) == (sound, True)


def test_wrong_type(answer):
    assert b"content-type: application/octet-stream" in answer("wrong-type")[0]


def test_bomb_is_small_until_it_is_decoded(answer):
    head, rest = answer("bomb")
    body, whole = unchunked(rest)
    assert whole
    assert b"content-encoding: br" in head
    assert len(body) < 10_000
    decoder = brotli.Decompressor()
    size = len(decoder.process(body))
    while part := decoder.process(b""):
        size += len(part)
    assert size == BOMB


def test_redirect_leaves_the_host(answer):
    head = answer("redirect")[0]
    assert head.startswith(b"http/1.1 307 ")
    assert b"location: https://elsewhere.example/" in head


def test_connection_is_closed_after_a_fault(client):
    # Two requests in one write: the second must not be answered.
    data = client.raw(request("length-short") + request(""))
    assert data.count(b"HTTP/1.1") == 1


def test_every_fault_is_tested():
    tested = set(FAULTS) - {"event"}  # test_models.py
    source = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{fault}"' in source for fault in tested)


def test_faulty_connection_leaves_the_others_alone(client):
    assert client.raw(request("garbage")) == GARBAGE
    assert client.get("/api/user").status == 200
