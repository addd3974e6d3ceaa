"""Clients for the simulated service that show every byte it sends."""

import http.client
import json
import socket
import ssl
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from amp_addons.sim import simulator

DEADLINE = 10.0


@dataclass
class Answer:
    status: int
    headers: list
    body: bytes

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Client:
    """Talks to one simulator, over TLS as the named host unless told otherwise."""

    sim: object
    opened: list = field(default_factory=list)

    def connect(self, host="ampcode.com", tls=True, alpn=("http/1.1",)):
        plain = socket.create_connection(("127.0.0.1", self.sim.port), DEADLINE)
        self.opened.append(plain)
        if not tls:
            return plain
        context = ssl.create_default_context(cafile=self.sim.ca_path)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.set_alpn_protocols(list(alpn))
        self.opened.append(connection := context.wrap_socket(plain, server_hostname=host))
        return connection

    def request(self, method, path, body=b"", host="ampcode.com", tls=True, **headers):
        connection = http.client.HTTPConnection(host)
        connection.sock = self.connect(host, tls)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data or None, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=b"{}", **options):
        return self.request("POST", path, body, **options)

    def raw(self, data, tls=False):
        """Everything that comes back until the service closes."""
        connection = self.connect(tls=tls)
        connection.sendall(data)
        return received(connection)

    def last(self, ended=True):
        """The newest request, once its answer has ended."""
        until(lambda: self.sim.requests and (self.sim.requests[-1].ended or not ended))
        return self.sim.requests[-1]


def received(connection):
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def until(condition, seconds=DEADLINE):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.002)
    return found


def parse(stream):
    """The payloads of a stream of server-sent events, as (event name, JSON), `[DONE]` left out: written for these tests alone."""
    events = []
    for block in stream.decode().replace("\r\n", "\n").split("\n\n"):
        fields = [line.partition(": ")[::2] for line in block.split("\n") if line and not line.startswith(":")]
        data = "\n".join(value for name, value in fields if name == "data")
        if data and data != "[DONE]":
            events.append((dict(fields).get("event", "message"), json.loads(data)))
    return events


def counted(events):
    return dict(Counter(payload.get("type") or payload.get("object") or name for name, payload in events))


@pytest.fixture
def sim():
    with simulator() as running:
        yield running


@pytest.fixture
def client(sim):
    yield from _client(sim)


@pytest.fixture
def client_of():
    """A client of another simulator."""
    clients = []

    def make(sim):
        clients.append(Client(sim))
        return clients[-1]

    yield make
    for made in clients:
        _close(made)


def _client(sim):
    client = Client(sim)
    yield client
    _close(client)


def _close(client):
    for connection in reversed(client.opened):
        connection.close()


@pytest.fixture(name="until")
def _until():
    return until


@pytest.fixture(name="received")
def _received():
    return received


@pytest.fixture(name="parse")
def _parse():
    return parse


@pytest.fixture(name="counted")
def _counted():
    return counted
