"""Commands for mitmproxy's own interfaces: `amp.explain` says what the rules make of a flow, and why."""

import logging

from mitmproxy import command, exceptions, flow, http

from amp_addons.addons import script
from amp_addons.addons.exchange import exchange_of
from amp_addons.addons.hub import Hub
from amp_addons.core.rules.explanation import explain
from amp_addons.render.explained import report
from amp_addons.render.palette import PLAIN

WIDTH = 100
"""Columns of what is said: it may be shown anywhere."""

logger = logging.getLogger(__name__)


class Commands:
    name = "amp.commands"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    @command.command("amp.explain")  # type: ignore[untyped-decorator]  # mitmproxy types it in part
    def explain(self, flow: flow.Flow) -> str:
        """Say what the rules in force do with a flow's request (as the client sent it), and why."""
        if not isinstance(flow, http.HTTPFlow):
            raise exceptions.CommandError("amp.explain: found a flow that is not HTTP, expected an HTTP flow: rules are about requests.")
        exchange = self._hub.asked.get(flow) or exchange_of(flow, self._hub)
        lines = list(report(PLAIN, WIDTH, explain(self._hub.rules, exchange)))
        for line in lines:
            logger.info("%s", line)
        return "\n".join(lines)


addons = script(__name__)
