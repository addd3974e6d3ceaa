import asyncio
import time

import pytest

from amp_addons.addons import pacer as module
from amp_addons.addons.pacer import HOST, Pacer


@pytest.fixture
async def pacer():
    found = Pacer()
    yield found
    found.close()


async def fetch(port, path):
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    pieces = []
    while piece := await reader.read(65536):
        pieces.append((time.monotonic(), piece))
    writer.close()
    await writer.wait_closed()
    return pieces


async def test_events_come_one_by_one_and_only_once(pacer):
    port, path = await pacer.offer(202, [("x-a", "b")], [b"data: 1\n\n", b"data: 2\n\n"], 0.2)
    pieces = await fetch(port, path)
    whole = b"".join(piece for _, piece in pieces)
    assert whole.startswith(b"HTTP/1.1 202 Accepted\r\nx-a: b\r\ntransfer-encoding: chunked\r\n")
    assert whole.endswith(b"9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n")
    assert pieces[-1][0] - pieces[0][0] >= 0.15
    assert b"404" in (await fetch(port, path))[0][1]


async def test_only_who_knows_the_token_is_answered(pacer):
    port, _ = await pacer.offer(200, [], [b"data: secret\n\n"], 0)
    for path in ("/", "/..", "/" + "a" * 32):
        assert b"secret" not in b"".join(piece for _, piece in await fetch(port, path))


async def test_answers_that_nobody_fetches_are_bounded(pacer, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    offers = [await pacer.offer(200, [], [b"x"], 0) for _ in range(3)]
    assert b"404" in (await fetch(*offers[0]))[0][1]
    assert b"200" in (await fetch(*offers[2]))[0][1]


async def test_status_without_a_name_of_its_own(pacer):
    port, path = await pacer.offer(299, [], [], 0)
    assert (await fetch(port, path))[0][1].startswith(b"HTTP/1.1 299 Answer\r\n")
