"""Answers that are looked into as a whole: mitmproxy holds them, and they are changed off the event loop, before anything is sent.

mitmproxy holds whatever does not stream, but without a bound for one flow, says nothing of the pieces, and sends what it held even if a
hook fails. So the one method of its layer that takes them is replaced for the flow that is held, and the body is kept from the flow until
it was changed. Where that method is not to be found nothing is held, and the answer streams.
https://github.com/mitmproxy/mitmproxy/blob/v12.2.3/mitmproxy/proxy/layers/http/__init__.py
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.flow import Error
from mitmproxy.proxy.events import Event
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers.http import HttpLayer, HttpStream
from mitmproxy.proxy.layers.http._events import ResponseData, ResponseEndOfMessage

from amp_addons.addons import script
from amp_addons.addons.connections import handlers_of, layers_of
from amp_addons.addons.hub import Hub
from amp_addons.addons.route import LARGE, TIMEOUT
from amp_addons.addons.sent import Held
from amp_addons.core.answers.refusal import refuse
from amp_addons.core.codings import STEP

logger = logging.getLogger(__name__)


class Holding:
    """Comes before the addon `trace`, which is to see what the client gets."""

    name = "amp.holding"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def response(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        held, response = self._hub.held.pop(flow.id, None), flow.response
        if held is None or response is None:
            return None
        if len(held.body) >= LARGE:
            return self._put_off_the_loop(flow, response, held)
        self._put(flow, response, held, held.guarded.whole(held.body), held.guarded.told)
        return None

    async def _put_off_the_loop(self, flow: http.HTTPFlow, response: http.Response, held: Held) -> None:
        try:
            new = await asyncio.wait_for(asyncio.to_thread(held.guarded.whole, held.body), TIMEOUT)
            told = held.guarded.told
        except Exception as error:
            logger.error("amp_addons: an answer could not be looked into (%s) and was withheld.", type(error).__name__)
            new, told = None, f"The local proxy could not look into this answer ({type(error).__name__})."
        self._put(flow, response, held, new, told)
        if not flow.client_conn.state & ConnectionState.CAN_READ:
            flow.error = flow.error or Error("client disconnected")  # as mitmproxy has it after this hook

    def _put(self, flow: http.HTTPFlow, response: http.Response, held: Held, body: bytes | None, told: str) -> None:
        """Give the answer its body. Nothing of it was sent: if the change failed, another answer takes its place."""
        if body is None:
            answer = refuse(held.guarded.api, told, status=502)
            response.status_code, response.reason, body = answer.status, "", answer.body
            response.headers = http.Headers([(name.encode(), value.encode()) for name, value in answer.headers])
            if trace := self._hub.traces.get(flow.id):
                trace.verdict, trace.reason = "blocked", told
        response.headers.pop("transfer-encoding", None)
        response.headers["content-length"] = str(len(body))
        response.raw_content = body

    def error(self, flow: http.HTTPFlow) -> None:
        self._hub.held.pop(flow.id, None)


def hold(flow: http.HTTPFlow, held: Held, limit: int, noted: Callable[[], None], let_go: Callable[[], None]) -> bool:
    """Have mitmproxy hold the answer whose head is there. -> whether it does

    `noted` is called for each piece. Past `limit` bytes `let_go` is to make it stream after all: what was held then goes that way.
    """
    stream, response = _stream_of(flow), flow.response
    if stream is None or response is None:
        return False
    consume = stream.state_consume_response_body
    size = 0
    pieces: list[bytes] = []

    def take(event: Event) -> CommandGenerator[None]:
        nonlocal size
        if not isinstance(event, ResponseData):
            if isinstance(event, ResponseEndOfMessage):
                held.body = b"".join(pieces)
                pieces.clear()
            yield from consume(event)
            return
        pieces.append(event.data)
        size += len(event.data)
        noted()
        if size > limit:
            body = b"".join(pieces)
            pieces.clear()
            let_go()
            yield from stream.start_response_stream()
            for at in range(0, len(body), STEP):
                yield from stream.handle_event(ResponseData(stream.stream_id, body[at : at + STEP]))

    response.stream = False
    stream.state_consume_response_body = take
    return True


def _stream_of(flow: http.HTTPFlow) -> HttpStream | None:
    """What handles the flow in mitmproxy."""
    layers = [layer for handler in handlers_of(flow.client_conn) for layer in layers_of(handler) if isinstance(layer, HttpLayer)]
    streams = (stream for layer in layers for stream in layer.streams.values())
    return next((stream for stream in streams if getattr(stream, "flow", None) is flow), None)


addons = script(__name__)
