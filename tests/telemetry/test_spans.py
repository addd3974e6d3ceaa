import pytest
from support.ledger import NOON
from support.telemetry import action, redaction, told

from amp_addons.telemetry.spans import span_of

START = int(NOON * 1000) * 1_000_000


def after(milliseconds):
    return START + int(milliseconds * 1000) * 1000


def phases(span):
    return [(child.name, child.start, child.end) for child in span.children]


def test_stream_of_a_model():
    span = span_of(told(end={"upstream": "other", "rules": ["send"]}))
    assert (span.name, span.kind, span.start, span.end, span.is_error) == ("chat claude-sonnet-4-5", "client", START, after(201), False)
    assert span.attributes == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.request.body.size": 7,
        "http.response.body.size": 9,
        "url.full": "https://ampcode.com/api/x",
        "server.address": "ampcode.com",
        "server.port": 443,
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.response.model": "claude-sonnet-4-5",
        "gen_ai.request.stream": True,
        "gen_ai.conversation.id": "T-1",
        "gen_ai.response.finish_reasons": ["end_turn"],
        "gen_ai.response.time_to_first_chunk": pytest.approx(0.03, abs=1e-5),
        "gen_ai.usage.input_tokens": 13,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.usage.cache_read.input_tokens": 3,
        "amp.flow": "f",
        "amp.endpoint": "provider.anthropic",
        "amp.category": "inference",
        "amp.route": "proxied",
        "amp.known": True,
        "amp.thread": "T-1",
        "amp.outcome": "ok",
        "amp.upstream": "other",
        "amp.rules": ["send"],
        "amp.stream.ended": "complete",
        "amp.stream.chunks": 1,
        "amp.stream.events": 3,
        "amp.time_to_first_token": 0.0505,
        "amp.cost_usd": 0.25,
    }


def test_other_request_is_named_by_method_and_endpoint():
    span = span_of(told(request={"category": "threads", "endpoint": "threads.get", "method": "GET"}, stream=False))
    assert span.name == "GET threads.get" and not any(name.startswith("gen_ai.") for name in span.attributes)
    assert span_of(told(request={"category": "web", "endpoint": "other", "method": "BREW"}, stream=False)).name == "HTTP other"
    assert span_of(told(request={"model": None})).name == "chat"


def test_query_of_the_url_is_left_out():
    assert span_of(told(url="https://ampcode.com/api/x?q=what+I+asked#part")).attributes["url.full"] == "https://ampcode.com/api/x"


def test_phases_of_a_stream():
    assert phases(span_of(told())) == [
        ("amp.stream.wait", START, after(20)),
        ("amp.stream.first_token", after(20), after(50.5)),
        ("amp.stream.output", after(50.5), after(201)),
    ]
    assert phases(span_of(told(stream={"ttft_ms": None}))) == [
        ("amp.stream.wait", START, after(20)),
        ("amp.stream.output", after(20), after(201)),
    ]
    assert phases(span_of(told(stream=False))) == []


def test_what_rules_did():
    said = [action(0.0042), action(0.0102, "watch", "observe", "block"), redaction(0.0022), redaction(0.1502, "response", "restored", 1)]
    routing, asked, answered = span_of(told(said=said)).children[:3]
    assert (routing.name, routing.start, routing.end) == ("amp.routing", START, after(10))
    assert routing.attributes["amp.actions"] == ["send: route (enforce)", "watch: block (observe)"]
    assert (asked.name, asked.start, asked.end) == ("amp.redaction", START, after(2))
    assert asked.attributes == {
        "amp.redaction.where": "request", "amp.rules": ["hide"], "amp.redaction.kinds": ["credential"], "amp.redaction.count": 2,
    }  # fmt: skip
    assert (answered.start, answered.end, answered.attributes["amp.redaction.where"]) == (after(20), after(150), "response")


@pytest.mark.parametrize("time", ["no time", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
def test_times_of_events_that_cannot_be_stay_within_the_flow(time):
    from msgspec.structs import replace

    child = span_of(told(said=[replace(action(), time=time)])).children[0]
    assert START <= child.end <= after(201)


def test_error_has_a_kind_and_no_text():
    span = span_of(told(end={"status": 500, "error": "your prompt 'tell me' is bad"}, stream=False))
    assert span.is_error and span.attributes["error.type"] == "500"
    assert "tell me" not in str(span)
