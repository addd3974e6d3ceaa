"""Answers that are changed as a whole: they are held, looked into off the event loop, and nothing of them passes that was not."""

import gzip
import json
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from e2e.test_protocols import post_h2
from support.proxy import body_of, post, read_all, tunnel, until
from support.secrets import SECRET
from support.world import world

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"
UNKNOWN = "/api/elsewhere"
RULES = """
- {id: mask, match: {header: {x-want: mask}}, then: {redact: {using: secrets, response: true}}}
- {id: slow, match: {header: {x-way: slow}}, then: {route: slow}}
- {id: send, match: {}, then: {route: own}}
"""
ROW = {"name": "input_tokens", "ok": True, "size": 17, "note": "def reader(path, key=None): return path"}
MIB = 1024 * 1024


def rows(size, secret=SECRET):
    """An answer with this many bytes in short strings, which takes longest to look into, and a secret at its end."""
    return json.dumps([*([ROW] * (size // len(json.dumps(ROW)))), f"my key is {secret}"]).encode()


MESSAGE = {"id": "m", "type": "message", "role": "assistant", "content": [{"type": "text", "text": f"it is {SECRET}"}]}
BODIES = {
    "large": rows(3 * MIB),
    "small": json.dumps({"text": f"it is {SECRET}"}).encode(),
    "message": json.dumps(MESSAGE).encode(),
    "broken": b"\xff\xfe not text",
    "longest": rows(17 * MIB),
}


class Upstream(BaseHTTPRequestHandler):
    """Answers with the body that the request names: with its length or in chunks, coded or not, whole or cut off, or with events."""

    protocol_version = "HTTP/1.1"
    left, pace = threading.Event(), threading.Event()

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        name, *how = self.headers["x-answer"].split()
        if name == "events":
            return self.events(int(how[0]))
        body = BODIES[name]
        body = gzip.compress(body, 1) if "gzip" in how else body
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if "gzip" in how:
            self.send_header("Content-Encoding", "gzip")
        if "chunked" in how:
            self.send_header("Transfer-Encoding", "chunked")
            pieces = [b"%x\r\n%b\r\n" % (len(part), part) for part in (body[at : at + 60_000] for at in range(0, len(body), 60_000))]
            pieces.append(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(body)))
            pieces = [body]
        self.end_headers()
        try:
            if "stops" in how:
                self.wfile.write(pieces[0][:-9])
                self.wfile.flush()
                self.left.set() if not self.rfile.read(1) else None
            elif "cut" in how:
                self.wfile.write(pieces[0][:-9])
                self.close_connection = True
            else:
                for piece in pieces:
                    self.wfile.write(piece)
        except OSError:
            self.close_connection = True  # the proxy has had enough

    do_HEAD = do_POST

    def events(self, count):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.close_connection = True
        for number in range(count):
            self.wfile.write(b'event: ping\ndata: {"type":"ping","n":%d}\n\n' % number)
            self.pace.wait(0.005)

    def log_message(self, *_):
        pass


@contextmanager
def upstream():
    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def here():
    with upstream() as port:
        own = f'own: {{url: "http://127.0.0.1:{port}"}}\nslow: {{url: "http://127.0.0.1:{port}", timeouts: {{idle: 0.3}}}}'
        with world(RULES, more=own) as found:
            yield found


def ask(here, answer, path=UNKNOWN, want="mask", body=b"{}", **headers):
    with tunnel(here.proxy) as sock:
        sock.sendall(post(path, body, x_want=want, x_answer=answer, **headers))
        data, how = read_all(sock)
    head, _, _ = data.partition(b"\r\n\r\n")
    return head.decode(), body_of(data), how


def drained(here, answer):
    """How long an answer is, and the seconds until its first byte, read without keeping this process from anything else."""
    with tunnel(here.proxy) as sock:
        sock.sendall(post(UNKNOWN, b"{}", x_want="mask", x_answer=answer))
        started = time.monotonic()
        data = sock.recv(65536)
        waited = time.monotonic() - started
        size, left = 0, int(re.search(rb"(?i)content-length: (\d+)", data)[1])
        size -= data.index(b"\r\n\r\n") + 4 - len(data)
        while size < left:
            size += len(sock.recv(65536))
        return size, waited


def end_of(here, thread):
    """The last event of the flow of this thread, which is its only end."""
    flow = until(lambda: next((each["flow"] for each in here.proxy.events("flow.request") if each["thread"] == thread), None))
    until(lambda: any(each["flow"] == flow for each in here.proxy.events("flow.end")), what="the end")
    events = [each for each in here.proxy.events() if each["flow"] == flow]
    assert [each["type"] for each in events].count("flow.end") == 1 and events[-1]["type"] == "flow.end"
    return events[-1]


@pytest.mark.parametrize("how", ["", "chunked", "gzip", "chunked gzip"])
@pytest.mark.parametrize(("name", "path"), [("small", UNKNOWN), ("large", UNKNOWN), ("message", MESSAGES)])
def test_secret_in_an_answer_is_masked_however_it_comes(here, name, path, how):
    head, body, ended = ask(here, f"{name} {how}", path)
    assert ended == "complete" and head.startswith("HTTP/1.1 200") and "content-encoding" not in head.lower()
    assert f"content-length: {len(body)}" in head.lower() and "chunked" not in head.lower()
    assert body == BODIES[name].replace(SECRET.encode(), b"***")


def test_answers_of_one_http2_connection_are_held_apart(here):
    wanted = ("small", "large", "message")
    with tunnel(here.proxy, alpn=("h2",)) as sock:
        bodies = post_h2(sock, [(UNKNOWN, b"{}", {"x-want": "mask", "x-answer": name, "content-length": "2"}) for name in wanted])
    assert bodies == [BODIES[name].replace(SECRET.encode(), b"***") for name in wanted]


def test_other_streams_keep_flowing_while_a_large_answer_is_looked_into(here):
    """Looked into on the event loop it would stop them as long as it takes, most of a second; the events would come at once thereafter."""
    with tunnel(here.proxy) as events:
        events.sendall(post(UNKNOWN, b"{}", x_answer="events 400", x_want="none"))  # no model's: prices would be loaded
        answers = []
        thread = threading.Thread(target=lambda: answers.extend(drained(here, "large") for _ in range(2)))
        gaps, last = [], None
        while piece := events.recv(65536):
            now = time.monotonic()
            if last is None:
                thread.start()
            else:
                gaps.append(now - last)
            last = now
            if b'"n":399}' in piece:
                break
        thread.join()
    sizes, waited = zip(*answers, strict=True)
    assert min(sizes) > 3 * MIB - len(ROW) - len(SECRET) and len(sizes) == 2 and len(gaps) > 100
    gaps.sort()
    assert gaps[int(len(gaps) * 0.99)] < 0.15 and gaps[-1] < min(waited) / 2, (gaps[-5:], waited)


def test_answer_that_cannot_be_looked_into_is_an_error_of_the_provider(here):
    for path, answer in ((UNKNOWN, "broken"), (MESSAGES, "large"), (UNKNOWN, "longest"), (UNKNOWN, "longest gzip")):
        head, body, how = ask(here, answer, path, x_amp_thread_id=f"T-{answer}")
        assert how == "complete" and head.startswith("HTTP/1.1 502"), (answer, head)
        error = json.loads(body)
        assert SECRET not in body.decode() and "local proxy" in error["error"]["message"]
        assert error.get("type") == ("error" if path == MESSAGES else None)
        end = end_of(here, f"T-{answer}")
        assert end["outcome"] == "blocked" or answer == "longest", end


def test_answer_that_turns_out_to_be_too_long_ends_with_an_error(here):
    """Its length was not announced: it is not held any longer, and nothing of it passes."""
    head, body, how = ask(here, "longest chunked")
    assert how == "complete" and "chunked" in head and len(body) < 1000
    assert "local proxy" in json.loads(body)["error"]["message"]


def test_answer_that_is_cut_off_is_none(here):
    head, body, _ = ask(here, "small cut", x_amp_thread_id="T-cut")
    assert head.startswith("HTTP/1.1 502") and b"my key" not in body and b"it is" not in body
    assert end_of(here, "T-cut")["outcome"] == "error"


def test_client_that_leaves_while_its_answer_is_held_is_told_to_the_upstream(here):
    Upstream.left.clear()
    with tunnel(here.proxy) as sock:
        sock.sendall(post(UNKNOWN, b"{}", x_want="mask", x_answer="large stops", x_amp_thread_id="T-left"))
        until(lambda: any(each["thread"] == "T-left" for each in here.proxy.events("flow.request")))
        until(lambda: here.proxy.events("flow.response"))
    assert end_of(here, "T-left")["outcome"] == "aborted"
    assert Upstream.left.wait(10)


def test_upstream_that_goes_silent_is_given_up(here):
    head, _, _ = ask(here, "large stops", x_way="slow", x_amp_thread_id="T-idle")
    end = end_of(here, "T-idle")
    assert head.startswith("HTTP/1.1 502") and "nothing for 0.3 s" in end["error"]


def test_what_has_no_body_is_left_alone(here):
    with tunnel(here.proxy) as sock:
        sock.sendall(post(UNKNOWN, b"{}", x_want="mask", x_answer="small").replace(b"POST", b"HEAD", 1))
        data = sock.recv(65536)
    assert data.startswith(b"HTTP/1.1 200") and f"content-length: {len(BODIES['small'])}".encode() in data.lower()
