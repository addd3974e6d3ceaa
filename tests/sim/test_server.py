"""The port and what is behind it: TLS, CONNECT for any name, records, scenarios, start and end."""

import asyncio
import contextlib
import http.client
import json
import socket
import ssl
import stat
import threading

import pytest
from h2.connection import H2Connection
from support import proxy

from amp_addons.sim import SimulatedAmp, server, simulator

PATH = "/api/provider/anthropic/v1/messages"


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def test_listens_on_loopback_alone():
    async def names():
        async with SimulatedAmp() as sim:
            return [listener.getsockname() for listener in sim._server.sockets], sim.port

    addresses, port = run(names())
    assert addresses == [("127.0.0.1", port)]


@pytest.mark.parametrize("host", ["0.0.0.0", "::1", "localhost", "", "192.168.0.1"])
def test_no_other_address_is_taken(host):
    with pytest.raises(ValueError, match=r"expected 127\.0\.0\.1"):
        SimulatedAmp(host=host)


@pytest.mark.parametrize("alpn", ["h2", "http/1.1"])
def test_client_chooses_the_protocol(client, alpn):
    assert client.connect(alpn=(alpn,)).selected_alpn_protocol() == alpn


def test_urls(sim):
    assert sim.url == f"https://127.0.0.1:{sim.port}"
    assert sim.proxy_url == f"http://127.0.0.1:{sim.port}"


def test_name_of_the_client_is_recorded(client):
    client.get("/api/user", host="openrouter.ai")
    assert (client.last().sni, client.last().scheme) == ("openrouter.ai", "https")


def test_address_is_no_name(client):
    client.get("/api/user", host="127.0.0.1")
    assert client.last().sni is None


def tunnel(connection, authority):
    connection.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def get(connection, host, path="/api/user"):
    request = http.client.HTTPConnection(host)
    request.sock = connection
    request.request("GET", path)
    return json.loads(request.getresponse().read())


def test_connect_answers_for_a_name_that_does_not_exist(client):
    connection = client.connect(tls=False)
    tunnel(connection, "no-such-host.invalid:443")
    context = ssl.create_default_context(cafile=client.sim.ca_path)
    with context.wrap_socket(connection, server_hostname="no-such-host.invalid") as inner:
        assert get(inner, "no-such-host.invalid")["name"] == "Simulated User"
    assert (client.last().tunnel, client.last().sni) == ("no-such-host.invalid:443", "no-such-host.invalid")


def test_connect_and_no_tls(client):
    connection = client.connect(tls=False)
    tunnel(connection, "ampcode.com:80")
    assert get(connection, "ampcode.com")["name"] == "Simulated User"
    assert (client.last().tunnel, client.last().scheme) == ("ampcode.com:80", "http")


def test_connect_and_tls_in_one_write(client):
    """Bytes that come with the CONNECT belong to the tunnel."""
    data = b"CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\nGET /api/user HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    assert client.raw(data).count(b"HTTP/1.1 200 ") == 2


