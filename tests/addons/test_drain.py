"""When a connection is over, and who minds SIGTERM; tests/e2e/test_fleet.py sends it to proxies at work."""

import asyncio
import os
import signal
import time
from types import SimpleNamespace

import pytest
from mitmproxy.connection import Client
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import TCPLayer
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode, HttpStream
from support.addons import loaded, make_flow, make_response

from amp_addons.addons.drain import IDLE, QUIET, is_over, under_way

NOW = 1_000_000.0


@pytest.fixture
async def suite():
    with loaded("drain") as found:
        yield found


@pytest.mark.parametrize("found", ["x", "-1", "0", "1.5", "86401", "1" * 30, "٣", "60s"])
async def test_what_are_no_seconds_is_refused(suite, caplog, found):
    suite.context.configure(suite["drain"], amp_drain=found)
    assert f"option amp_drain: found {found!r}, expected seconds from 1 to 86400" in caplog.text


async def signalled(suite):
    """Whether SIGTERM ends the proxy at once. The loop's own handler is there first, as mitmproxy puts it there."""
    os.kill(os.getpid(), signal.SIGTERM)
    deadline = time.monotonic() + 20
    while not (suite.context.master.should_exit.is_set() or suite.hub.draining):
        assert time.monotonic() < deadline
        await asyncio.sleep(0)
    return not suite.hub.draining


@pytest.fixture
async def terminates(suite):
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, suite.context.master.shutdown)
    yield
    loop.remove_signal_handler(signal.SIGTERM)


async def test_sigterm_is_left_alone_without_the_option(suite, terminates):
    suite["drain"].running()
    assert await signalled(suite)


async def test_sigterm_drains_with_the_option_and_the_proxy_ends_when_nothing_is_left(suite, terminates):
    suite.context.configure(suite["drain"], amp_drain="60")
    suite["drain"].running()
    assert not await signalled(suite)
    await asyncio.wait_for(suite.context.master.should_exit.wait(), 20)
    assert suite.context.options.server is False


async def test_option_may_be_set_and_taken_back_while_the_proxy_runs(suite, terminates):
    suite["drain"].running()
    suite.context.configure(suite["drain"], amp_drain="60")
    suite.context.configure(suite["drain"], amp_drain="")
    assert await signalled(suite)


@pytest.mark.parametrize(
    ("draining", "version", "status", "closed"),
    [(True, "HTTP/1.1", 200, True), (False, "HTTP/1.1", 200, False), (True, "HTTP/2.0", 200, False), (True, "HTTP/1.1", 101, False)],
)
async def test_answers_say_that_the_connection_ends_while_the_proxy_drains(suite, draining, version, status, closed):
    suite.hub.draining = draining
    flow = make_flow()
    flow.request.http_version = version
    flow.response = make_response(status=status, connection="keep-alive")
    suite["drain"].responseheaders(flow)
    assert flow.response.headers["connection"] == ("close" if closed else "keep-alive")


def handler(suite, *streams, raw=False, quiet=0.0):
    """A connection with these flows in it, and nothing heard for so many seconds."""
    client = Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), timestamp_start=0.0)
    context = Context(client, suite.context.options)
    layer = HttpLayer(context, HTTPMode.regular)
    for number, flow in enumerate(streams):
        layer.streams[number] = stream = HttpStream(context.fork(), number)
        if flow is not None:
            stream.flow = flow
    if raw:
        TCPLayer(context)
    return SimpleNamespace(layer=layer, client=client, transports={}, timeout_watchdog=SimpleNamespace(last_activity=NOW - quiet))


def connect():
    flow = make_flow("CONNECT", "https://ampcode.com")
    return flow


def ended():
    flow = make_flow()
    flow.live = False
    return flow


@pytest.mark.parametrize(
    ("streams", "raw", "quiet", "over"),
    [
        ([], False, 0.0, False),  # who has just connected
        ([], False, IDLE + 1, True),
        ([connect()], False, 0.0, False),
        ([connect()], False, IDLE + 1, True),  # a tunnel with nothing in it
        ([make_flow()], False, 1e6, False),
        ([None], False, 1e6, False),  # a request that has begun
        ([ended()], False, IDLE + 1, True),
        ([ended(), make_flow()], False, IDLE + 1, False),
        ([connect()], True, IDLE + 1, False),
        ([connect()], True, QUIET + 1, True),
    ],
)
async def test_connection_is_over_when_nothing_is_lost_by_closing_it(suite, streams, raw, quiet, over):
    assert is_over(handler(suite, *streams, raw=raw, quiet=quiet), NOW) is over


async def test_flows_in_a_tunnel_are_under_way_too(suite):
    outer, flow = handler(suite, connect()), make_flow()
    tunnel = outer.layer.streams[0]
    inner = HttpLayer(tunnel.context, HTTPMode.transparent)
    inner.streams[1] = HttpStream(tunnel.context.fork(), 1)
    inner.streams[1].flow = flow
    assert list(under_way(outer)) == [flow]
