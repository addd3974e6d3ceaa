"""All events of one flow together: what its spans and metrics are made of, live and from a recording alike."""

from collections.abc import Sequence
from typing import NamedTuple

from amp_addons.core.events import Event, FlowEnd, FlowRequest, FlowResponse, RedactionDone, RuleAction, StreamEnd, StreamEvent
from amp_addons.core.facts import Said
from amp_addons.core.gaps import Gaps
from amp_addons.core.trace import FlowTrace
from amp_addons.core.tracecontext import TraceContext

MAX_SAID = 1000
"""Most `rule.action` and `redaction` events kept of a flow: a WebSocket may go on for days."""


class Bodies(NamedTuple):
    """What was said, as it passed, to be scrubbed before anything is made of it: bodies in their content codings (`coding`).

    An empty body is one that is not to be told, or was too large.
    """

    request: bytes
    request_coding: str
    answer: bytes
    answer_coding: str
    is_stream: bool


class Told(NamedTuple):
    """A flow that is over. `started` in seconds since the epoch."""

    started: float
    request: FlowRequest
    response: FlowResponse | None
    stream: StreamEnd | None
    end: FlowEnd
    said: Sequence[Said] = ()
    context: TraceContext | None = None
    gaps: Gaps | None = None
    bodies: Bodies | None = None


class Gathering:
    """Takes events as they are published, and gives a flow when it is over."""

    def __init__(self) -> None:
        self._said: dict[str, list[Said]] = {}

    def take(self, events: Sequence[Event], trace: FlowTrace) -> Told | None:
        end = events[-1]
        if type(end) is StreamEvent:
            return None  # many come together, and nothing else with them
        if type(events[0]) is FlowRequest:
            trace.gaps = Gaps()
        stream = None
        for event in events:
            if isinstance(event, RuleAction | RedactionDone):
                said = self._said.setdefault(event.flow, [])
                if len(said) < MAX_SAID:
                    said.append(event)
            elif isinstance(event, StreamEnd):
                stream = event
        if not isinstance(end, FlowEnd):
            return None
        said = self._said.pop(trace.flow, [])
        if trace.request is None:
            return None
        return Told(trace.started, trace.request, trace.response, stream, end, said, trace.context, trace.gaps)
