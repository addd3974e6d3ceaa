"""Keeps the messages of WebSocket connections from staying in memory for ever: of each the last ones stay, for people to look at.

mitmproxy keeps every message as long as its flow, and goes through all of them for each new one that mitmweb shows. A recording
(`amp_record`) keeps messages of its own.
"""

import logging
from typing import NamedTuple
from weakref import WeakKeyDictionary

from mitmproxy import http

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub

MAX_MESSAGES = 1_000
MAX_BYTES = 4 * 1024 * 1024
"""The last messages of a connection that stay: some minutes of a thread at work, which is what people look at."""

MAX_ALL = 64 * 1024 * 1024
"""Bytes of messages that stay of all connections that mitmproxy still knows of; past it the one that began first keeps its last message."""

SLACK = 4
"""Messages are dropped when they are a quarter too many: then most of them cost nothing."""

LEFT_OUT = "amp.messages_left_out"
"""How many messages are no longer there: in the flow's metadata."""

NOTE = "older messages left out"

logger = logging.getLogger(__name__)


class _Held(NamedTuple):
    """What is in memory of a connection."""

    messages: int
    size: int


class Sockets:
    name = "amp.sockets"

    def __init__(self, hub: Hub) -> None:
        self._held: WeakKeyDictionary[http.HTTPFlow, _Held] = WeakKeyDictionary()
        self._said = False

    @looking
    def websocket_message(self, flow: http.HTTPFlow) -> None:
        if flow.websocket is None or not flow.live:
            return  # what is read from a file is as large as the file
        before = self._held.get(flow, _Held(0, 0))
        held = _Held(len(flow.websocket.messages), before.size + len(flow.websocket.messages[-1].content))
        if held.messages > MAX_MESSAGES + MAX_MESSAGES // SLACK or held.size > MAX_BYTES + MAX_BYTES // SLACK:
            held = self._drop(flow, MAX_MESSAGES, MAX_BYTES)
        self._held[flow] = held

    @looking
    def websocket_end(self, flow: http.HTTPFlow) -> None:
        if flow in self._held:
            self._held[flow] = self._drop(flow, MAX_MESSAGES, MAX_BYTES)
        # In the order in which they began; flows that mitmproxy has forgotten are not among them.
        total = sum(held.size for held in self._held.values())
        for other, held in list(self._held.items()):
            if total <= MAX_ALL:
                break
            self._held[other] = left = self._drop(other, 1, 0)
            total -= held.size - left.size

    def _drop(self, flow: http.HTTPFlow, most: int, most_bytes: int) -> _Held:
        """Drop the oldest messages; the last one stays in any case, because mitmproxy's programs look at it."""
        assert flow.websocket
        messages = flow.websocket.messages
        first, size = len(messages), 0
        while first and len(messages) - first < most and (first == len(messages) or size + len(messages[first - 1].content) <= most_bytes):
            first -= 1
            size += len(messages[first].content)
        if first:
            del messages[:first]
            self._note(flow, first)
        return _Held(len(messages), size)

    def _note(self, flow: http.HTTPFlow, dropped: int) -> None:
        flow.metadata[LEFT_OUT] = flow.metadata.get(LEFT_OUT, 0) + dropped
        if NOTE not in flow.comment:
            flow.comment = f"{flow.comment} · {NOTE}".removeprefix(" · ")
        if not self._said:
            self._said = True
            logger.info("amp_addons: of long WebSocket connections the last messages are kept (%d, %d bytes).", MAX_MESSAGES, MAX_BYTES)


addons = script(__name__)
