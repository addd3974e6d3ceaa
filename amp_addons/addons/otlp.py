"""Sends every flow to an OpenTelemetry collector as spans and metrics (`amp_otlp`), from threads of its own. An extra: `otel`."""

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from mitmproxy import addonmanager, ctx, http

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import is_choice, refuse
from amp_addons.core.events import Event
from amp_addons.core.kept import Kept
from amp_addons.core.scrub import scrub_text
from amp_addons.core.trace import FlowTrace
from amp_addons.telemetry.collector import MISSING, base_url, is_installed

if TYPE_CHECKING:  # imported when something is to be sent
    from amp_addons.telemetry.sender import Sender
    from amp_addons.telemetry.told import Bodies, Gathering

CONTENTS = ("none", "scrubbed")

MAX_OPEN = 64 * 1024 * 1024
"""Bytes of answers kept in all, for the flows that are under way."""

logger = logging.getLogger(__name__)


class _Open(NamedTuple):
    """A flow with a model that is under way, where messages are to be told."""

    flow: http.HTTPFlow
    request: bytes
    request_coding: str
    kept: Kept
    room: "_Room | None"


class _Room:
    """How much of answers is kept for one collector: `MAX_OPEN` bytes at most."""

    def __init__(self) -> None:
        self.given = 0

    def __call__(self, wanted: int) -> int:
        given = min(wanted, MAX_OPEN - self.given)
        self.given += given
        return given


class Otlp:
    name = "amp.otlp"
    wants_each_event = False

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._wanted = "", "none"
        self._sender: Sender | None = None
        self._gathering: Gathering | None = None
        self._open: dict[str, _Open] = {}
        self._room = _Room()

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option(
            "amp_otlp", str, "", "Send every flow to this OpenTelemetry collector (http://127.0.0.1:4318). Needs the extra otel."
        )
        loader.add_option("amp_otlp_content", str, "none", "scrubbed: what was said is sent too, without secrets; none: not.")

    def configure(self, updated: set[str]) -> None:
        if "amp_otlp_content" in updated and not is_choice("amp_otlp_content", ctx.options.amp_otlp_content, CONTENTS):
            return
        if updated & {"amp_otlp", "amp_otlp_content"}:
            self._switch(ctx.options.amp_otlp, ctx.options.amp_otlp_content)

    @looking
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """The request is now as rules made it and as it was sent."""
        trace = self._hub.traces.get(flow.id)
        if self._sender is None or self._wanted[1] != "scrubbed" or trace is None or trace.request is None or not flow.live:
            return
        if trace.request.category != "inference" or trace.verdict == "blocked" or flow.metadata.get("amp.record") is False:
            return
        from amp_addons.telemetry.content import MAX_BODY

        room = None
        if trace.kept is None:  # else the addon `record` keeps the answer
            trace.kept, room = Kept(MAX_BODY, self._room), self._room
        body = flow.request.raw_content or b""
        coding = flow.request.headers.get("content-encoding", "")
        self._open[flow.id] = _Open(flow, body if len(body) <= MAX_BODY else b"", coding, trace.kept, room)

    def publish(self, events: Sequence[Event], trace: FlowTrace) -> None:
        if self._gathering is None or self._sender is None:
            return
        told = self._gathering.take(events, trace)
        if not trace.ended:
            return
        bodies = self._bodies(trace)
        if told is not None and not trace.recorded:
            self._sender.put(told if bodies is None else told._replace(bodies=bodies))

    def _bodies(self, trace: FlowTrace) -> "Bodies | None":
        found = self._open.pop(trace.flow, None)
        if found is None:
            return None
        from amp_addons.telemetry.content import MAX_BODY
        from amp_addons.telemetry.told import Bodies

        if found.room is not None:
            found.room.given -= found.kept.size
        response = found.flow.response
        answer = b"".join([data for _, data in found.kept.chunks]) or (response.raw_content if response else None) or b""
        if found.kept.left_out or len(answer) > MAX_BODY:
            answer = b""
        coding = response.headers.get("content-encoding", "") if response else ""
        return Bodies(found.request, found.request_coding, answer, coding, trace.watch is not None)

    def done(self) -> None:
        self._close(wait=True)

    def _switch(self, url: str, content: str) -> None:
        """Send there from now on. Where that cannot be, the old one stays."""
        if (url, content) == self._wanted:
            return  # mitmproxy puts the old value back after a refusal
        sender = None
        if url:
            try:
                base, warning = base_url(url)
            except ValueError as error:
                return refuse(f"option amp_otlp: {error}.")
            if not is_installed():
                return refuse(f"option amp_otlp: {MISSING}.")
            if warning:
                logger.warning("amp_addons: amp_otlp: %s.", warning)
            try:
                sender = self._new(base, content)
            except ValueError as error:  # of the SDK, about a variable of its own
                return refuse(f"option amp_otlp: found an OTEL_ variable that makes no sense: {scrub_text(str(error))}.")
        self._close(wait=False)
        self._wanted, self._sender = (url, content), sender
        if sender is not None:
            from amp_addons.telemetry.told import Gathering

            self._gathering = Gathering()
            self._hub.attach(self)

    def _new(self, base: str, content: str) -> "Sender":
        from amp_addons.telemetry.export import Exporter, is_delta, is_off, number_of
        from amp_addons.telemetry.sender import Sender

        scrubber = None
        if content == "scrubbed":
            from amp_addons.core.redact.scrubber import Scrubber
            from amp_addons.rulefiles.detectors import Redactor

            scrubber = Scrubber(Redactor.builtin())
        return Sender(
            Exporter(base, scrubber),
            self._complain,
            delta=is_delta(),
            queue=number_of("OTEL_BSP_MAX_QUEUE_SIZE", 2048),
            pause=number_of("OTEL_BSP_SCHEDULE_DELAY", 5000) / 1000,
            interval=number_of("OTEL_METRIC_EXPORT_INTERVAL", 60_000) / 1000,
            spans=not is_off("TRACES"),
            metrics=not is_off("METRICS"),
        )

    def _close(self, *, wait: bool) -> None:
        """Send nothing more. While flows pass nobody may `wait` for what is still to be sent."""
        self._hub.detach(self)
        sender, self._sender, self._gathering = self._sender, None, None
        self._open.clear()
        self._room = _Room()
        if sender is not None:
            closing = threading.Thread(target=sender.close, name="amp_addons telemetry's end", daemon=True)
            closing.start()
            if wait:
                closing.join()

    @staticmethod
    def _complain(sentence: str) -> None:
        logger.warning("amp_addons: amp_otlp: %s.", sentence)


addons = script(__name__)
