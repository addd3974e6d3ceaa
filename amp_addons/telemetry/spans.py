"""One flow as a span with children, as plain values. Names, kinds and attributes: see `attributes`.

The span of a flow is a client's (the proxy asks the server), its children are internal: what rules took (`amp.routing`,
`amp.redaction`), and the phases of a stream (`amp.stream.wait` to the answer's head, `.first_token` to the first output, `.output` to
the end). No text of the traffic is in any of it, nor an URL's query.
"""

from datetime import datetime
from typing import Literal, NamedTuple

from amp_addons.core.events import RedactionDone, RuleAction
from amp_addons.core.facts import Said
from amp_addons.telemetry.attributes import (
    Attributes,
    error_of,
    is_inference,
    known,
    method_of,
    model_of,
    operation_of,
    server_of,
    usage_of,
)
from amp_addons.telemetry.told import Told


class Span(NamedTuple):
    """`start` and `end` in nanoseconds since the epoch."""

    name: str
    kind: Literal["client", "internal"]
    start: int
    end: int
    attributes: Attributes
    is_error: bool = False
    children: tuple["Span", ...] = ()


def span_of(told: Told) -> Span:
    """The span of a flow."""
    start = _ns(told.started)
    end = start + _ms(told.end.duration_ms)
    error = error_of(told)
    attributes = _http(told) | (_model(told) if is_inference(told) else {}) | _amp(told)
    if error:
        attributes["error.type"] = error
    return Span(
        name=_name(told),
        kind="client",
        start=start,
        end=end,
        attributes=attributes,
        is_error=error is not None,
        children=(*_routing(told, start, end), *_redactions(told, start, end), *_phases(told, start, end)),
    )


def _name(told: Told) -> str:
    """Of a model `chat claude-sonnet-4-5`; of other requests the method and, as the target of few values, the endpoint."""
    request = told.request
    if is_inference(told):
        return f"{operation_of(told)} {request.model}" if request.model else operation_of(told)
    method = method_of(told)
    return f"{'HTTP' if method == '_OTHER' else method} {request.endpoint}"


def _http(told: Told) -> Attributes:
    request, method = told.request, method_of(told)
    return known(
        {
            "http.request.method": method,
            "http.request.method_original": request.method if method == "_OTHER" else None,
            "http.response.status_code": told.end.status,
            "http.request.body.size": told.end.request_bytes,
            "http.response.body.size": told.end.response_bytes,
            "url.full": request.url.partition("?")[0].partition("#")[0],
            **server_of(told),
        }
    )


def _model(told: Told) -> Attributes:
    stream, tokens, gaps = told.stream, usage_of(told), told.gaps
    first = gaps.first if gaps and stream else None
    return model_of(told) | known(
        {
            "gen_ai.request.stream": told.request.stream,
            "gen_ai.conversation.id": told.request.thread,
            "gen_ai.response.finish_reasons": [stream.stop_reason] if stream and stream.stop_reason else None,
            "gen_ai.response.time_to_first_chunk": None if first is None else round(max(0.0, first - told.started), 6),
            "gen_ai.usage.input_tokens": tokens.input,
            "gen_ai.usage.output_tokens": tokens.output,
            "gen_ai.usage.cache_read.input_tokens": tokens.cache_read,
            "gen_ai.usage.cache_creation.input_tokens": tokens.cache_write,
            "gen_ai.usage.reasoning.output_tokens": tokens.reasoning,
        }
    )


def _amp(told: Told) -> Attributes:
    request, stream, end = told.request, told.stream, told.end
    return known(
        {
            "amp.flow": request.flow,
            "amp.endpoint": request.endpoint,
            "amp.category": request.category,
            "amp.route": request.route,
            "amp.known": request.known,
            "amp.thread": request.thread,
            "amp.message": request.message,
            "amp.outcome": end.outcome,
            "amp.upstream": end.upstream,
            "amp.rules": list(end.rules),
            "amp.stream.ended": stream.ended if stream else None,
            "amp.stream.chunks": stream.chunks if stream else None,
            "amp.stream.events": sum(stream.events.values()) if stream else None,
            "amp.time_to_first_token": None if not stream or stream.ttft_ms is None else stream.ttft_ms / 1000,
            "amp.cost_usd": stream.cost_usd if stream else None,
        }
    )


def _routing(told: Told, start: int, end: int) -> list[Span]:
    actions = [each for each in told.said if isinstance(each, RuleAction)]
    if not actions:
        return []
    attributes = known(
        {
            "amp.rules": list(dict.fromkeys(each.rule for each in actions)),
            "amp.actions": [f"{each.rule}: {each.action} ({each.mode})" for each in actions],
            "amp.upstream": told.end.upstream,
        }
    )
    return [Span("amp.routing", "internal", start, _within(_latest(actions), start, end), attributes)]


def _redactions(told: Told, start: int, end: int) -> list[Span]:
    """One for the request, one for what came back."""
    found = [each for each in told.said if isinstance(each, RedactionDone)]
    head = start if told.response is None or told.response.ttfb_ms is None else _within(start + _ms(told.response.ttfb_ms), start, end)
    spans = []
    for where, begin in (("request", start), ("response", head)):
        done = [each for each in found if each.where.startswith("response") == (where == "response")]
        if done:
            attributes: Attributes = {
                "amp.redaction.where": where,
                "amp.rules": list(dict.fromkeys(each.rule for each in done)),
                "amp.redaction.kinds": list(dict.fromkeys(each.kind for each in done)),
                "amp.redaction.count": sum(each.count for each in done),
            }
            spans.append(Span("amp.redaction", "internal", begin, _within(_latest(done), begin, end), attributes))
    return spans


def _phases(told: Told, start: int, end: int) -> list[Span]:
    response, stream = told.response, told.stream
    if response is None or response.ttfb_ms is None or stream is None:
        return []
    head = _within(start + _ms(response.ttfb_ms), start, end)
    phases = [Span("amp.stream.wait", "internal", start, head, {})]
    if stream.ttft_ms is None:
        return [*phases, Span("amp.stream.output", "internal", head, end, {})]
    first = _within(start + _ms(stream.ttft_ms), head, end)
    return [*phases, Span("amp.stream.first_token", "internal", head, first, {}), Span("amp.stream.output", "internal", first, end, {})]


def _latest(said: list[RuleAction] | list[RedactionDone]) -> int:
    return max(map(_time, said))


def _time(event: Said) -> int:
    try:
        return _ns(datetime.fromisoformat(event.time).timestamp())
    except (ValueError, OverflowError, OSError):  # a recording holds what its writer liked
        return 0


def _within(at: int, start: int, end: int) -> int:
    """Times of events have milliseconds only, and the clock may step."""
    return min(max(at, start), end)


def _ns(seconds: float) -> int:
    return int(seconds * 1e6) * 1000


def _ms(milliseconds: float) -> int:
    return int(milliseconds * 1000) * 1000
