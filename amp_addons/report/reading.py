"""Captures to the flows of a report: their events by the decoder that live traffic goes through, and what was said, cleaned.

Each message is kept once, however many requests repeat it, and in the form in which it is shown: memory is that of what is new.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from amp_addons.core.classify import Classification
from amp_addons.core.conversation.answer import answered
from amp_addons.core.conversation.change import outline
from amp_addons.core.conversation.parts import Message, Tool
from amp_addons.core.conversation.read import read_conversation
from amp_addons.core.encoding import decode_body
from amp_addons.core.events import Event, FlowEnd, FlowRequest, FlowResponse, RedactionDone, RuleAction, StreamEnd, WsMessage
from amp_addons.core.exchange import Headers
from amp_addons.core.reader import StreamReader
from amp_addons.core.rules.condition import compile_match
from amp_addons.core.rules.match import Match
from amp_addons.core.scrub import scrub_text
from amp_addons.core.trace import FlowTrace
from amp_addons.prices import Prices, kept_prices
from amp_addons.replay.analysis import Analysis
from amp_addons.replay.captured import Captured, Damage
from amp_addons.replay.captures import flows_of
from amp_addons.replay.totals import Totals
from amp_addons.report.clean import Cleaner
from amp_addons.report.model import Answer, Flow, Kept, SocketMessage
from amp_addons.rulefiles.catalog import Catalog

MAX_FLOWS = 2_000
"""Flows shown one by one: what a browser opens in under two seconds. Those past it are in the totals only."""

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of a decoded answer that are read."""

MAX_SOCKETS = 40
"""WebSocket messages shown of a flow."""

SOCKET_TEXT = 400
"""Characters shown of one."""

MAX_TOOL = 400
"""Characters shown of a tool's description."""


class Reading:
    """Takes flows of captures, in any order."""

    def __init__(self, cleaner: Cleaner, *, amp_url: str, catalogs: Sequence[str] = (), where: Match | None = None) -> None:
        self.flows: list[Flow] = []
        self.totals = Totals()
        self.kept = Kept({}, {}, {})
        self.left_out = 0
        self.damage: list[str] = []
        self._cleaner = cleaner
        self._where = compile_match(where, "where") if where is not None else None
        self._prices = Prices(kept_prices(), patient=True)
        self._analysis = Analysis(self._take, catalog=Catalog.load(*catalogs), amp_url=amp_url, price=self._prices.cost)
        self._events: list[Event] = []

    def read(self, name: str, tick: Callable[[int], object] = lambda count: None) -> None:
        """Read a capture. Damage is noted. Raises OSError."""
        try:
            for flow in flows_of(name, tick):
                self.take(flow)
        except Damage as error:
            self.damage.append(f"{error}; what is before it is in the report")

    def take(self, flow: Captured) -> None:
        """Take one flow, if it is wanted."""
        if not self._analysis.holds(self._where, flow):
            return
        self._events = []
        self._analysis.tell(flow)
        if len(self.flows) >= MAX_FLOWS:
            self.left_out += 1
            return
        self.flows.append(self._flow(flow, self._analysis.classify(flow)))

    def _take(self, events: Sequence[Event], trace: FlowTrace) -> None:
        self.totals.take(events)
        self._events += events

    def _flow(self, flow: Captured, found: Classification) -> Flow:
        [request] = _of(FlowRequest, self._events)
        [end] = _of(FlowEnd, self._events)
        made = Flow(
            request=request,
            end=end,
            started=flow.started,
            is_timed=flow.facts is not None,
            response=next(iter(_of(FlowResponse, self._events)), None),
            stream=next(iter(_of(StreamEnd, self._events)), None),
            actions=_of(RuleAction, self._events),
            redactions=_of(RedactionDone, self._events),
        )
        if flow.messages is not None:
            self._read_sockets(made, flow)
        elif found.category == "inference":
            self._read_asked(made, flow, found.api)
            self._read_answer(made, flow, found.api)
        return made

    def _read_asked(self, made: Flow, flow: Captured, api: str | None) -> None:
        plain = _plain(flow.headers, flow.body)
        conversation = read_conversation(plain, api) if plain else None
        if conversation is None:
            return
        made.asked = asked = outline(conversation)
        # The same message in many requests is cleaned once.
        for key, message in zip(asked.messages, conversation.messages, strict=True):
            if key not in self.kept.messages:
                self.kept.messages[key] = self._cleaner.message(message)
        for key, text in zip(asked.system, conversation.system, strict=True):
            if key not in self.kept.system:
                self.kept.system[key] = self._cleaner.text(text)
        for (_, key), tool in zip(asked.tools, conversation.tools, strict=True):
            if key not in self.kept.tools:
                self.kept.tools[key] = Tool(self._cleaner.name(tool.name), self._cleaner.text(tool.description, MAX_TOOL, 0))

    def _read_answer(self, made: Flow, flow: Captured, api: str | None) -> None:
        plain = _plain(flow.answer.headers, flow.answer.body) if flow.answer is not None else None
        if not plain:
            return
        reader = StreamReader(api, events=False)
        reader.feed(plain)
        reader.close(made.end.outcome == "aborted")
        found = reader.summary()
        made.answer = Answer(
            message=self._cleaner.message(Message("assistant", tuple(answered(found)))),
            stop_reason=self._cleaner.name(found.stop_reason) or None,
            usage=dict(found.usage),
            errors=[scrub_text(f"{error.type}: {error.message}") for error in found.errors],
        )
        made.cost = self._prices.cost(made.request.provider, found.model or made.model, found.usage, made.started)

    def _read_sockets(self, made: Flow, flow: Captured) -> None:
        events = _of(WsMessage, self._events)
        made.socket_count = len(events)
        for event, message in list(zip(events, flow.messages or (), strict=False))[:MAX_SOCKETS]:
            text = self._cleaner.text(message.content.decode("utf-8", "replace"), SOCKET_TEXT, 0) if message.is_text else ""
            made.sockets.append(
                SocketMessage(max(0.0, message.at - flow.started) * 1000, message.from_client, event.event or event.kind, event.bytes, text)
            )


def _plain(headers: Headers, body: bytes | None) -> bytes | None:
    """A body without its content coding, up to where it is damaged or cut off."""
    if not body:
        return None
    coding = ", ".join(value.decode("latin-1") for name, value in headers if name.lower() == b"content-encoding")
    return decode_body(body, coding, MAX_ANSWER, whole=False) if coding else body


def _of[T](kind: type[T], events: Iterable[Any]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]
