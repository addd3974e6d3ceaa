"""Records every flow, scrubbed, with its streamed body and times (`amp_record`). Looks only: writing is done in a thread."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mitmproxy import addonmanager, ctx, http
from mitmproxy.websocket import WebSocketMessage

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import refuse
from amp_addons.core.events import Event, FlowEnd, RedactionDone, RuleAction
from amp_addons.core.facts import Said
from amp_addons.core.kept import Kept
from amp_addons.core.trace import FlowTrace

if TYPE_CHECKING:  # imported when something is to be recorded
    from amp_addons.replay.recorder import Recorder
    from amp_addons.replay.rotation import Naming, Rotation

MAX_OPEN = 256 * 1024 * 1024
"""Bytes of answers and of WebSocket messages kept in all, for the flows that are under way."""

MESSAGE = 500
"""Bytes that a message costs beside its content."""

logger = logging.getLogger(__name__)


class _Open:
    """A flow that is under way. `messages` are a WebSocket's: those that mitmproxy has are only the last ones (`addons.sockets`)."""

    def __init__(self, flow: http.HTTPFlow) -> None:
        self.flow = flow
        self.before: list[Said] = []
        self.after: list[Said] = []
        self.messages: list[WebSocketMessage] = []
        self.messages_size = 0
        self.messages_cut = 0


class Record:
    name = "amp.record"
    wants_each_event = False

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._recorder: Recorder | None = None
        self._wanted = "", ""
        self._open: dict[str, _Open] = {}
        self._kept = 0

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option("amp_record", str, "", "Record every flow to this file, without secrets; %Y%m%d-%H%M%S in its name is the time.")
        loader.add_option("amp_record_rotate", str, "", "Begin a new file: size=100MB age=1h, and keep=20 of them.")

    def configure(self, updated: set[str]) -> None:
        if updated & {"amp_record", "amp_record_rotate"}:
            self._switch(ctx.options.amp_record, ctx.options.amp_record_rotate)

    @looking
    def request(self, flow: http.HTTPFlow) -> None:
        self._begin(flow)

    @looking
    def error(self, flow: http.HTTPFlow) -> None:
        self._begin(flow)

    def _begin(self, flow: http.HTTPFlow) -> None:
        trace = self._hub.traces.get(flow.id)
        if self._recorder is None or trace is None or not flow.live or flow.id in self._open:
            return
        self._open[flow.id] = _Open(flow)
        from amp_addons.replay.recording import MAX_BODY

        trace.kept = Kept(MAX_BODY, self._room)

    @looking
    def websocket_message(self, flow: http.HTTPFlow) -> None:
        found = self._open.get(flow.id)
        if found is None or flow.websocket is None:
            return
        from amp_addons.replay.recording import MAX_BODY

        message = flow.websocket.messages[-1]
        size = MESSAGE + len(message.content)
        # What is left out is a tail, as of a body: once something was, nothing more is kept.
        if found.messages_cut or found.messages_size + size > MAX_BODY or self._kept + size > MAX_OPEN:
            found.messages_cut += 1
            return
        self._kept += size
        found.messages_size += size
        found.messages.append(message)

    def _room(self, wanted: int) -> int:
        given = min(wanted, MAX_OPEN - self._kept)
        self._kept += given
        return given

    def publish(self, events: Sequence[Event], trace: FlowTrace) -> None:
        found = self._open.get(trace.flow)
        if found is None:
            return
        for event in events:
            if isinstance(event, RuleAction | RedactionDone):
                (found.before if trace.response is None else found.after).append(event)
            elif isinstance(event, FlowEnd):
                self._finish(found, trace, event)

    def _finish(self, found: _Open, trace: FlowTrace, end: FlowEnd) -> None:
        from amp_addons.replay.recording import Finished

        flow, kept = found.flow, trace.kept or Kept(0)
        del self._open[flow.id]
        self._kept -= kept.size + found.messages_size
        if self._recorder is not None and flow.metadata.get("amp.record") is not False:
            at, ended = trace.over
            self._recorder.put(
                Finished(
                    flow,
                    trace.request.api if trace.request else None,
                    self._hub.asked.get(flow),
                    kept,
                    trace.watch is not None,
                    found.before,
                    found.after,
                    end,
                    trace.started,
                    at,
                    ended,
                    found.messages,
                    found.messages_size,
                    found.messages_cut,
                )
            )

    def done(self) -> None:
        self._close()

    def _switch(self, pattern: str, rotate: str) -> None:
        """Record to another file from now on. When that cannot be opened the old one stays."""
        if (pattern, rotate) == self._wanted:
            return  # mitmproxy puts the old value back after a refusal
        try:
            if self._recorder is not None and pattern == self._wanted[0]:  # the file goes on, and its next one is by the new rotation
                self._recorder.rotate_by(*_named(pattern, rotate))
                self._wanted = pattern, rotate
                return
            recorder = self._new(pattern, rotate)
        except (OSError, ValueError) as error:
            option = "amp_record_rotate" if "expected size=" in str(error) or "more than 0" in str(error) else "amp_record"
            return refuse(f"option {option}: {getattr(error, 'strerror', None) or error}.")
        self._close()
        self._wanted, self._recorder = (pattern, rotate), recorder
        if recorder is not None:
            self._hub.attach(self)
        else:
            self._open.clear()

    def _new(self, pattern: str, rotate: str) -> "Recorder | None":
        if not pattern and not rotate:
            return None
        from amp_addons.core.redact.scrubber import Scrubber
        from amp_addons.replay.recorder import Recorder
        from amp_addons.rulefiles.detectors import Redactor

        naming, rotation = _named(pattern, rotate)
        return Recorder(naming, rotation, lambda: Scrubber(Redactor.builtin()), self._complain) if pattern else None

    def _close(self) -> None:
        self._hub.detach(self)
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        if not recorder.close():
            self._complain("the last flows could not be written in time")
        if recorder.lost:
            self._complain(f"{recorder.lost} flows were not recorded in all")

    @staticmethod
    def _complain(sentence: str) -> None:
        logger.warning("amp_addons: amp_record: %s.", sentence)


def _named(pattern: str, rotate: str) -> "tuple[Naming, Rotation]":
    """The names of files, and when a new one is begun. Raises ValueError."""
    from amp_addons.replay.rotation import Naming, Rotation

    rotation = Rotation.parse(rotate)
    return Naming(pattern, rotation), rotation


addons = script(__name__)
