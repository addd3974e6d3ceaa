"""The time limits of an upstream: until it is reached, until it begins to answer, and between two pieces of its answer."""

import asyncio

from mitmproxy import http

from amp_addons.addons.connections import end_servers
from amp_addons.core.rules.model import Timeouts
from amp_addons.core.trace import FlowTrace


class Watchdog:
    """Ends the connection to the upstream of one flow when a limit is passed; the client is told as of any failure."""

    def __init__(self, flow: http.HTTPFlow, limits: Timeouts, trace: FlowTrace | None) -> None:
        self._flow = flow
        self._trace = trace
        self._address = flow.server_conn.address
        self._pieces = -1
        self._held = 0
        self._timers: dict[str, asyncio.Handle] = {}
        self._loop = asyncio.get_running_loop()
        self._idle = limits.idle
        if limits.connect:
            self._start("connect", limits.connect, f"no connection within {limits.connect:g} s")
        if limits.first_byte:
            self._start("first_byte", limits.first_byte, f"no answer within {limits.first_byte:g} s")

    def connected(self) -> None:
        """The connection that was waited for is there."""
        self._cancel("connect")

    def answered(self) -> None:
        """The head of the answer is there."""
        self._cancel("connect")
        self._cancel("first_byte")
        if self._idle:
            self._look()

    def piece(self) -> None:
        """A piece of an answer that is held is there: its trace counts those that go on."""
        self._held += 1

    def stop(self) -> None:
        """The flow is over."""
        for name in list(self._timers):
            self._cancel(name)

    def _start(self, name: str, seconds: float, reason: str) -> None:
        self._timers[name] = self._loop.call_later(seconds, self._expired, name, reason)

    def _cancel(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()

    def _expired(self, name: str, reason: str) -> None:
        self._timers.pop(name, None)
        connected = self._flow.server_conn.connected
        if name == "connect" and connected:
            return
        if self._trace is not None:
            self._trace.reason = f"the upstream gave {reason}" if name != "connect" else f"the upstream could not be reached: {reason}"
        end_servers(self._flow.client_conn, self._address[:2] if self._address else None)

    def _look(self) -> None:
        """Whether something came since the last look."""
        assert self._idle
        pieces = self._trace.chunks + self._held if self._trace is not None else self._pieces + 1
        if pieces == self._pieces:
            return self._expired("idle", f"nothing for {self._idle:g} s")
        self._pieces = pieces
        self._timers["idle"] = self._loop.call_later(self._idle, self._look)
