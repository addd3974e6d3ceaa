"""One flow's life as events, in order, live and from a recording alike.

A `FlowTrace` is told what happens to a flow and publishes the events of `core.events`. It keeps the promises that readers of
the events rely on: `flow.request` comes first, `flow.end` comes exactly once and last, `stream.end` once for each stream.
Times are given by the caller in seconds since the epoch.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import UNSET

from amp_addons.core.arrivals import Arrivals
from amp_addons.core.classify import Classification
from amp_addons.core.clock import rfc3339
from amp_addons.core.events import (
    Ended,
    Event,
    FlowEnd,
    FlowRequest,
    FlowResponse,
    Outcome,
    RedactionDone,
    RuleAction,
    StreamEnd,
    StreamEvent,
    Tokens,
    WsMessage,
)
from amp_addons.core.facts import Facts
from amp_addons.core.gaps import Gaps
from amp_addons.core.hints import RequestHints
from amp_addons.core.kept import Kept
from amp_addons.core.reading import ReadError, Summary
from amp_addons.core.rules.applied import Applied
from amp_addons.core.scrub import scrub_text, scrub_url
from amp_addons.core.sse import ServerSentEvent
from amp_addons.core.stream import Chunk, event_type
from amp_addons.core.tracecontext import TraceContext
from amp_addons.core.watch import Mask, Seen, StreamWatch

type Price = Callable[[str | None, str | None, Mapping[str, int], float], float | None]
"""What an answer cost in US dollars, by provider, model, `Summary.usage` and time; None where that is not known."""

type Publish = Callable[[Sequence[Event], "FlowTrace"], None]


class FlowTrace:
    """The state of one flow: what consumers may look at while it is under way, and what its events are made from."""

    __slots__ = (
        "_late",
        "_mask",
        "_price",
        "_publish",
        "_ws_seq",
        "applied",
        "arrivals",
        "aside",
        "chunks",
        "connection",
        "context",
        "credential",
        "each_event",
        "ended",
        "facts",
        "flow",
        "gaps",
        "kept",
        "over",
        "passed",
        "reason",
        "recorded",
        "request",
        "response",
        "response_bytes",
        "sizes",
        "slot",
        "started",
        "upstream",
        "verdict",
        "watch",
        "watch_failed",
    )

    def __init__(
        self, flow: str, started: float, publish: Publish, *, each_event: bool = False, price: Price | None = None, mask: Mask | None = None
    ) -> None:
        self.flow = flow
        self.started = started
        self.each_event = each_event
        self.request: FlowRequest | None = None
        self.response: FlowResponse | None = None
        self.watch: StreamWatch | None = None
        """What reads the answer when it is an event stream."""
        self.aside: StreamWatch | None = None
        """What reads an error answer of a model that is no stream, for its message."""
        self.watch_failed: str | None = None
        self.connection: str | None = None
        self.slot: Callable[[bytes], bytes] | Callable[[bytes], list[bytes]] | None = None
        """What is in mitmproxy's stream slot for this flow."""
        self.passed = False
        """Whether the body has passed by in pieces: then `chunks` and `response_bytes` are counted as they come."""
        self.chunks = 0
        self.response_bytes = 0
        self.ended = False
        self.over: tuple[float, Ended] = started, "complete"
        """When the flow was over, and how the connection ended."""
        self.kept: Kept | None = None
        """The answer's body for whoever records it."""
        self.arrivals: Arrivals | None = None
        """When its pieces came, for whoever shows it."""
        self.gaps: Gaps | None = None
        """The times between the answer's pieces, for whoever measures them."""
        self.recorded = False
        """Whether the flow is out of a recording: whoever keeps or sends flows had it when it was live."""
        self.facts: Facts | None = None
        """What the recording says beside the flow itself."""
        self.context: TraceContext | None = None
        """The trace that the client says its request belongs to."""
        self.sizes: Mapping[int, int] = {}
        """Sizes of events (by number, from 0) that a recording has in a shorter form."""
        self.applied: Sequence[Applied] = ()
        """The rules that matched, in order."""
        self.reason: str | None = None
        """Why the suite itself ended the flow, where it did: better than what mitmproxy makes of it."""
        self.upstream: str | None = None
        self.credential: str | None = None
        self.verdict: Outcome | None = None
        """`blocked` when rules refused the request: however the connection ends, that is the flow's outcome."""
        self._ws_seq = 0
        self._late: list[Event] = []  # told at the end of the answer: until then its events are behind
        self._publish = publish
        self._price = price
        self._mask = mask if each_event else None

    def begin(
        self,
        *,
        method: str,
        url: str,
        classification: Classification,
        hints: RequestHints,
        thread: str | None = None,
        message: str | None = None,
        client: str | None = None,
    ) -> None:
        """The request has been read."""
        self.request = FlowRequest(
            time=rfc3339(self.started),
            flow=self.flow,
            method=scrub_text(method),
            url=scrub_url(url),
            endpoint=classification.endpoint,
            category=classification.category,
            provider=classification.provider,
            route=classification.route,
            api=classification.api,
            catalog=classification.catalog,
            source=classification.source,
            known=classification.known,
            model=_shown(hints.model),
            stream=hints.stream,
            thread=_shown(thread),
            message=_shown(message),
            client=client,
        )
        self._publish([self.request], self)

    def decided(
        self, at: float, applied: Sequence[Applied], *, upstream: str | None = None, credential: str | None = None, blocked: bool = False
    ) -> None:
        """Rules have decided. `credential` is the name of what was attached, never its value."""
        self.applied = applied
        self.upstream, self.credential = upstream, credential
        self.verdict = "blocked" if blocked else None
        actions = [
            RuleAction(
                time=rfc3339(at),
                flow=self.flow,
                rule=each.rule,
                mode=each.mode,
                action=each.action,
                detail=_shown(f"could not be decided: {each.unreadable}" if each.unreadable else each.detail),
            )
            for each in applied
        ]
        if actions:
            self._publish(actions, self)

    def redacted(self, at: float, found: Mapping[tuple[str, str, str], int]) -> None:
        """Secrets were taken out, by (rule, where, kind)."""
        time = rfc3339(at) if found else ""
        events: list[Event] = [
            RedactionDone(time=time, flow=self.flow, rule=rule, where=where, kind=kind, count=count)
            for (rule, where, kind), count in found.items()
        ]
        if self.watch is not None:
            self._late += events
        elif events:
            self._publish(events, self)

    def repeat(
        self,
        before: Sequence[RuleAction | RedactionDone],
        late: Sequence[RuleAction | RedactionDone],
        *,
        upstream: str | None = None,
        credential: str | None = None,
    ) -> None:
        """What rules did with a flow when it was recorded: up to its answer, and to that."""
        self.applied = [
            Applied(rule=each.rule, mode=each.mode, action=each.action, detail=each.detail)
            for each in before
            if isinstance(each, RuleAction)
        ]
        self.upstream, self.credential = upstream, credential
        self._late += late
        if before:
            self._publish(before, self)

    def answer(self, at: float, *, status: int, content_type: str | None, content_encoding: str | None, is_stream: bool) -> None:
        """The head of the answer has arrived; `is_stream` says that its body is to be read as an event stream."""
        if is_stream:
            self.watch = StreamWatch(content_encoding, self.request.api if self.request else None, self._mask)
        elif status >= 400 and self.request and self.request.category == "inference":
            self.aside = StreamWatch(content_encoding, self.request.api)
        self.response = FlowResponse(
            time=rfc3339(at),
            flow=self.flow,
            status=status,
            content_type=_shown(content_type),
            content_encoding=_shown(content_encoding),
            ttfb_ms=self._since(at),
        )
        self._publish([self.response], self)

    def feed(self, chunks: Sequence[Chunk]) -> None:
        """Pieces of the stream's body have arrived. A decoder that breaks is turned off for this flow; the sentence is kept."""
        self.chunks += len(chunks)
        self.response_bytes += sum([len(data) for _, data in chunks])
        if self.kept is not None:
            self.kept.add(chunks)
        if self.arrivals is not None:
            self.arrivals.add(chunks)
        if self.gaps is not None:
            self.gaps.add(chunks)
        watch = self.watch or self.aside
        if watch is None or self.watch_failed:
            return
        try:
            self._read(watch, chunks)
        except Exception as error:
            self.watch_failed = f"the decoder failed with {type(error).__name__} and was turned off for this stream"

    def _read(self, watch: StreamWatch, chunks: Sequence[Chunk]) -> None:
        if self.each_event and watch is self.watch:
            self._publish_events(watch.feed(chunks))
        elif watch.is_encoded or watch.first_token is None:
            watch.feed(chunks)
        else:
            # Nobody wants to know when each event came: one piece for all is cheaper.
            watch.skim(chunks[-1][0], b"".join([data for _, data in chunks]))

    def _publish_events(self, found: list[Seen]) -> None:
        if not found:
            return
        flow, started, sizes = self.flow, self.started, self.sizes
        events: list[Event] = []
        at_last, ms_last, since, time = -1.0, -1, 0.0, ""
        for at, event in found:
            if at != at_last:  # thousands a second come here: no work that an event does not need
                at_last, since = at, int((at - started) * 1e6) / 1e3
                if (ms := int(at * 1000)) != ms_last:
                    ms_last, time = ms, rfc3339(at)
            size = sizes.get(event.seq, event.size) if sizes else event.size
            events.append(
                StreamEvent(time=time, flow=flow, seq=event.seq + 1, event=event.type, bytes=size, t_ms=since, text=event.text or UNSET)
            )
        self._publish(events, self)

    def ws_message(self, at: float, *, from_client: bool, is_text: bool, content: bytes, size: int | None = None) -> None:
        """A WebSocket message has passed. `size`: of how many bytes, where a recording has it in a shorter form."""
        size = len(content) if size is None else size
        self._ws_seq += 1
        event = None
        if is_text:
            kind = event_type(ServerSentEvent(event="", data=content.decode("utf-8", "replace"), id="", retry=None))
            event = scrub_text(kind) or None
        self.chunks += 1
        if not from_client:
            self.response_bytes += size
        self._publish(
            [
                WsMessage(
                    time=rfc3339(at),
                    flow=self.flow,
                    seq=self._ws_seq,
                    direction="client_to_server" if from_client else "server_to_client",
                    kind="text" if is_text else "binary",
                    bytes=size,
                    event=event,
                )
            ],
            self,
        )

    def end(
        self,
        at: float,
        *,
        outcome: Outcome = "ok",
        ended: Ended = "complete",
        error: str | None = None,
        request_bytes: int = 0,
        response_bytes: int | None = None,
    ) -> None:
        """The flow is over. Later calls do nothing, so that every way a flow can end may simply call this.

        A client that leaves after a stream's last event has not aborted it.
        """
        if self.ended:
            return
        self.ended = True
        self.over = at, ended
        error = self.reason or error
        events: list[Event] = []
        if self.watch is not None:
            summary = self._close(self.watch, at, ended)
            events += self._late
            if summary.ended == "complete" and ended == "aborted":
                outcome, error = "ok", None
            events.append(self._stream_end(self.watch, summary, at, ended))
        elif self.aside is not None and error is None:
            error = next((_sentence(found) for found in self._close(self.aside, at, ended).errors), None)
        events.append(
            FlowEnd(
                time=rfc3339(at),
                flow=self.flow,
                status=self.response.status if self.response else None,
                outcome=self.verdict or outcome,
                request_bytes=request_bytes,
                response_bytes=self.response_bytes if response_bytes is None else response_bytes,
                duration_ms=self._since(at),
                rules=[each.rule for each in self.applied if each.mode == "enforce"],
                upstream=self.upstream,
                credential=self.credential,
                error=_shown(error),
            )
        )
        self._publish(events, self)

    def _close(self, watch: StreamWatch, at: float, ended: Ended) -> Summary:
        try:
            if not self.watch_failed:
                found = watch.close(at, cut=ended != "complete", aborted=ended == "aborted")
                if self.each_event and watch is self.watch:
                    self._publish_events(found)
            return watch.summary()
        except Exception as error:
            self.watch_failed = f"the decoder failed with {type(error).__name__} at the end of this stream"
            return Summary()

    def _stream_end(self, watch: StreamWatch, summary: Summary, at: float, ended: Ended) -> StreamEnd:
        notes = [_sentence(error) for error in summary.errors] + watch.notes
        # What the stream itself says of its end counts more than how the connection ended; an API that is not known says nothing.
        if summary.api is not None and not self.watch_failed and watch.events > 0:
            if summary.ended != "truncated":
                ended = summary.ended
            elif ended == "complete":
                ended = "truncated"
                notes.append("the stream ended without its closing event")
        if self.watch_failed:
            notes.append(self.watch_failed)
        model = summary.model or (self.request.model if self.request else None)
        provider = self.request.provider if self.request else None
        return StreamEnd(
            time=rfc3339(at),
            flow=self.flow,
            ended=ended,
            events=dict(watch.counts),
            bytes=self.response_bytes,
            chunks=self.chunks,
            ttft_ms=None if watch.first_token is None else self._since(watch.first_token),
            duration_ms=self._since(at),
            model=_shown(model),
            stop_reason=_shown(summary.stop_reason),
            tokens=Tokens(**{kind: number for kind, number in summary.tokens.items() if kind in Tokens.__struct_fields__}),
            cost_usd=self._price(provider, model, summary.usage, self.started) if self._price else None,
            errors=[scrub_text(note) for note in notes],
        )

    def _since(self, at: float) -> float:
        # The wall clock may step back between two readings; a duration never does.
        return round(max(0.0, at - self.started) * 1000, 3)


def _sentence(error: ReadError) -> str:
    return f"{error.type}: {error.message}"


def _shown(text: str | None) -> str | None:
    return None if text is None else scrub_text(text)
