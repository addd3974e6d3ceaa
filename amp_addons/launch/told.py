"""What a client's traffic amounted to, from the events of the proxy beside it."""

from collections.abc import Iterable

import msgspec

from amp_addons.core.events import Event, FlowEnd, FlowRequest, RuleAction, StreamEnd
from amp_addons.render.line import Finished
from amp_addons.render.tally import Tally


class Told:
    """`tally` counts flows; `passed` are hosts whose connections went by without being looked into."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.passed: dict[str, int] = {}

    def read(self, lines: Iterable[bytes]) -> None:
        """Take the lines of an events file (`amp_events_detail=flow`). Lines that make no sense are left out."""
        requests: dict[str, FlowRequest] = {}
        streams: dict[str, StreamEnd] = {}
        for line in lines:
            event = _event(line)
            if isinstance(event, FlowRequest):
                requests[event.flow] = event
            elif isinstance(event, StreamEnd):
                streams[event.flow] = event
            elif isinstance(event, FlowEnd) and (request := requests.pop(event.flow, None)):
                self.tally.add(Finished(request, streams.pop(event.flow, None), event))
            elif isinstance(event, RuleAction) and event.rule == "amp_inspect" and event.detail:
                host = event.detail.partition(" ")[0]
                self.passed[host] = self.passed.get(host, 0) + 1


class _Kind(msgspec.Struct):
    type: str = ""


_KINDS: dict[str, type[Event]] = {
    "flow.request": FlowRequest,
    "stream.end": StreamEnd,
    "flow.end": FlowEnd,
    "rule.action": RuleAction,
}


def _event(line: bytes) -> Event | None:
    try:
        kind = _KINDS.get(msgspec.json.decode(line, type=_Kind).type)
        return msgspec.json.decode(line, type=kind) if kind else None
    except msgspec.DecodeError:
        return None
