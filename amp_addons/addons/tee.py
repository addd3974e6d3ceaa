"""Lets every answer stream, and takes a look at it after the client has it. The one owner of mitmproxy's stream slot.

What is put into the slot never raises and returns each chunk as it came: mitmproxy drops the chunk of a callable that raises,
and takes an empty one in mid-stream for the end. Decoding follows on the pump.
"""

import logging
import time

from mitmproxy import http

from amp_addons.addons import script
from amp_addons.addons.hub import Hub
from amp_addons.addons.pump import Pump
from amp_addons.core.trace import Chunk, FlowTrace

logger = logging.getLogger(__name__)


class Tap:
    """The callable in the slot of an event stream: hands the chunk on and notes it, with its time, for the decoder."""

    __slots__ = ("_noted", "_pump", "_trace")

    def __init__(self, trace: FlowTrace, pump: Pump) -> None:
        self._trace = trace
        self._pump = pump
        self._noted: list[Chunk] = []

    def __call__(self, data: bytes) -> bytes:
        try:
            if data:
                noted = self._noted
                if not noted:
                    self._pump.add(self._hand_over)
                noted.append((time.time(), data))
                self._pump.weigh(len(data))
        except Exception:
            self._trace.watch_failed = self._trace.watch_failed or "the stream could not be noted"
        return data

    def _hand_over(self) -> None:
        noted, self._noted = self._noted, []
        self._trace.feed(noted)


class Counter:
    """The callable in the slot of any other answer: hands the chunk on and counts it."""

    __slots__ = ("_trace",)

    def __init__(self, trace: FlowTrace) -> None:
        self._trace = trace

    def __call__(self, data: bytes) -> bytes:
        if data:
            self._trace.chunks += 1
            self._trace.response_bytes += len(data)
        return data


class Tee:
    name = "amp.tee"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._said = False

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        response, trace = flow.response, self._hub.traces.get(flow.id)
        if response is None or trace is None or not flow.live or response.status_code == 101:
            return
        if callable(response.stream):
            return self._step_aside()
        trace.taken = True
        response.stream = Tap(trace, self._hub.pump) if trace.watch else Counter(trace)

    def response(self, flow: http.HTTPFlow) -> None:
        trace = self._hub.traces.get(flow.id)
        if trace and trace.taken and flow.response and not isinstance(flow.response.stream, Tap | Counter):
            self._step_aside()

    def _step_aside(self) -> None:
        if not self._said:
            self._said = True
            logger.warning("amp_addons: another script has taken a response's stream; such streams are not seen by the suite.")


addons = script(__name__)
