"""Tells each flow's trace what mitmproxy's hooks say of it. Looks only: nothing of a flow is changed here.

Times are the ones mitmproxy notes in the flow, so that a recording tells the same as the live flow did.
"""

import time
from functools import partial

from mitmproxy import http
from mitmproxy.connection import Client, ConnectionState

from amp_addons.addons import script
from amp_addons.addons.classify import url_of
from amp_addons.addons.exchange import length_of
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.core.course import answer, begin, finish, finish_foreign, head_of, repeat
from amp_addons.core.events import Ended, Outcome
from amp_addons.core.facts import facts_of
from amp_addons.core.trace import FlowTrace


class Trace:
    name = "amp.trace"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._recorded: set[str] = set()

    @looking
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        # Later hooks could not tell it from a flow that was killed. (One that is sent again, by client replay, is live.)
        if not flow.live:
            self._recorded.add(flow.id)

    @looking
    def request(self, flow: http.HTTPFlow) -> None:
        self._trace_of(flow)

    @looking
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        trace, response = self._trace_of(flow), flow.response
        if trace.response is not None or response is None:
            return
        answer(trace, response.timestamp_start or time.time(), response.status_code, head_of(response.headers.fields))

    @looking
    def response(self, flow: http.HTTPFlow) -> None:
        if flow.websocket is not None:
            return  # websocket_end follows
        assert flow.response
        at = flow.response.timestamp_end or time.time()
        trace = self._trace_of(flow)
        if (trace.watch or trace.aside) and not trace.passed and flow.response.raw_content and flow.live:
            # Not streamed through us: set by another addon.
            self._hub.pump.add(partial(trace.feed, [(at, flow.response.raw_content)]))
        if not flow.error:
            self._end(flow, at)

    @looking
    def error(self, flow: http.HTTPFlow) -> None:
        at = flow.error.timestamp if flow.error else time.time()
        if _client_left(flow):
            # A client that has all it was promised may hang up before mitmproxy has seen the end of the answer.
            if _is_whole(flow, self._trace_of(flow)):
                self._end(flow, at)
            else:
                self._end(flow, at, "aborted", "aborted")
        else:
            self._end(flow, at, "error", "truncated")

    @looking
    def websocket_message(self, flow: http.HTTPFlow) -> None:
        assert flow.websocket
        message, trace = flow.websocket.messages[-1], self._trace_of(flow)
        size = trace.facts.message_sizes.get(len(flow.websocket.messages) - 1) if trace.facts else None
        trace.ws_message(message.timestamp, from_client=message.from_client, is_text=message.is_text, content=message.content, size=size)

    @looking
    def websocket_end(self, flow: http.HTTPFlow) -> None:
        self._end(flow, (flow.websocket and flow.websocket.timestamp_end) or time.time())

    @looking
    def client_disconnected(self, client: Client) -> None:
        # Every flow of the connection has ended by a hook above, but for hooks that another addon kept from us.
        for trace in [trace for trace in self._hub.traces.values() if trace.connection == client.id]:
            self._hub.pump.add(partial(trace.end, time.time(), outcome="aborted", ended="aborted"))

    @looking
    def done(self) -> None:
        self._hub.pump.run()
        for trace in list(self._hub.traces.values()):
            trace.end(time.time(), outcome="aborted", ended="aborted", error="the proxy was stopped")

    def _trace_of(self, flow: http.HTTPFlow) -> FlowTrace:
        """The flow's trace, begun with the first hook that asks for it: after an early error that is `error`."""
        if trace := self._hub.traces.get(flow.id):
            return trace
        request, found = flow.request, self._hub.classify(flow)
        trace = self._hub.open(flow.id, request.timestamp_start)
        trace.connection = flow.client_conn.id
        if flow.id in self._recorded:
            self._recorded.discard(flow.id)
            trace.recorded, trace.facts = True, facts_of(flow.metadata)
        begin(
            trace,
            method=request.method,
            url=url_of(flow),
            path=request.path,
            head=head_of(request.headers.fields),
            body=request.raw_content,
            found=found,
            client=flow.client_conn.peername[0] if flow.client_conn.peername else None,
        )
        if trace.request and trace.request.category == "inference":
            # so that it is there when the answer ends
            self._hub.prices.warm(found.provider, trace.request.model, trace.started, wait=not flow.live)
        if trace.facts:
            repeat(trace, trace.facts)
        return trace

    def _end(self, flow: http.HTTPFlow, at: float, outcome: Outcome = "ok", ended: Ended = "complete") -> None:
        trace = self._trace_of(flow)
        body = flow.response.raw_content if flow.response else None
        if not flow.live:
            return self._hub.pump.add(partial(self._end_of_recorded, flow, trace, at, body))
        end = partial(
            trace.end,
            at,
            outcome=outcome,
            ended=ended,
            error=flow.error.msg if flow.error and outcome != "ok" else None,
            request_bytes=len(flow.request.raw_content or b""),
            response_bytes=None if trace.passed or body is None or flow.websocket else len(body),
        )
        self._hub.pump.add(end)

    @staticmethod
    def _end_of_recorded(flow: http.HTTPFlow, trace: FlowTrace, at: float, body: bytes | None) -> None:
        body = None if flow.websocket else body
        if trace.facts:
            return finish(trace, trace.facts, body)
        error = flow.error.msg if flow.error else None
        finish_foreign(trace, at, request_bytes=len(flow.request.raw_content or b""), body=body, error=error)


def _is_whole(flow: http.HTTPFlow, trace: FlowTrace) -> bool:
    return flow.response is not None and length_of(flow.response) == trace.response_bytes


def _client_left(flow: http.HTTPFlow) -> bool:
    """Whether the client ended the flow. mitmproxy words a reset of an HTTP/2 stream "by client" for either side."""
    if flow.error and flow.error.msg.startswith("stream reset by client"):
        # With HTTP/2 on both sides the code tells: clients cancel, servers fail.
        return flow.request.is_http2 and (flow.server_conn.alpn != b"h2" or "CANCEL" in flow.error.msg)
    return not flow.client_conn.state & ConnectionState.CAN_READ


addons = script(__name__)
