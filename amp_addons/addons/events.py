"""Writes every flow's events as JSON Lines (`amp_events`), off the event loop."""

import logging
import os
import sys
from collections.abc import Sequence

from mitmproxy import addonmanager, ctx

from amp_addons.addons import script
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import is_choice, refuse
from amp_addons.core.events import Event, encode_lines
from amp_addons.core.trace import FlowTrace
from amp_addons.files import drop_half_line, open_private
from amp_addons.linewriter import LineWriter
from amp_addons.rulefiles.detectors import mask_streams

DETAILS = ("event", "flow")
CONTENTS = ("none", "text")

logger = logging.getLogger(__name__)


class Events:
    name = "amp.events"
    wants_each_event = True

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._writer: LineWriter[Event] | None = None
        self._target = ""

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option("amp_events", str, "", "Write every flow's events to this file as JSON Lines (- for standard output).")
        loader.add_option("amp_events_detail", str, "event", "event: a line for every server-sent event; flow: leave these lines out.")

        loader.add_option("amp_events_content", str, "none", "text: stream.event lines have what was said, without secrets; none: not.")

    def configure(self, updated: set[str]) -> None:
        if "amp_events_content" in updated:
            if not is_choice("amp_events_content", ctx.options.amp_events_content, CONTENTS):
                return
            self._hub.mask = mask_streams() if ctx.options.amp_events_content == "text" else None
        if "amp_events_detail" in updated:
            detail = ctx.options.amp_events_detail
            if not is_choice("amp_events_detail", detail, DETAILS):
                return
            self.wants_each_event = detail == "event"
        if "amp_events" in updated:
            self._switch(ctx.options.amp_events)

    def publish(self, events: Sequence[Event], trace: FlowTrace) -> None:
        if self._writer is not None:
            self._writer.put(events)

    def done(self) -> None:
        self._close()

    def _switch(self, target: str) -> None:
        """Write to another file from now on. When that cannot be opened the old one stays."""
        if target == self._target:
            return  # mitmproxy puts the old value back after a refusal
        try:
            writer = self._open(target) if target else None
        except OSError as error:
            return refuse(f"option amp_events: {error.strerror}.")
        self._close()
        self._target, self._writer = target, writer
        if writer is not None:
            self._hub.attach(self)

    def _open(self, target: str) -> LineWriter[Event]:
        if target == "-":
            return LineWriter(sys.stdout.fileno(), encode_lines, self._complain, keep_open=True)
        descriptor = open_private(os.path.expanduser(target))
        if cut := drop_half_line(descriptor):
            logger.warning("amp_addons: an unfinished last line (%d bytes) was cut off the file named by amp_events.", cut)
        return LineWriter(descriptor, encode_lines, self._complain)

    def _close(self) -> None:
        self._hub.detach(self)
        if self._writer is None:
            return
        writer, self._writer = self._writer, None
        if not writer.close():
            self._complain("the last lines could not be written in time")
        if writer.dropped:
            self._complain(f"{writer.dropped} lines were dropped in all")

    @staticmethod
    def _complain(sentence: str) -> None:
        logger.warning("amp_addons: amp_events: %s.", sentence)


addons = script(__name__)
