"""Several proxies behind HAProxy, as `amp-addons admin haproxy` sets it up: clients stay with one, and each may be started anew."""

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time

import pytest
from e2e.test_admin import haproxy, serving, written
from support.proxy import DEADLINE, Proxy, behind, body_of, free_port, head_of, post, read_all, until

from amp_addons.sim import simulator

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"
BODY = b'{"model":"claude-x","stream":true,"messages":[]}'
CLIENTS = 8
RULES = "version: 1\nrules:\n  - {id: note, match: {category: telemetry}, then: {tag: seen}}\n"


class Member:
    """A proxy that may be started anew on the same ports."""

    def __init__(self, folder, arguments):
        self.folder, self.arguments = folder, arguments
        self.port, self.health_port = free_port(), free_port()
        folder.mkdir()
        self.start()

    def start(self):
        more = ["--set", f"amp_health={self.health_port}", "--set", f"amp_events={self.folder / 'events.jsonl'}"]
        self.proxy = Proxy(self.folder, *self.arguments, *more, port=self.port)
        until(lambda: self.health()[0] == 200 or self.proxy.process.poll() is not None, what="the proxy's health")
        assert self.proxy.process.poll() is None, self.proxy.output

    def health(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.health_port, timeout=DEADLINE)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/health")
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
            except OSError:
                return None, None

    def threads(self):
        return {event["thread"] for event in self.proxy.events("flow.request")}

    def asked_to_end(self):
        self.proxy.process.send_signal(15)

    def ended(self):
        self.proxy.process.wait(DEADLINE)
        return self.proxy.process.returncode


class Fleet:
    def __init__(self, sim, folder, *arguments):
        rules = folder / "rules.yaml"
        rules.write_text(RULES)
        chosen = [*behind(sim), "-s", "amp_addons", "--set", f"amp_rules={rules}", "--set", "amp_drain=20", *arguments]
        self.members = [Member(folder / name, chosen) for name in "ab"]
        self.port = free_port()
        places = [part for member in self.members for part in ("--proxy", f"127.0.0.1:{member.port}/{member.health_port}")]
        self.configuration = written("haproxy", "--listen", f"127.0.0.1:{self.port}", *places)
        self.trust = ssl.create_default_context()
        for member in self.members:
            self.trust.load_verify_locations(member.proxy.ca)

    @contextlib.contextmanager
    def tunnel(self, client):
        """A connection of the client with this number to the service, through HAProxy."""
        with socket.create_connection(("127.0.0.1", self.port), DEADLINE, (f"127.0.0.{client + 1}", 0)) as plain:
            plain.sendall(b"CONNECT ampcode.com:443 HTTP/1.1\r\nHost: ampcode.com:443\r\n\r\n")
            head = head_of(plain)
            assert b" 200 " in head.splitlines()[0], head
            with self.trust.wrap_socket(plain, server_hostname="ampcode.com") as sock:
                yield sock


@pytest.fixture
def fleet(tmp_path):
    with simulator() as sim, contextlib.ExitStack() as stack:
        fleet = Fleet(sim, tmp_path)
        for member in fleet.members:
            stack.callback(lambda member=member: (member.proxy.process.kill(), member.ended()))
        stack.enter_context(serving(haproxy(tmp_path, fleet.configuration), fleet.port, tmp_path))
        yield fleet


def stream(sock, thread, events=25, pace=0.02):
    """One paced answer. -> how it ended, whether all of it is there, and whether the connection may be used again"""
    sock.sendall(post(MESSAGES, BODY, x_amp_thread_id=thread, x_sim_events=str(events), x_sim_pace=str(pace)))
    data, how = read_all(sock)
    whole = how == "complete" and b" 200 " in data.splitlines()[0] and body_of(data).count(b"text_delta") == events
    return how, whole and b"message_stop" in data, b"connection: close" not in data.lower()


def test_each_client_stays_with_its_proxy_and_health_tells_the_same_rules(fleet):
    one, other = fleet.members
    assert one.health() == other.health()
    status, told = one.health()
    assert status == 200 and told["ready"] and not told["draining"] and len(told["rules"]) == 64
    for _ in range(2):
        for client in range(CLIENTS):
            with fleet.tunnel(client) as sock:
                assert stream(sock, f"T-{client}", events=2, pace=0)[1]
    assert one.threads() | other.threads() == {f"T-{client}" for client in range(CLIENTS)}
    assert one.threads() and other.threads() and not one.threads() & other.threads()


