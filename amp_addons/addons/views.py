"""Content views for mitmproxy's own interfaces: `Amp stream` for the answers of models, `Amp request` for what they were asked.

They run on the event loop: what is read and shown is bounded (`core.glance`, `render.excerpt`). They never raise: what cannot be read is
shown as it is, with a note.
"""

import time

from mitmproxy import contentviews, ctx, http

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.core.arrivals import Arrivals, recorded_moments
from amp_addons.core.conversation.read import READERS, read_conversation
from amp_addons.core.facts import facts_of
from amp_addons.core.glance import glance
from amp_addons.core.hints import read_hints
from amp_addons.core.redact.pieces import masked_pieces
from amp_addons.core.stream import expects_events
from amp_addons.render.excerpt import BUDGET, Excerpts
from amp_addons.render.request_text import request_text
from amp_addons.render.stream_text import stream_text
from amp_addons.report.clean import Cleaner
from amp_addons.rulefiles.detectors import Redactor

PRIORITY = 2
"""The stock views have 1 at most."""

PATIENCE = 0.1
"""Seconds that reading an answer may take."""

HEAD_BUDGET = 32 * 1024
"""Characters looked through of a request's settings, instructions and tools."""

MAX_REQUEST = 8 * 1024 * 1024
"""Bytes of a request that are read."""

MAX_MARKS, MAX_NAMES = 500_000, 200_000
"""Brackets and commas of a request that is read, those in its texts included, and names of values: some 100 ms of either."""

RAW = 12_000
"""Bytes shown of what cannot be read."""

RAW_LINES = 400


class _View:
    """What both views have in common: they read what went to a model, and what cannot be read is shown as it is."""

    syntax_highlight: contentviews.SyntaxHighlight = "none"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def prettify(self, data: bytes, metadata: contentviews.Metadata) -> str:
        try:
            return self._text(data, metadata)
        except Exception as error:
            return _raw(data, f"reading it failed with {type(error).__name__}")

    def _text(self, data: bytes, metadata: contentviews.Metadata) -> str:
        raise NotImplementedError

    def _priority(self, flow: http.HTTPFlow) -> float:
        category, api = _known_of(flow, self._hub)
        return PRIORITY if category == "inference" and api in READERS else -1


class StreamView(_View):
    name = "Amp stream"

    def render_priority(self, data: bytes, metadata: contentviews.Metadata) -> float:
        flow, response = metadata.flow, metadata.http_message
        if not data or not isinstance(flow, http.HTTPFlow) or not isinstance(response, http.Response):
            return -1
        if expects_events(response.status_code, response.headers.get("content-type"), asked=False):
            return PRIORITY
        return self._priority(flow)

    def _text(self, data: bytes, metadata: contentviews.Metadata) -> str:
        flow, response = metadata.flow, metadata.http_message
        api = _known_of(flow, self._hub)[1] if isinstance(flow, http.HTTPFlow) else None
        until = time.perf_counter() + PATIENCE
        found = glance(data, api, lambda: time.perf_counter() > until)
        summary = found.summary
        if not (found.total or summary.text or summary.tool_calls or summary.tokens or any(e.type != "unreadable" for e in summary.errors)):
            return _raw(data, "this body is no answer that Amp stream can read")
        notes, moments = [], None
        if isinstance(flow, http.HTTPFlow) and isinstance(response, http.Response):
            raw, coding = response.raw_content or b"", response.headers.get("content-encoding", "")
            if arrivals := self._hub.arrivals.get(flow):
                moments = arrivals.moments(raw, coding)
            elif facts := facts_of(flow.metadata):
                moments = recorded_moments(facts, flow.request.timestamp_start, raw, coding)
                if facts.response_cut:
                    notes.append(f"the recording leaves out the last {facts.response_cut:,} bytes of this answer")
        redactor = Redactor.builtin()
        return stream_text(
            found,
            len(data),
            moments.at if moments else lambda end: None,
            lambda pieces: masked_pieces(redactor, pieces),
            _excerpts(),
            notes,
        )


class RequestView(_View):
    name = "Amp request"

    def render_priority(self, data: bytes, metadata: contentviews.Metadata) -> float:
        flow, request = metadata.flow, metadata.http_message
        if not data or not isinstance(flow, http.HTTPFlow) or not isinstance(request, http.Request):
            return -1
        return self._priority(flow)

    def _text(self, data: bytes, metadata: contentviews.Metadata) -> str:
        if len(data) > MAX_REQUEST:
            return _raw(data, f"this request is larger than {MAX_REQUEST:,} bytes, which would take too long to read here")
        if sum(map(data.count, (b"{", b"[", b","))) > MAX_MARKS or data.count(b'":') - data.count(b'\\":') > MAX_NAMES:
            return _raw(data, "this request has too many values to be read here")
        flow = metadata.flow
        api = _known_of(flow, self._hub)[1] if isinstance(flow, http.HTTPFlow) else None
        found = read_conversation(data, api if api in READERS else None)
        if found is None:
            return _raw(data, "this body is no request that Amp request can read")
        model = None if found.model or not isinstance(flow, http.HTTPFlow) else read_hints(flow.request.path, None, None).model
        return request_text(found, len(data), model, _excerpts(HEAD_BUDGET), _excerpts())


class Views:
    name = "amp.views"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        for view in (StreamView(hub), RequestView(hub)):
            contentviews.add(view)  # type: ignore[arg-type]  # attributes, where the protocol has properties

    @looking
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        trace = self._hub.traces.get(flow.id)
        if trace is not None and trace.watch is not None and flow.live and ctx.options.store_streamed_bodies:
            trace.arrivals = self._hub.arrivals[flow] = Arrivals(trace.started)


def _known_of(flow: http.HTTPFlow, hub: Hub) -> tuple[str | None, str | None]:
    """Category and API of a flow: what it was for its client, whatever a rule has made of its URL."""
    metadata = flow.metadata
    if isinstance(category := metadata.get("amp.category"), str):
        return category, api if isinstance(api := metadata.get("amp.api"), str) else None
    found = hub.classify(flow)
    return found.category, found.api


def _excerpts(budget: int = BUDGET) -> Excerpts:
    cleaner = Cleaner(Redactor.builtin())  # one for each view: it keeps what it has seen
    return Excerpts(lambda text: cleaner.text(text, len(text) + RAW, 0), cleaner.arguments, budget)


def _raw(data: bytes, note: str) -> str:
    text = data[:RAW].decode("utf-8", "replace")
    if text.count("\ufffd") > len(text) // 10:
        text = text[: RAW // 10]  # not text at all
    shown = _excerpts().lines(text, RAW, 0, most=RAW_LINES)
    left = len(data) - len(text.encode("utf-8", "replace"))
    more = [f"[… {left:,} bytes more: the view Raw has them …]"] if left > 0 else []
    return "\n".join([f"note: {note}; it is shown as it is", "", *shown, *more])


addons = script(__name__)
