"""Does to answers what the rules say: maps models back, redacts and restores, and keeps redirects from leading elsewhere.

Fails closed (DESIGN promise 4): an answer that cannot be changed as the rules say ends with an error that the client shows.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from mitmproxy import http
from mitmproxy.websocket import WebSocketMessage

from amp_addons.addons import script
from amp_addons.addons.connections import end_servers
from amp_addons.addons.exchange import length_of, stream_wanted
from amp_addons.addons.holding import hold
from amp_addons.addons.hub import Hub
from amp_addons.addons.route import LARGE, TIMEOUT, refusal
from amp_addons.addons.sent import Held, Sent
from amp_addons.addons.tee import let_stream
from amp_addons.core.answers.answer import Answer
from amp_addons.core.answers.chain import Chain
from amp_addons.core.answers.guarded import Guarded
from amp_addons.core.answers.models import ModelBack
from amp_addons.core.answers.replaced import Replaced
from amp_addons.core.answers.transform import Transform
from amp_addons.core.answers.unencoded import Decoded
from amp_addons.core.answers.whole import MAX_BYTES
from amp_addons.core.exchange import Unreadable
from amp_addons.core.json_problem import problem_of
from amp_addons.core.redact.action import Hiding, Redacted, redact_all, replacer
from amp_addons.core.redact.answer import AnswerRedaction
from amp_addons.core.rules.outgoing import redirected
from amp_addons.core.rules.then import Block
from amp_addons.core.stream import expects_events

type Found = dict[tuple[str, str, str], int]
type Change = Callable[[bytes], tuple[bytes, Found]]
"""What becomes of a message, and what was found in it."""

_NO_BODY = (101, 204, 304)

logger = logging.getLogger(__name__)


class Answers:
    name = "amp.answers"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._redacting: dict[str, AnswerRedaction] = {}

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        sent, response = self._hub.sent.get(flow.id), flow.response
        if sent is None or response is None:
            return
        if sent.watchdog:
            sent.watchdog.answered()
        try:
            self._answer(flow, response, sent)
        except Exception as error:
            logger.error("amp_addons: an answer could not be handled by the rules (%s) and was cut off.", type(error).__name__)
            flow.kill()

    def _answer(self, flow: http.HTTPFlow, response: http.Response, sent: Sent) -> None:
        if sent.out.elsewhere:
            # A cookie of the upstream's would be sent to the client's own host the next time.
            response.headers.pop("set-cookie", None)
            location = response.headers.get("location")
            if location is not None and 300 <= response.status_code < 400:
                if (near := redirected(location, sent.out)) is None:
                    message = "The upstream of a rule sent this request on to another host; the local proxy does not follow."
                    return self._replace(flow, response, refusal(sent.exchange, Block(message=message, status=502)))
                response.headers["location"] = near
        if flow.request.method != "HEAD" and response.status_code not in _NO_BODY and (parts := self._changes(flow, sent)):
            self._change(flow, response, sent, parts)

    def _changes(self, flow: http.HTTPFlow, sent: Sent) -> list[Transform]:
        """What changes the body of the answer."""
        parts: list[Transform] = []
        if sent.out.model:
            shown, asked = sent.out.model
            parts.append(ModelBack(sent.api, asked, shown))
        if redaction := self._redaction(flow, sent):
            parts.append(redaction)
        return parts

    def _redaction(self, flow: http.HTTPFlow, sent: Sent, *, whole: bool = False) -> AnswerRedaction | None:
        known = self._hub.vault.known(sent.out.scope, time.time())
        wanted = [
            each
            for each in sent.redactions
            if each.spec.response or (each.mode == "placeholder" and each.spec.restore and (known or whole))
        ]
        if not wanted:
            return None
        hiding = Hiding(vault=self._hub.vault, key=self._hub.key)
        self._redacting[flow.id] = AnswerRedaction(sent.api, wanted, known, lambda each: replacer(each.mode, hiding, None))
        return self._redacting[flow.id]

    def _change(self, flow: http.HTTPFlow, response: http.Response, sent: Sent, parts: list[Transform]) -> None:
        asked = stream_wanted(sent.exchange)
        stream = expects_events(response.status_code, response.headers.get("content-type"), asked=asked)
        redaction = self._redacting.get(flow.id)
        whole = redaction is not None and (sent.api is None or not (stream or (asked and response.status_code == 200)))
        too_long = (length_of(response) or 0) > MAX_BYTES
        if too_long and whole and redaction and redaction.masks:
            block = Block(message="This answer is too long to be looked into for what must not pass the local proxy.", status=502)
            return self._replace(flow, response, refusal(sent.exchange, block))
        coding = response.headers.pop("content-encoding", None)
        guarded = Guarded(Decoded(coding, Chain(parts)), sent.api, stream=stream)
        if not whole or too_long or not self._hold(flow, response, sent, guarded):
            unframed(flow, response)
            self._hub.transforms[flow.id] = guarded

    def _hold(self, flow: http.HTTPFlow, response: http.Response, sent: Sent, guarded: Guarded) -> bool:
        """Have an answer that is looked into as a whole wait until it is: then that need not be done on the event loop."""

        def noted() -> None:
            if sent.watchdog:
                sent.watchdog.piece()

        def let_go() -> None:
            self._hub.held.pop(flow.id, None)
            unframed(flow, response)
            let_stream(self._hub, flow, response, guarded)

        held = Held(guarded)
        if not hold(flow, held, MAX_BYTES, noted, let_go):
            return False
        self._hub.held[flow.id] = held
        return True

    def _replace(self, flow: http.HTTPFlow, response: http.Response, answer: Answer) -> None:
        response.status_code, response.reason = answer.status, ""
        response.headers = http.Headers([(name.encode(), value.encode()) for name, value in answer.headers])
        unframed(flow, response)
        self._hub.transforms[flow.id] = Replaced(answer.body)

    def websocket_message(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Messages are traffic too (THREATS 4): what cannot be redacted is dropped, and the connection ends."""
        sent = self._hub.sent.get(flow.id)
        if sent is None or not sent.redactions or flow.websocket is None:
            return None
        message = flow.websocket.messages[-1]
        try:
            change = self._change_out(sent) if message.from_client else self._change_in(flow, sent)
            if len(message.content) >= LARGE:
                return self._message_off_the_loop(flow, message, change)
            self._put_message(flow, message, change(message.content))
        except Exception as error:
            self._drop(flow, message, error)
        return None

    async def _message_off_the_loop(self, flow: http.HTTPFlow, message: WebSocketMessage, change: Change) -> None:
        try:
            self._put_message(flow, message, await asyncio.wait_for(asyncio.to_thread(change, message.content), TIMEOUT))
        except Exception as error:
            self._drop(flow, message, error)

    def _put_message(self, flow: http.HTTPFlow, message: WebSocketMessage, changed: tuple[bytes, Found]) -> None:
        message.content, found = changed
        if trace := self._hub.traces.get(flow.id):
            trace.redacted(time.time(), found)

    def _drop(self, flow: http.HTTPFlow, message: WebSocketMessage, error: Exception) -> None:
        message.drop()
        end_servers(flow.client_conn)
        logger.error("amp_addons: a WebSocket message could not be redacted (%s); the connection was ended.", type(error).__name__)

    def _change_in(self, flow: http.HTTPFlow, sent: Sent) -> Change:
        redaction = self._messages(flow, sent)

        def change(content: bytes) -> tuple[bytes, Found]:
            if redaction is None:
                return content, {}
            new, found = redaction.whole(content), _found(redaction)
            redaction.found.clear()
            return new, found

        return change

    def _messages(self, flow: http.HTTPFlow, sent: Sent) -> AnswerRedaction | None:
        """One for all messages of a connection: a text goes on over many of them."""
        if (redaction := self._redacting.get(flow.id)) is None:
            return self._redaction(flow, sent, whole=True)
        redaction.know(self._hub.vault.known(sent.out.scope, time.time()))
        return redaction

    def _change_out(self, sent: Sent) -> Change:
        hiding = Hiding(vault=self._hub.vault, key=self._hub.key, now=time.time())

        def change(content: bytes) -> tuple[bytes, Found]:
            parts = Redacted(headers=(), query="", body=content, found={})
            problem = problem_of(content)
            if problem and content.lstrip()[:1] in (b"{", b"["):
                raise Unreadable(problem)
            parts = redact_all(parts, sent.redactions, hiding, sent.out.scope, is_json=problem is None)
            found = {(rule, "WebSocket message", kind): count for (rule, _, kind), count in parts.found.items()}
            return parts.body if parts.body is not None else content, found

        return change

    def response(self, flow: http.HTTPFlow) -> None:
        if flow.websocket is None:
            self._end(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        self._end(flow)

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        self._end(flow)

    def _end(self, flow: http.HTTPFlow) -> None:
        self._tell_found(flow)
        self._hub.transforms.pop(flow.id, None)
        self._hub.held.pop(flow.id, None)
        if (sent := self._hub.sent.pop(flow.id, None)) and sent.watchdog:
            sent.watchdog.stop()

    def _tell_found(self, flow: http.HTTPFlow) -> None:
        redaction, trace = self._redacting.pop(flow.id, None), self._hub.traces.get(flow.id)
        if redaction and trace:
            trace.redacted(time.time(), _found(redaction))


def _found(redaction: AnswerRedaction) -> Found:
    return {(rule, "response", kind): count for (rule, kind), count in redaction.found.copy().items()}


def unframed(flow: http.HTTPFlow, response: http.Response) -> None:
    """A body of another length than was announced: chunked where the client's protocol has that, else until the connection closes."""
    response.headers.pop("content-length", None)
    response.headers.pop("transfer-encoding", None)
    if flow.request.http_version == "HTTP/1.1":
        response.headers["transfer-encoding"] = "chunked"


addons = script(__name__)
