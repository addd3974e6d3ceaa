"""Whether streams and WebSockets pass through the proxy unharmed: tried with a server of our own on this machine, which needs no key.

What lies beyond the proxy, a company's one for instance, is not in this, and the findings say so.
"""

import asyncio
from itertools import pairwise
from secrets import token_hex
from typing import cast

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, RejectConnection, Request, TextMessage
from wsproto.utilities import ProtocolError

from amp_addons.doctor.finding import Finding, failure, ok, skipped, warning
from amp_addons.doctor.wire import STEP, Answer, Way, ask, connected, head
from amp_addons.sim.server import SimulatedAmp

EVENTS, PACE = 6, 0.15
"""Three quarters of a second: long enough to be told from one that comes at once, on a busy machine too."""
MARK = "x-amp-addons-doctor"
_BEYOND = "from a server on this machine; a company's proxy beyond ours is not in this"


async def stream(way: Way, sim: SimulatedAmp) -> Finding:
    """Whether events come one by one, or all at the end."""
    mark = token_hex(8)
    asked = {**way.headers, MARK: mark, "Accept": "text/event-stream", "x-sim-events": str(EVENTS), "x-sim-pace": str(PACE)}
    try:
        async with asyncio.timeout(STEP), connected(way) as (reader, writer):
            await ask(writer, "GET", f"{_url(sim)}/api/connect", f"127.0.0.1:{sim.port}", {**asked, "Connection": "close"})
            answer = await head(reader)
            if reason := _elsewhere(sim, mark, answer):
                return skipped("stream", f"whether streams are held back could not be tried: {reason}", _DIRECT)
            if answer.status != 200:
                return _refused("stream", "a stream", answer)
            times = await _arrivals(reader)
    except (OSError, ValueError) as error:
        if isinstance(error, TimeoutError) and _received(sim, mark):
            return failure("stream", f"a stream of {EVENTS} events did not come through in {STEP:.0f} s", _HELD)
        return _cut("stream", "a stream", error)
    return judged(times)


def judged(times: list[float]) -> Finding:
    """What the times at which the events came say."""
    sent = PACE * (EVENTS - 1)
    spread = times[-1] - times[0] if times else 0.0
    if len(times) < EVENTS:
        return failure("stream", f"of a stream's {EVENTS} events {len(times)} came through", _HELD)
    if spread < sent / 2:
        text = f"streams are held back on the way: {EVENTS} events sent over {sent * 1000:.0f} ms came within {spread * 1000:.0f} ms"
        return failure("stream", text, _HELD)
    gap = max(later - earlier for earlier, later in pairwise(times))
    if gap > sent:
        text = f"a stream's events came with a pause of {gap * 1000:.0f} ms, where they were sent every {PACE * 1000:.0f} ms"
        return warning("stream", text, "Is this machine busy? If not: " + _HELD)
    return ok("stream", f"streams pass event by event: the first came {spread * 1000:.0f} ms before the last ({_BEYOND})")


async def upgrade(way: Way, sim: SimulatedAmp) -> Finding:
    """Whether a WebSocket opens, and messages go both ways."""
    mark = token_hex(8)
    connection = WSConnection(ConnectionType.CLIENT)
    headers = [*way.headers.items(), (MARK, mark), ("x-sim-events", "1")]
    request = Request(
        host=f"127.0.0.1:{sim.port}",
        target=f"{_url(sim)}/api/connect",
        extra_headers=[(name.encode(), value.encode()) for name, value in headers],
    )
    try:
        async with asyncio.timeout(STEP), connected(way) as (reader, writer):
            writer.write(connection.send(request))
            status = await _converse(connection, reader, writer, mark)
    except (OSError, ValueError, ProtocolError) as error:
        return _cut("websocket", "a WebSocket", error)
    if reason := _elsewhere(sim, mark, Answer(status, {})):
        return skipped("websocket", f"whether WebSockets pass could not be tried: {reason}", _DIRECT)
    if status != 101:
        return _refused("websocket", "a WebSocket", Answer(status, {}))
    return ok("websocket", f"WebSockets pass, messages in both directions ({_BEYOND})")


async def _converse(connection: WSConnection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: str) -> int:
    """Say something and wait until it comes back. -> 101, or the status of the refusal"""
    while data := await reader.read(65536):
        connection.receive_data(data)
        for event in connection.events():
            match event:
                case AcceptConnection():
                    writer.write(connection.send(TextMessage(data=said)))
                case RejectConnection():
                    return event.status_code
                case TextMessage() if event.data == said:
                    return 101
    raise ConnectionResetError("the connection ended")


async def _arrivals(reader: asyncio.StreamReader) -> list[float]:
    """When each event came."""
    loop, times, tail = asyncio.get_running_loop(), cast(list[float], []), b""
    while data := await reader.read(65536):  # to the end: who looks at the proxy is not told of a client that left
        tail += data
        count = tail.count(b"data:") - len(times)
        times += [loop.time()] * count
    return times


def _url(sim: SimulatedAmp) -> str:
    return f"http://127.0.0.1:{sim.port}"


def _received(sim: SimulatedAmp, mark: str) -> bool:
    return any(request.header(MARK) == mark for request in sim.requests)


def _elsewhere(sim: SimulatedAmp, mark: str, answer: Answer) -> str:
    """Why it was somebody else who answered, if it was."""
    if _received(sim, mark) or answer.status in (403, 451):
        return ""
    if answer.status == 407:
        return "the proxy asks for a user and password"
    return f"the proxy does not go to this machine by itself (status {answer.status}), but through another proxy"


def _refused(id: str, what: str, answer: Answer) -> Finding:
    text = f"{what} through the proxy was answered with status {answer.status}"
    return failure(id, text, "Does a rule refuse it? `amp-addons explain GET http://127.0.0.1/api/connect --rules FILE`.")


def _cut(id: str, what: str, error: Exception) -> Finding:
    reason = f"nothing came for {STEP:.0f} s" if isinstance(error, TimeoutError) else f"the connection was cut ({type(error).__name__})"
    return failure(id, f"{what} through the proxy: {reason}", "Start `amp-addons run` without other scripts and options, and try again.")


_DIRECT = "Add 127.0.0.1 to NO_PROXY before `amp-addons run`, so that the proxy reaches this machine without the company's."
_HELD = (
    "Something buffers answers: another script or `stream_large_bodies` in mitmproxy, or a virus scanner that looks into this machine's "
    "traffic. Start `amp-addons run` without them."
)
