"""A mitmdump in a process of its own, with the suite or bare, and a client that keeps every byte."""

import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.forked import Forked

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
BARE = "def responseheaders(flow):\n    flow.response.stream = True\n"
DEADLINE = 20.0


def until(condition, seconds=DEADLINE, what="the condition"):
    """The first true value of `condition()`; fails when none comes in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        time.sleep(0.01)
    return found


def listens(port):
    """Whether somebody takes connections on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def from_nothing(command, cwd, env, output):
    """Start a program as people do, where that is what matters."""
    with output.open("w") as file:
        return subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)


class Proxy:
    """A running mitmdump, or another front end. `events()` are the lines of its events file, `output` what it printed."""

    def __init__(self, folder, *arguments, program="mitmdump", start=Forked, cwd=ROOT, env=None, port=None):
        self.folder = Path(folder)
        self.port = port or free_port()
        self.ca = self.folder / "conf" / "mitmproxy-ca-cert.pem"
        self.events_path = self.folder / "events.jsonl"
        command = [
            str(BIN / program), "--set", f"confdir={self.folder / 'conf'}",
            "--listen-host", "127.0.0.1", "-p", str(self.port), *arguments,
        ]  # fmt: skip
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy") and key != "AMP_URL"}
        start = start if program == "mitmdump" else from_nothing
        self.process = start(command, cwd, {**environment, **(env or {})}, self.folder / "output")

    @property
    def output(self):
        path = self.folder / "output"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def wait_ready(self):
        until(lambda: self._accepts() or self.process.poll() is not None, what="the proxy's start")
        assert self.process.poll() is None, self.output
        return self

    def _accepts(self):
        return listens(self.port) and ("roxy listening" in self.output or self.ca.exists())

    def events(self, kind=None):
        text = self.events_path.read_text() if self.events_path.exists() else ""
        assert not text or text.endswith("\n"), "the events file holds half a line"
        return [event for line in text.splitlines() if (event := json.loads(line)) and kind in (None, event["type"])]

    def wait_ended(self, flows=1):
        """The events, once so many flows have ended."""
        until(lambda: len(self.events("flow.end")) >= flows, what=f"the end of {flows} flows")
        return self.events()

    def stop(self):
        """End it as a user would; return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode


@contextlib.contextmanager
def running(*arguments, **options):
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(folder, *arguments, **options)
        try:
            yield proxy.wait_ready()
        finally:
            proxy.stop()


@contextlib.contextmanager
def suite_before(sim, *arguments, script="amp_addons", events_to=None, way=None, **options):
    """The suite with the simulated service behind it (or what `way` says), its events written to a file."""
    with tempfile.TemporaryDirectory() as folder:
        events = ["--set", f"amp_events={events_to or Path(folder) / 'events.jsonl'}"]
        proxy = Proxy(folder, *(way if way is not None else behind(sim)), "-s", script, *events, *arguments, **options)
        try:
            yield proxy.wait_ready()
        finally:
            proxy.stop()


@contextlib.contextmanager
def bare_before(sim, *arguments):
    """What the suite is held against: mitmdump with `stream=True` and lazy connections."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE)
        proxy = Proxy(folder, *behind(sim), "-s", str(script), "--set", "connection_strategy=lazy", "--set", "flow_detail=0", *arguments)
        try:
            yield proxy.wait_ready()
        finally:
            proxy.stop()


def trusting(sim):
    return ["--set", f"ssl_verify_upstream_trusted_ca={sim.ca_path}"]


def behind(sim):
    return ["--mode", f"upstream:{sim.proxy_url}", *trusting(sim)]


def head_of(sock, problem=lambda: ""):
    """The head of an answer, and nothing of what follows it. `problem`: what else is known when the connection is closed before."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = sock.recv(1)
        assert piece, f"the proxy closed the connection after {head!r}: {problem()}"
        head += piece
    return head


def tunnel(proxy, host="ampcode.com", alpn=("http/1.1",)):
    """A TLS connection to `host` through the proxy, the proxy's CA trusted and names checked."""
    plain = socket.create_connection(("127.0.0.1", proxy.port), DEADLINE)
    plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    head = head_of(plain, lambda: proxy.output)
    assert b" 200 " in head.splitlines()[0], head
    context = ssl.create_default_context(cafile=proxy.ca)
    context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(plain, server_hostname=host)


def post(path, body=b"{}", host="ampcode.com", **headers):
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_all(sock, seconds=DEADLINE, until_end=True):
    """Every byte until the answer is complete (a chunked end or its length), or the connection ends, and how it ended."""
    sock.settimeout(seconds)
    data = b""
    while True:
        try:
            piece = sock.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            return data, "reset"
        except TimeoutError:
            return data, "timeout"
        if not piece:
            return data, "closed"
        data += piece
        if until_end and is_complete(data):
            return data, "complete"


def is_complete(data):
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        return False
    if b"chunked" in head.lower():
        return body.endswith(b"0\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)\r?$", head, re.M)
    return bool(length) and len(body) >= int(length[1])


def body_of(data):
    """The body of an answer without its chunked framing."""
    head, _, rest = data.partition(b"\r\n\r\n")
    if b"chunked" not in head.lower():
        return rest
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body


def without_date(data):
    return re.sub(rb"(?mi)^date: [^\r\n]*", b"date: -", data)