def test_tls_inside_tls(sim):
    async def fetch():
        context = ssl.create_default_context(cafile=sim.ca_path)
        reader, writer = await asyncio.open_connection("127.0.0.1", sim.port, ssl=context, server_hostname="proxy.example")
        writer.write(b"CONNECT ampcode.com:443 HTTP/1.1\r\nhost: ampcode.com:443\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        await writer.start_tls(context, server_hostname="ampcode.com")
        writer.write(b"GET /api/user HTTP/1.1\r\nhost: ampcode.com\r\nconnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        # Both layers of TLS take turns of the loop to close; a loop that ends before leaves the socket to the garbage
        # collector, whose warning then fails whichever test is running.
        await writer.wait_closed()
        return answer

    assert b"Simulated User" in run(fetch())
    assert (sim.requests[0].sni, sim.requests[0].tunnel) == ("ampcode.com", "ampcode.com:443")


def test_tunnels_inside_tunnels_end(client):
    connection = client.connect(tls=False)
    for _ in range(server.MAX_TUNNELS + 1):
        tunnel(connection, "a:80")
    assert connection.recv(1) == b""


def test_broken_handshake_ends_the_connection_alone(client):
    connection = client.connect(tls=False)
    connection.sendall(b"\x16\x03\x01\x00\x05hello")
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65536):
            pass
    assert client.get("/api/user").status == 200


def test_a_handshake_may_be_left(client):
    connection = client.connect(tls=False)
    connection.sendall(b"\x16\x03")
    connection.close()
    assert client.get("/api/user").status == 200


def test_defaults_then_scenario_then_headers(client_of):
    def scenario(request):
        return {"seed": 2, "events": 2} if request.path == PATH else {}

    with simulator(seed=1, events=1, encoding="gzip", scenario=scenario) as sim:
        client = client_of(sim)
        body = {"stream": True, "model": "m"}
        answers = [client.post(PATH, body), client.post(PATH, body, x_sim_seed="3", x_sim_encoding="identity")]
        assert [answer.header("content-encoding") for answer in answers] == ["gzip", None]
        first, second = (request.truth for request in sim.requests)
        assert first.id != second.id
        assert first.event_counts["content_block_delta"] == second.event_counts["content_block_delta"] == 2


def test_scenario_of_a_first_failure(client_of):
    with simulator(scenario=lambda request: {"error": "429"} if len(sim.requests) == 1 else {}) as sim:
        client = client_of(sim)
        assert [client.get("/api/user").status for _ in range(3)] == [429, 200, 200]


def test_unknown_option_is_refused():
    with pytest.raises(ValueError, match="colour"):
        SimulatedAmp(colour="red")


def test_requests_kept_are_bounded(client, monkeypatch):
    monkeypatch.setattr(server, "MAX_REQUESTS", 3)
    for number in range(5):
        client.get(f"/api/user?{number}")
    assert [request.target for request in client.sim.requests] == ["/api/user?2", "/api/user?3", "/api/user?4"]


def test_bodies_kept_are_bounded(client, monkeypatch):
    monkeypatch.setattr(server, "MAX_BODIES", 2500)
    for _ in range(4):
        client.post("/api/threads", b"x" * 1000)
    assert len(client.sim.requests) == 2


def test_connections_are_bounded(client, monkeypatch):
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 1)
    first = client.connect(tls=False)
    first.sendall(b"GET /api/user HTTP/1.1\r\nhost: a\r\n\r\n")
    assert first.recv(1) == b"H"
    second = client.connect(tls=False)
    with contextlib.suppress(ConnectionResetError):
        assert second.recv(1) == b""
    assert client.sim.requests[-1].sent == 1


def test_port_in_use_is_told(sim):
    with pytest.raises(OSError, match="address already in use"), simulator(port=sim.port):
        pass


def test_given_port_is_used():
    with simulator() as first:
        port = first.port
    with simulator(port=port) as second:
        assert second.port == port


def test_folder_is_private_and_goes_away():
    with simulator() as sim:
        folder = sim.ca_path.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


@pytest.mark.parametrize("fault", ["", "stall", "silent"])
@pytest.mark.parametrize("alpn", ["h2", "http/1.1"])
def test_end_does_not_wait_for_streams(client_of, until, fault, alpn):
    before = threading.active_count()
    with simulator(events=100_000, pace=0.01, error=fault) as sim:
        client = client_of(sim)
        connection = client.connect(alpn=(alpn,))
        if alpn == "h2":
            h2 = H2Connection()
            h2.initiate_connection()
            h2.send_headers(1, [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/api/connect")], end_stream=True)
            connection.sendall(h2.data_to_send())
        else:
            connection.sendall(b"GET /api/connect HTTP/1.1\r\nhost: a\r\n\r\n")
        until(lambda: sim.requests)
    assert sim.requests[0].ended == "aborted"
    assert threading.active_count() == before


def test_end_does_not_wait_for_a_client_that_does_not_read(client_of, until):
    with simulator(events=200_000) as sim:
        connection = client_of(sim).connect(tls=False)
        connection.sendall(b"POST /api/provider/openai HTTP/1.1\r\nhost: a\r\ncontent-length: 15\r\n\r\n" + b'{"stream":true}')
        until(lambda: sim.requests and sim.requests[0].sent)
    assert sim.requests[0].ended == "aborted"


def test_two_at_a_time(client_of):
    with simulator(seed=1) as one, simulator(seed=2) as other:
        assert client_of(one).post(PATH).body != client_of(other).post(PATH).body


def test_stands_behind_mitmproxy(sim):
    """`--mode upstream:` with the CA trusted by option answers for the real names, certificates checked on both sides."""
    with proxy.running(*proxy.behind(sim), "--set", "connection_strategy=lazy") as running:
        for host, path, key in [("ampcode.com", "/api/user", "email"), ("openrouter.ai", "/api/v1/models", "data")]:
            with proxy.tunnel(running, host) as connection:
                assert key in get(connection, host, path)
            got = sim.requests[-1]
            assert (got.host, got.sni, got.tunnel) == (host, host, f"{host}:443")
        with socket.create_connection(("127.0.0.1", running.port)) as connection:
            connection.sendall(b"GET http://ampcode.com/api/user HTTP/1.1\r\nHost: ampcode.com\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert (sim.requests[-1].scheme, sim.requests[-1].path) == ("http", "/api/user")
