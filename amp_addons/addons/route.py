"""Does to requests what the rules say: sends them elsewhere, changes them, refuses them, answers them.

Fails closed (DESIGN promise 4): what cannot be done as the rules say is refused with an error that the client shows.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable

from mitmproxy import http
from mitmproxy.connection import Server
from mitmproxy.net.server_spec import ServerSpec

from amp_addons.addons import script
from amp_addons.addons.exchange import array_wanted, exchange_of, misdirected, put, stream_wanted
from amp_addons.addons.guard import enforcing
from amp_addons.addons.hub import Hub
from amp_addons.addons.pacer import HOST, Pacer
from amp_addons.addons.sent import Sent
from amp_addons.addons.timeouts import Watchdog
from amp_addons.core.answers.answer import Answer
from amp_addons.core.answers.canned import Canned
from amp_addons.core.answers.refusal import refuse
from amp_addons.core.exchange import Exchange
from amp_addons.core.redact.action import Hiding, Redaction
from amp_addons.core.rules.decision import Decision, Destination
from amp_addons.core.rules.outcome import decided, refused
from amp_addons.core.rules.outgoing import Outgoing
from amp_addons.core.rules.then import Block
from amp_addons.core.target import LOOPBACK

LARGE = 64 * 1024
"""Bodies from this size on (bytes) are looked into off the event loop: below it that takes less than a millisecond."""

TIMEOUT = 10.0
"""Seconds that deciding may take: a hundred times what the largest body takes."""

_NO_BODY = (204, 304)

logger = logging.getLogger(__name__)


class Route:
    name = "amp.route"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._pacer = Pacer()
        self._said = False

    @enforcing
    def request(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        if flow.response or flow.error or not flow.live or not self._hub.rules:
            return None
        exchange = exchange_of(flow, self._hub)
        if len(exchange.body) >= LARGE:
            return self._request_off_the_loop(flow, exchange)
        return self._act(flow, exchange, *decided(self._hub.rules, exchange, self._hiding()))

    async def _request_off_the_loop(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        found = await asyncio.wait_for(asyncio.to_thread(decided, self._hub.rules, exchange, self._hiding()), TIMEOUT)
        if pending := self._act(flow, exchange, *found):
            await pending

    def _act(self, flow: http.HTTPFlow, exchange: Exchange, decision: Decision, out: Outgoing | None) -> Awaitable[None] | None:
        if not decision.applied:
            return None
        self._hub.asked[flow] = exchange
        for alert in decision.alerts:
            logger.warning("amp_addons: alert: %s (%s %s).", alert, exchange.method, exchange.host)
        if decision.record is not None:
            flow.metadata["amp.record"] = decision.record
        if decision.tags:
            flow.metadata["amp.tags"] = list(decision.tags)
        if decision.upstream and out and (problem := misdirected(flow)):
            decision = refused(decision, problem, 421)
        self._tell(flow, decision, out)
        if out is not None and out.scope is None and not self._said and _hides(out, decision.changes.redactions):
            self._said = True
            logger.warning(
                "amp_addons: a request without a conversation (no x-amp-thread-id, no thread in its body) has placeholders: "
                "they are not turned back into secrets in the answers to such requests."
            )
        if decision.block is not None:
            answer_with(flow, refusal(exchange, decision.block))
        elif decision.respond is not None and decision.respond.pace_ms:
            return self._pace(flow, decision.respond)
        elif decision.respond is not None:
            answer_with(flow, decision.respond.answer())
        elif out is not None:
            self._send(flow, exchange, out, decision.upstream, decision.changes.redactions)
        return None

    def _hiding(self) -> Hiding:
        return Hiding(vault=self._hub.vault, key=self._hub.key, now=time.time())

    async def _pace(self, flow: http.HTTPFlow, canned: Canned) -> None:
        answer = canned.answer()
        port, path = await self._pacer.offer(answer.status, answer.headers, canned.events(), canned.pace_ms / 1000)
        flow.request = http.Request.make("GET", f"http://{HOST}:{port}{path}")
        flow.server_conn = Server(address=(HOST, port))

    def _tell(self, flow: http.HTTPFlow, decision: Decision, out: Outgoing | None) -> None:
        if trace := self._hub.traces.get(flow.id):
            upstream = decision.upstream
            trace.decided(
                time.time(),
                decision.applied,
                upstream=upstream.name if upstream else None,
                credential=upstream.credential_name if upstream and out and out.elsewhere else None,
                blocked=decision.action == "block",
            )
            trace.redacted(time.time(), out.found if out else {})

    def _send(
        self, flow: http.HTTPFlow, exchange: Exchange, out: Outgoing, upstream: Destination | None, redactions: tuple[Redaction, ...]
    ) -> None:
        watchdog = None
        if upstream is not None:
            via: ServerSpec | None = flow.server_conn.via
            if out.proxy:
                via = ("https" if out.proxy.scheme == "https" else "http", (out.proxy.host, out.proxy.port))
            elif out.elsewhere and out.origin.host in LOOPBACK:
                via = None  # what is on this machine is not reached through another one
            flow.server_conn = Server(address=(out.origin.host, out.origin.port))
            flow.server_conn.via = via
            watchdog = Watchdog(flow, upstream.timeouts, self._hub.traces.get(flow.id))
        put(flow.request, exchange, out)
        self._hub.sent[flow.id] = Sent(out, exchange, watchdog, redactions)

    def failed(self, flow: http.HTTPFlow, error: Exception) -> None:
        if trace := self._hub.traces.get(flow.id):
            trace.verdict, trace.reason = "blocked", f"the rules could not be applied ({type(error).__name__})"

    def done(self) -> None:
        self._pacer.close()


def _hides(out: Outgoing, redactions: tuple[Redaction, ...]) -> bool:
    """Whether a placeholder stands in the request."""
    hiding = {each.rule for each in redactions if each.mode == "placeholder" and (each.spec.restore or each.spec.restore_tools)}
    return any(rule in hiding for rule, _, _ in out.found)


def refusal(exchange: Exchange, block: Block) -> Answer:
    """The error in the format of the API that the client speaks."""
    api = exchange.classification.api if exchange.classification else None
    stream = stream_wanted(exchange)
    return refuse(api, block.message, status=block.status, stream=stream, array=stream and array_wanted(exchange))


def answer_with(flow: http.HTTPFlow, answer: Answer) -> None:
    flow.response = http.Response.make(answer.status, answer.body, [(name.encode(), value.encode()) for name, value in answer.headers])


addons = script(__name__)
