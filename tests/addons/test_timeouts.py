import asyncio

import pytest
from support.addons import make_flow

from amp_addons.addons import timeouts
from amp_addons.addons.timeouts import Watchdog
from amp_addons.core.rules.model import Timeouts
from amp_addons.core.trace import FlowTrace


@pytest.fixture
def ended(monkeypatch):
    """The clients whose connections to servers were ended."""
    found = []
    monkeypatch.setattr(timeouts, "end_servers", lambda client, address: found.append(client))
    return found


def watch(**limits):
    flow, trace = make_flow(), FlowTrace("f", 0.0, lambda *_: None)
    flow.server_conn.state = flow.server_conn.state.CLOSED
    return Watchdog(flow, Timeouts(**limits), trace), flow, trace


async def within(condition, seconds=5):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def test_connection_that_is_not_made_is_given_up(ended):
    _, flow, trace = watch(connect=0.02)
    await within(lambda: ended == [flow.client_conn])
    assert trace.reason == "the upstream could not be reached: no connection within 0.02 s"


async def test_connection_that_is_there_is_not(ended):
    watchdog, flow, _ = watch(connect=0.02, first_byte=0.06)
    flow.server_conn.state = flow.server_conn.state.OPEN
    await within(lambda: ended)
    assert len(ended) == 1  # for want of an answer, not of a connection
    watchdog.stop()


async def test_answer_and_end_stop_the_clocks(ended):
    watchdog, _, trace = watch(connect=0.02, first_byte=0.02, idle=0.02)
    watchdog.answered()
    trace.chunks += 1
    watchdog.stop()
    await asyncio.sleep(0.06)
    assert ended == [] and trace.reason is None


async def test_stream_is_given_up_when_nothing_more_comes(ended):
    watchdog, _, trace = watch(idle=0.03)
    watchdog.answered()
    for _ in range(5):
        await asyncio.sleep(0.02)
        trace.chunks += 1
    assert ended == []
    await within(lambda: ended)
    assert trace.reason == "the upstream gave nothing for 0.03 s"


async def test_pieces_of_an_answer_that_is_held_are_pieces(ended):
    watchdog, _, _ = watch(idle=0.03)
    watchdog.answered()
    for _ in range(5):
        await asyncio.sleep(0.02)
        watchdog.piece()
    assert ended == []
    await within(lambda: ended)
