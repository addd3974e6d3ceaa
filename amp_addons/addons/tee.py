"""Lets every answer stream, and takes a look at it after the client has it. The one owner of mitmproxy's stream slot.

What is put into the slot never raises and returns each chunk as it came: mitmproxy drops the chunk of a callable that raises,
and takes an empty one in mid-stream for the end. Decoding follows on the pump.
"""

import logging
from collections.abc import Callable
from time import time as now

from mitmproxy import http

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.addons.pump import Pump
from amp_addons.core.answers.transform import Transform
from amp_addons.core.stream import Chunk
from amp_addons.core.trace import FlowTrace

logger = logging.getLogger(__name__)


HASTEN = 256
"""Chunks of one stream that may wait before the pump is hastened: they are noted within one turn of the loop."""

type Slot = Callable[[bytes], bytes]
type Changing = Callable[[bytes], list[bytes]]


def tap(trace: FlowTrace, pump: Pump) -> Slot:
    """What goes into the slot of an event stream: hands the chunk on and notes it, with its time, for the decoder.

    A closure and nothing more than an append: this runs for every chunk before the client gets it.
    """
    noted: list[Chunk] = []

    def hand_over() -> None:
        chunks = noted.copy()
        noted.clear()
        trace.feed(chunks)

    def pass_on(data: bytes) -> bytes:
        try:
            if data:
                if not noted:
                    trace.passed = True
                    pump.add(hand_over)
                noted.append((now(), data))
                if len(noted) == HASTEN:
                    pump.hasten()
        except Exception:
            trace.watch_failed = trace.watch_failed or "the stream could not be noted"
        return data

    return pass_on


def changed(transform: Transform, then: Slot, trace: FlowTrace | None) -> Changing:
    """What goes into the slot of an answer that a rule changes on its way: what comes out is noted like any other.

    A change that breaks ends the answer there: what must not reach the client does not (DESIGN promise 4).
    """
    over = False

    def pass_on(data: bytes) -> list[bytes]:
        nonlocal over
        if over:
            return []
        try:
            pieces = transform.feed(data) if data else transform.close()
        except Exception as error:
            over, pieces = True, []
            if trace is not None:
                trace.watch_failed = (
                    trace.watch_failed or f"the change of the answer failed with {type(error).__name__}; the rest was withheld"
                )
        for piece in pieces:
            then(piece)
        return pieces

    return pass_on


def counter(trace: FlowTrace) -> Slot:
    """What goes into the slot of any other answer: hands the chunk on and counts it."""

    def pass_on(data: bytes) -> bytes:
        if data:
            trace.passed = True
            trace.chunks += 1
            trace.response_bytes += len(data)
        return data

    return pass_on


def let_stream(hub: Hub, flow: http.HTTPFlow, response: http.Response, transform: Transform | None) -> None:
    """Have the answer stream, through what changes it, and be looked at."""
    response.stream = True  # whatever else fails, nothing is held up
    trace = hub.traces.get(flow.id)
    if trace is not None:
        slot = tap(trace, hub.pump) if trace.watch or trace.aside or trace.kept is not None else counter(trace)
        trace.slot = response.stream = changed(transform, slot, trace) if transform else slot
    elif transform is not None:
        response.stream = changed(transform, lambda data: data, None)


class Tee:
    name = "amp.tee"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._said = False

    @looking
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        response = flow.response
        if response is None or not flow.live or response.status_code == 101 or flow.id in self._hub.held:
            return
        transform = self._hub.transforms.pop(flow.id, None)
        if callable(response.stream) and transform is None:
            return self._step_aside()
        let_stream(self._hub, flow, response, transform)

    @looking
    def response(self, flow: http.HTTPFlow) -> None:
        trace = self._hub.traces.get(flow.id)
        if trace and trace.slot and flow.response and flow.response.stream is not trace.slot:
            self._step_aside()

    def _step_aside(self) -> None:
        if not self._said:
            self._said = True
            logger.warning("amp_addons: another script has taken a response's stream; such streams are not seen by the suite.")


addons = script(__name__)
