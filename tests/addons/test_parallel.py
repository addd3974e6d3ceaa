import asyncio
import logging
from collections import defaultdict
from types import SimpleNamespace

import pytest
from mitmproxy.test import tflow
from support.addons import loaded

from amp_addons.addons.parallel import MOST


@pytest.fixture
async def suite():
    with loaded("parallel") as found:
        yield found


def handler_of(client, **more):
    return SimpleNamespace(client=client, max_conns=defaultdict(lambda: asyncio.Semaphore(5)), **more)


async def test_a_client_may_have_as_many_connections_as_streams(suite):
    client, other = tflow.tclient_conn(), tflow.tclient_conn()
    server = suite.context.master.addons.get("proxyserver")
    server.connections |= {1: handler_of(client), 2: handler_of(other)}
    suite["parallel"].client_connected(client)
    assert server.connections[1].max_conns["a", 443]._value == MOST and server.connections[2].max_conns["a", 443]._value == 5
    server.connections.clear()


async def test_another_mitmproxy_is_said_once(suite, caplog):
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        suite["parallel"].client_connected(tflow.tclient_conn())
    assert caplog.text.count("HTTP/2 clients may have to wait") == 1