def test_rolling_restart_under_load_breaks_no_stream(fleet):
    """Each client asks twice on a connection, unless it is told to close it, and then connects anew."""
    stop, seen, problems = threading.Event(), [], []

    def load(client):
        while not stop.is_set():
            try:
                with fleet.tunnel(client) as sock:
                    for _ in range(2):
                        how, whole, again = stream(sock, f"T-{client}")
                        seen.append((how, whole))
                        if not again:
                            break
            except Exception as error:
                problems.append(f"{type(error).__name__}: {error}")

    workers = [threading.Thread(target=load, args=(client,)) for client in range(CLIENTS)]
    for worker in workers:
        worker.start()
    try:
        for member in fleet.members:
            until(lambda member=member: member.health()[1]["flows"] > 1, what="streams under way")
            member.asked_to_end()
            until(lambda member=member: member.health()[0] == 503, what="draining")
            assert member.health()[1]["draining"]
            before = len(seen)
            assert member.ended() == 0
            assert "everything has finished" in member.proxy.output
            until(lambda before=before: len(seen) > before + CLIENTS, what="traffic through the other proxy")
            count = len(member.proxy.events("flow.request"))
            member.start()
            until(lambda member=member, count=count: len(member.proxy.events("flow.request")) > count, what="its clients' return")
    finally:
        stop.set()
        for worker in workers:
            worker.join(DEADLINE)
    assert problems == []
    assert len(seen) > 5 * CLIENTS and set(seen) == {("complete", True)}


def test_new_connections_are_refused_while_a_stream_finishes_and_what_is_idle_is_closed(tmp_path):
    with simulator() as sim:
        fleet = Fleet(sim, tmp_path)
        one, other = fleet.members
        try:
            fleet.port = one.port
            with fleet.tunnel(0) as sock, fleet.tunnel(1) as idle:
                sock.sendall(post(MESSAGES, BODY, x_sim_events="100", x_sim_pace="0.06"))
                assert sock.recv(1)
                one.asked_to_end()
                until(lambda: one.health()[0] == 503, what="draining")
                until(lambda: refused(one.port), what="refusal")
                assert read_all(idle)[1] == "closed" and one.proxy.process.poll() is None
                data, how = read_all(sock)
                assert how == "complete" and b"message_stop" in data
                assert one.ended() == 0
        finally:
            for member in (one, other):
                member.proxy.process.kill()
                member.ended()


def test_websocket_is_under_way_until_it_is_closed(tmp_path):
    upgrade = (
        b"GET /api/connect HTTP/1.1\r\nHost: ampcode.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Sim-Events: 1\r\n\r\n"
    )
    with simulator() as sim:
        member = Member(tmp_path / "a", [*behind(sim), "-s", "amp_addons", "--set", "amp_drain=60"])
        fleet = Fleet.__new__(Fleet)
        fleet.port, fleet.trust = member.port, ssl.create_default_context(cafile=member.proxy.ca)
        try:
            with fleet.tunnel(0) as sock:
                sock.sendall(upgrade)
                assert b" 101 " in sock.recv(65536)
                member.asked_to_end()
                until(lambda: refused(member.port), what="refusal")
                sock.sendall(b"\x81\x85\0\0\0\0hello")
                received = b""
                while not received.endswith(b"hello"):
                    piece = sock.recv(65536)
                    assert piece, "the WebSocket was closed"
                    received += piece
            assert member.ended() == 0 and "everything has finished" in member.proxy.output
        finally:
            member.proxy.process.kill()
            member.ended()


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("twice", [False, True], ids=["bound", "twice"])
def test_what_does_not_finish_in_time_is_cut_off_and_counted(tmp_path, twice):
    with simulator() as sim:
        arguments = [*behind(sim), "-s", "amp_addons", "--set", f"amp_drain={60 if twice else 1}"]
        member = Member(tmp_path / "a", arguments)
        fleet = Fleet.__new__(Fleet)
        fleet.port, fleet.trust = member.port, ssl.create_default_context(cafile=member.proxy.ca)
        try:
            with fleet.tunnel(0) as sock:
                sock.sendall(post(MESSAGES, BODY, x_sim_events="1000", x_sim_pace="0.05"))
                assert sock.recv(1)
                began = time.monotonic()
                member.asked_to_end()
                until(lambda: member.health()[0] == 503, what="draining")
                if twice:
                    member.asked_to_end()
                assert member.ended() == 0 and time.monotonic() - began < 10
                assert read_all(sock)[1] != "complete"
            assert "1 flow of 1 connection cut off" in member.proxy.output
            [end] = member.proxy.events("flow.end")
            assert end["outcome"] != "ok"
        finally:
            member.proxy.process.kill()
            member.ended()
