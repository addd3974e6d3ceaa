import pytest
from support.telemetry import action, redaction, told

from amp_addons.telemetry import metrics
from amp_addons.telemetry.metrics import OVERFLOW, Histogram, Table


def taken(*flows, delta=False):
    table = Table(1000, delta=delta)
    for flow in flows:
        table.add(flow)
    return {metric.instrument.name: [(dict(key), one) for key, one in metric.series] for metric in table.take(2000)}


def test_stream_of_a_model():
    found = taken(told())
    usage = {attributes["gen_ai.token.type"]: one.total for attributes, one in found["gen_ai.client.token.usage"]}
    assert usage == {"input": 13, "output": 4}
    [(attributes, duration)] = found["gen_ai.client.operation.duration"]
    assert duration.total == 0.201 and attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.response.model": "claude-sonnet-4-5",
        "server.address": "ampcode.com",
        "server.port": 443,
    }
    [(_, first)] = found["gen_ai.client.operation.time_to_first_chunk"]
    [(_, between)] = found["gen_ai.client.operation.time_per_output_chunk"]
    assert first.total == pytest.approx(0.03, abs=1e-5) and sum(between.counts) == 2 and between.total == pytest.approx(0.05, abs=1e-5)
    [(attributes, requests)] = found["amp.requests"]
    assert requests.value == 1
    assert attributes == {"amp.endpoint": "provider.anthropic", "amp.category": "inference", "amp.outcome": "ok"}


def test_same_attributes_are_one_series():
    [(_, requests)] = taken(told(), told())["amp.requests"]
    assert requests.value == 2


def test_error_is_a_series_of_its_own():
    found = taken(told(), told(end={"status": 529}, stream=False))["gen_ai.client.operation.duration"]
    assert sorted(attributes.get("error.type", "") for attributes, _ in found) == ["", "529"]


def test_what_rules_did():
    found = taken(told(said=[action(), action(), redaction(count=3)]))
    [(attributes, actions)] = found["amp.rule.actions"]
    assert actions.value == 2 and attributes == {"amp.rule": "send", "amp.rule.mode": "enforce", "amp.rule.action": "route"}
    [(attributes, redactions)] = found["amp.redactions"]
    assert redactions.value == 3 and attributes["amp.redaction.kind"] == "credential"


def test_other_request_and_an_answer_without_a_stream_have_no_times_of_chunks():
    assert set(taken(told(request={"category": "user"}))) == {"amp.requests"}
    assert "gen_ai.client.operation.time_to_first_chunk" not in taken(told(stream=False))


def test_sums_go_on_or_begin_anew():
    for delta, second in ((False, (1000, 2, 3000)), (True, (2000, 1, 3000))):
        table = Table(1000, delta=delta)
        table.add(told())
        table.take(2000)
        table.add(told())
        metric = next(metric for metric in table.take(3000) if metric.instrument.name == "amp.requests")
        assert (metric.start, metric.series[0][1].value, metric.end) == second


def test_what_was_taken_does_not_change_afterwards():
    table = Table(0)
    table.add(told())
    first = {metric.instrument.name: metric for metric in table.take(1)}
    table.add(told())
    assert first["amp.requests"].series[0][1].value == 1
    assert sum(first["gen_ai.client.operation.duration"].series[0][1].counts) == 1


def test_series_are_bounded_and_the_rest_is_one(monkeypatch):
    monkeypatch.setattr(metrics, "MAX_SERIES", 3)
    found = taken(*(told(request={"endpoint": f"e{number}", "category": "web"}) for number in range(9)))["amp.requests"]
    assert len(found) == 3 and next(one.value for key, one in found if key == dict(OVERFLOW)) == 7


def test_bound_belongs_to_what_is_below_it():
    found = taken(told(end={"duration_ms": 160.0}))["gen_ai.client.operation.duration"][0][1]
    assert isinstance(found, Histogram) and found.counts[4] == 1


def test_drops_are_counted():
    table = Table(0)
    table.drop(0)
    assert table.take(1) == []
    table.drop(3)
    assert table.take(1)[0].series[0][1].value == 3
