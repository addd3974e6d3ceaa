"""What is answered on the port of `amp_health`; tests/e2e/test_fleet.py asks proxies that are at work, and lets HAProxy ask them."""

import asyncio
import json

import pytest
from support.addons import loaded
from support.proxy import free_port

from amp_addons import __version__
from amp_addons.addons import health as module
from amp_addons.rulefiles.rules import RuleSet
from amp_addons.rulefiles.shipped import shipped


@pytest.fixture
async def suite():
    with loaded("health") as found:
        yield found


@pytest.fixture
async def port(suite):
    port = free_port()
    suite.context.configure(suite["health"], amp_health=str(port))
    suite["health"].running()
    yield port
    suite["health"].done()


async def ask(port, request, host="127.0.0.1"):
    """Everything that comes back, until the end."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("request_", "status", "has_body"),
    [
        (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", 503, True),
        (b"GET /health?verbose HTTP/1.0\r\n\r\n", 503, True),
        (b"HEAD /health HTTP/1.1\r\n\r\n", 503, False),
        (b"OPTIONS /health HTTP/1.0\r\n\r\n", 405, True),
        (b"POST /health HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", 405, True),
        (b"GET / HTTP/1.1\r\n\r\n", 404, True),
        (b"GET /health/.. HTTP/1.1\r\n\r\n", 404, True),
        (b"GET http://evil.example/health HTTP/1.1\r\n\r\n", 404, True),
        (b"CONNECT /health HTTP/1.1\r\n\r\n", 405, True),
        (b"nonsense\r\n\r\n", 404, True),
    ],
)
async def test_there_is_one_page(port, request_, status, has_body):
    head, _, body = (await ask(port, request_)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status) and b"connection: close" in head
    assert bool(body) is has_body and (not body or isinstance(json.loads(body), dict))


async def test_page_says_version_rules_and_flows_under_way(suite, port):
    suite.hub.rules = RuleSet.load(shipped("default.yaml"))
    suite.hub.open("one", 0.0)
    told = json.loads((await ask(port, b"GET /health HTTP/1.1\r\n\r\n")).partition(b"\r\n\r\n")[2])
    # Not ready: nothing listens for clients here.
    assert told == {"version": __version__, "rules": suite.hub.rules.digest, "ready": False, "draining": False, "flows": 1}


async def test_request_without_an_end_is_not_waited_for(port, monkeypatch):
    monkeypatch.setattr(module, "WITHIN", 0.05)
    assert await ask(port, b"GET /health HTTP/1.1\r\n") == b""


async def test_request_that_is_too_large_is_not_read(port):
    assert await ask(port, b"GET /health HTTP/1.1\r\nX: " + b"x" * 4 * module.MAX_REQUEST) == b""


async def test_connections_are_bounded(suite, port, monkeypatch):
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 2)
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    assert await ask(port, b"GET /health HTTP/1.1\r\n\r\n") == b""
    for _, writer in held:
        writer.close()
        await writer.wait_closed()
    while not await ask(port, b"GET /health HTTP/1.1\r\n\r\n"):
        await asyncio.sleep(0)


async def test_port_is_given_back_when_the_option_changes(suite, port):
    other = free_port()
    suite.context.configure(suite["health"], amp_health=f"localhost:{other}")
    assert b"503" in await ask(other, b"GET /health HTTP/1.1\r\n\r\n")
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)
    suite.context.configure(suite["health"], amp_health="")
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", other)


@pytest.mark.parametrize("found", ["x", "host.example:8090", "127.0.0.1:", ":8090", "127.0.0.1:65536", "127.0.0.1:8090/health", "-1", "٣"])
async def test_what_is_no_address_is_refused(suite, caplog, found):
    suite.context.configure(suite["health"], amp_health=found)
    assert f"option amp_health: found {found!r}, expected ADDRESS:PORT" in caplog.text


async def test_port_that_another_has_is_refused(suite, caplog):
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        suite.context.configure(suite["health"], amp_health=str(port))
        assert f"option amp_health: found 127.0.0.1 port {port}, expected one that is free" in caplog.text


async def test_loopback_of_ipv6(suite):
    port = free_port()
    suite.context.configure(suite["health"], amp_health=f"[::1]:{port}")
    suite["health"].running()
    assert b"503" in await ask(port, b"GET /health HTTP/1.1\r\n\r\n", "::1")
    suite["health"].done()
