"""Counts what passes, for the command `amp.summary`: as `amp-addons replay` counts a capture."""

from collections.abc import Sequence
from io import StringIO

from mitmproxy import command
from rich.console import Console

from amp_addons.addons import script
from amp_addons.addons.hub import Hub
from amp_addons.core.events import Event, FlowEnd, RedactionDone, RuleAction, WsMessage
from amp_addons.core.trace import FlowTrace
from amp_addons.render.replayed import replayed
from amp_addons.replay.totals import Totals

WIDTH = 180
"""Columns: the table has sixteen."""


class Passed:
    name = "amp.passed"
    wants_each_event = False

    def __init__(self, hub: Hub) -> None:
        self._totals = Totals()
        hub.attach(self)

    def publish(self, events: Sequence[Event], trace: FlowTrace) -> None:
        """Flows are under way beside each other, and the totals take one after the other: all of a flow at its end."""
        if events and isinstance(events[-1], FlowEnd) and trace.request is not None:
            self._totals.take([trace.request, *events])
        elif events and isinstance(events[0], RuleAction | RedactionDone | WsMessage):
            self._totals.take(events)

    @command.command("amp.summary")  # type: ignore[untyped-decorator]  # mitmproxy types it in part
    def summary(self) -> str:
        """A table of all that has passed: requests, errors, tokens, cost, times; unknown endpoints; the slowest streams; rules."""
        out = StringIO()
        console = Console(file=out, width=WIDTH, color_system=None, force_terminal=False, highlight=False, markup=False, emoji=False)
        for part in replayed(self._totals.as_json(), ["what has passed"], rest=""):
            console.print(part)
        return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


addons = script(__name__)
