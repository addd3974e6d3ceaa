"""Lets streams finish when the proxy is asked to end (`amp_drain`): SIGTERM first ends what is idle, and then, within a bound, the proxy.

While it drains, the page of the addon `health` says 503, so that a balancer sends nothing more here; a moment later nobody is listened to
any more, so that new connections are refused. A connection with a flow under way (an answer, a stream, a WebSocket) is closed when that
has ended, one without when nothing has come for a while: the request of who has just connected is answered.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Iterator
from typing import Any

from mitmproxy import addonmanager, ctx, http
from mitmproxy.proxy.layers import TCPLayer
from mitmproxy.proxy.layers.http import HttpLayer

from amp_addons.addons import script
from amp_addons.addons.connections import all_handlers, end_client, layers_of
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import refuse
from amp_addons.render.units import counted

LONGEST = 24 * 3600
"""Seconds that draining may be allowed to take."""

GRACE = 2.0
"""Seconds between telling a balancer and closing the port: it asks twice a second and believes the second answer (`admin haproxy`)."""

IDLE = 2.0
"""Seconds without a byte after which a connection without a flow is closed: who has just connected has asked for something by then."""

QUIET = 30.0
"""The same of a connection that is not looked into (passed through, not HTTP): nobody knows whether something is under way."""

POLL = 0.1

logger = logging.getLogger(__name__)


class Drain:
    """Comes before the addon `trace`: the head of an answer that is told is the one that the client gets."""

    name = "amp.drain"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._seconds = 0.0
        self._running = False
        self._installed = False
        self._draining: asyncio.Task[None] | None = None

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option(
            "amp_drain", str, "", "Seconds that streams may take to finish after SIGTERM (600); without it the proxy ends at once."
        )

    def configure(self, updated: set[str]) -> None:
        if "amp_drain" not in updated:
            return
        found = ctx.options.amp_drain.strip()
        if found and not (found.isascii() and found.isdecimal() and 0 < int(found[:6]) <= LONGEST and len(found) <= 6):
            return refuse(f"option amp_drain: found {found!r}, expected seconds from 1 to {LONGEST}, or nothing.")
        self._seconds = float(found or 0)
        self._mind_signal()

    def running(self) -> None:
        self._running = True
        self._mind_signal()

    def done(self) -> None:
        self._running = False
        self._mind_signal()

    @looking
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Who keeps its connection for the next request learns that there will be none."""
        response = flow.response
        if self._hub.draining and flow.live and response is not None and flow.request.is_http11 and response.status_code != 101:
            response.headers["connection"] = "close"

    def _mind_signal(self) -> None:
        """Take SIGTERM while there is something to be done on it; else it is mitmproxy's, which ends at once."""
        wanted = self._running and self._seconds > 0
        if wanted is self._installed:
            return
        loop = asyncio.get_running_loop()
        try:
            loop.add_signal_handler(signal.SIGTERM, self._asked if wanted else ctx.master.shutdown)
        except (NotImplementedError, ValueError, RuntimeError):
            logger.warning("amp_addons: option amp_drain: there are no signals here; the proxy ends at once.")
        else:
            self._installed = wanted

    def _asked(self) -> None:
        if self._draining is not None:
            logger.warning("amp_addons: asked to end once more; the proxy ends now, and %s.", _cut())
            ctx.master.shutdown()
            return
        self._hub.draining = True
        self._draining = asyncio.get_running_loop().create_task(self._drain(self._seconds))

    async def _drain(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        try:
            logger.info("amp_addons: draining: flows under way have %g s to finish; SIGTERM once more ends the proxy now.", seconds)
            if ctx.options.amp_health if "amp_health" in ctx.options else "":
                await asyncio.sleep(min(GRACE, seconds))
            ctx.options.update(server=False)
            while (handlers := all_handlers()) and loop.time() < until:
                for handler in handlers:
                    if is_over(handler, time.time()):
                        end_client(handler)
                await asyncio.sleep(POLL)
            if all_handlers():
                logger.warning("amp_addons: drained as long as option amp_drain says (%g s): %s.", seconds, _cut())
            else:
                logger.info("amp_addons: drained: everything has finished.")
        finally:
            ctx.master.shutdown()


def under_way(handler: Any) -> Iterator[http.HTTPFlow | None]:
    """The flows of a client's connection that have not ended; None for one that has only begun to arrive."""
    for layer in layers_of(handler):
        for stream in layer.streams.values() if isinstance(layer, HttpLayer) else ():
            flow = getattr(stream, "flow", None)
            if flow is None or (flow.live and flow.request.method != "CONNECT"):
                yield flow


def is_over(handler: Any, now: float) -> bool:
    """Whether nothing is lost when the connection is closed."""
    if any(True for _ in under_way(handler)):
        return False
    unseen = any(isinstance(layer, TCPLayer) for layer in layers_of(handler))
    return bool(now - handler.timeout_watchdog.last_activity > (QUIET if unseen else IDLE))


def _cut() -> str:
    flows = sum(1 for handler in all_handlers() for _ in under_way(handler))
    return f"{counted(flows, 'flow')} of {counted(len(all_handlers()), 'connection')} cut off"


addons = script(__name__)
