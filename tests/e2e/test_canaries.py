"""Distinct secrets in every position that traffic has, through the live proxy and a crash: nothing of them is in what the suite wrote."""

import base64
import gzip
import json
import random
import socket
import string
import time
from urllib.parse import quote, unquote

import pytest
from support.proxy import post, read_all, tunnel
from support.world import world

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"
_random = random.Random(11)


def canary():
    """What looks like a key of Amp's, each another."""
    return "sgamp" + "_user_" + "".join(_random.choices(string.ascii_letters + string.digits, k=40))


POSITIONS = (
    """
authorization, x-api-key, x-goog-api-key, cookie, proxy-authorization, x-custom, sec-websocket-protocol, path, query key, query value,
encoded query, user agent, model, thread, body text, gzip body, blocked message, routed body
""".strip()
    .replace("\n", " ")
    .split(", ")
)
CANARIES = {position: canary() for position in POSITIONS}
RULES = """
- {id: refuse, match: {header: {x-want: block}}, then: {redact: strict}}
- {id: hide, match: {header: {x-want: route}}, then: {redact: hidden}}
- {id: send, match: {header: {x-want: route}}, then: {route: other}}
"""
REDACTORS = "redactors:\n  strict: {mode: block}\n  hidden: {mode: placeholder}\n"


def requests():
    c = CANARIES
    headers = {name: c[name] for name in ("authorization", "x-api-key", "x-goog-api-key", "cookie", "x-custom", "sec-websocket-protocol")}
    yield post(MESSAGES, b'{"model":"m","stream":true,"messages":[]}', **{name.replace("-", "_"): value for name, value in headers.items()})
    yield post(f"/api/{c['path']}/x", b"{}")
    yield post(f"/api/user?token={c['query key']}&x={c['query value']}&y={quote(c['encoded query'].replace('_', '%5F'), safe='%')}", b"{}")
    yield post(MESSAGES, b'{"model":"%b","stream":true}' % c["model"].encode(), user_agent=c["user agent"], x_amp_thread_id=c["thread"])
    yield post(MESSAGES, b'{"model":"m","messages":[{"content":"%b"}]}' % c["body text"].encode())
    yield post("/api/internal?uploadThread", gzip.compress(b'{"x":"%b"}' % c["gzip body"].encode()), content_encoding="gzip")
    yield post(MESSAGES, b'{"messages":[{"content":"%b"}]}' % c["blocked message"].encode(), x_want="block")
    yield post(MESSAGES, b'{"messages":[{"content":"%b"}]}' % c["routed body"].encode(), x_want="route", x_amp_thread_id="T-1")


def pieces_of(secret):
    """Every piece of eight characters behind the prefix that all have, plain and in base64."""
    tail = secret.rpartition("_")[2]
    plain = {tail[at : at + 8] for at in range(len(tail) - 7)}
    coded = {base64.b64encode(secret[start:].encode()).decode()[4:16] for start in range(3)}
    return plain | coded


def test_nothing_of_a_secret_is_in_what_the_suite_writes():
    with world(RULES, "-v", top=REDACTORS) as here:
        for request in requests():
            with tunnel(here.proxy) as sock:
                sock.sendall(request)
                read_all(sock)
        here.proxy.wait_ended(8)
        assert CANARIES["authorization"] in str(here.amp.requests[0].headers)  # what no rule touches arrives
        [routed] = here.received(here.other, "T-1")
        assert CANARIES["routed body"].encode() not in routed.body and b"zqx" in routed.body
        blocked = [event for event in here.proxy.events("flow.end") if event["outcome"] == "blocked"]
        assert len(blocked) == 1
        here.proxy.process.kill()
        here.proxy.process.wait()
        written = {path: path.read_bytes() for path in here.proxy.folder.rglob("*") if path.is_file() and "conf" not in path.parts}
        assert any(path.name == "output" for path in written) and any(path.suffix == ".jsonl" for path in written)
        for path, data in written.items():
            text = data.decode("utf-8", "replace")
            for form in (text, unquote(text)):
                for position, secret in CANARIES.items():
                    found = [piece for piece in pieces_of(secret) if piece in form or piece in path.name]
                    assert not found, f"{len(found)} pieces of the secret in {position} are in {path.name}"


def test_secret_in_a_prompt_comes_back_in_the_answer_and_deltas_keep_flowing():
    """The upstream is a socket of our own: it answers with the placeholder that it got, in pieces."""
    secret = canary()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        rules = "- {id: hide, match: {}, then: {redact: hidden}}\n- {id: send, match: {}, then: {route: own}}"
        with world(rules, top=REDACTORS, more=f'own: {{url: "http://127.0.0.1:{port}"}}') as here, tunnel(here.proxy) as sock:
            body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": f"my key is {secret}, keep it"}]})
            sock.sendall(post(MESSAGES, body.encode(), x_amp_thread_id="T-2"))
            upstream, _ = server.accept()
            with upstream:
                received = b""
                while not received.endswith(b"}"):
                    received += upstream.recv(65536)
                assert secret.encode() not in received
                placeholder = json.loads(received.partition(b"\r\n\r\n")[2])["messages"][0]["content"].split()[3].rstrip(",")
                upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                got, waits = b"", []
                for word in ["It ", "is ", placeholder[:5], placeholder[5:20], placeholder[20:], " and ", "more ", "words"]:
                    data = json.dumps({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}})
                    event = f"event: content_block_delta\ndata: {data}\n\n".encode()
                    started = time.monotonic()
                    upstream.sendall(b"%x\r\n%b\r\n" % (len(event), event))
                    events = got.count(b"\n\n")
                    while got.count(b"\n\n") == events:
                        got += sock.recv(65536)
                    waits.append(time.monotonic() - started)
                upstream.sendall(b"0\r\n\r\n")
                while not got.endswith(b"0\r\n\r\n"):
                    got += sock.recv(65536)
        texts = "".join(json.loads(line[6:])["delta"]["text"] for line in got.splitlines() if line.startswith(b"data: "))
        assert texts == f"It is {secret} and more words"
        assert sorted(waits)[len(waits) // 2] < 0.15
