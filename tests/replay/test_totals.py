"""Counts that do not depend on the order in which parts are added, and that stay in their bounds."""

import itertools
import json
import random

import pytest

from amp_addons.core.events import FlowEnd, FlowRequest, RedactionDone, RuleAction, StreamEnd, Tokens, WsMessage
from amp_addons.replay import totals as module
from amp_addons.replay.totals import EXAMPLES, SLOWEST, Totals

DRAW = random.Random(7)


def flow(number, *, model="m", known=True, url=None, stream=True, cost=0.1, duration=None, method="POST", **end):
    time, name = f"2025-01-01T00:{number // 60 % 60:02}:{number % 60:02}.000Z", f"flow-{number}"
    request = FlowRequest(
        time=time, flow=name, method=method, url=url or f"https://ampcode.com/x/{number % 7}?q={number}", endpoint=f"e{number % 3}",
        category="inference", provider=(None, "anthropic", "openai")[number % 3], route="proxied", api=None, catalog="c", source=None,
        known=known,
        model=model, stream=stream, thread=None, message=None, client=None,
    )  # fmt: skip
    took = duration if duration is not None else 100.0 * (number % 40)
    events = [request]
    if number % 4 == 0:
        events += [
            RuleAction(time=time, flow=name, rule=f"r{number % 2}", mode="enforce", action="route"),
            RedactionDone(time=time, flow=name, rule="r", where="body", kind="ai-key", count=2),
            WsMessage(time=time, flow=name, seq=1, direction="client_to_server", kind="text", bytes=3),
        ]
    if stream:
        tokens = Tokens(input=number, output=2 * number, cache_read=0)
        events.append(
            StreamEnd(
                time=time, flow=name, ended=("complete", "error", "aborted")[number % 3], events={"a": 2, f"t{number % 5}": 1}, bytes=9,
                chunks=1,
                ttft_ms=None if number % 6 == 0 else 50.0, duration_ms=took, model=None, tokens=tokens, cost_usd=cost,
            )
        )  # fmt: skip
    end = {"status": 200, "outcome": "ok", "request_bytes": number, "response_bytes": 10, **end}
    return [*events, FlowEnd(time=time, flow=name, duration_ms=took, **end)]


def of(flows):
    found = Totals()
    for events in flows:
        found.take(events)
    return found


def merged(parts):
    found = Totals()
    for part in parts:
        found.merge(of(part))
    return json.dumps(found.as_json())


def test_what_is_counted():
    found = of([flow(3, known=False), flow(0), flow(6, outcome="error", status=None), flow(9, status=529, stream=False)]).as_json()
    assert (found["flows"], found["websocket_messages"]) == (4, 1)
    assert (found["first"], found["last"]) == ("2025-01-01T00:00:00.000Z", "2025-01-01T00:00:09.000Z")
    assert found["outcomes"] == {"error": 1, "ok": 3} and found["problems"] == {"error": 1, "status 529": 1}
    [row] = found["rows"]
    assert (row["endpoint"], row["provider"], row["model"]) == ("e0", None, "m")
    assert (row["requests"], row["errors"], row["streams"], row["events"]) == (4, 2, 3, 9)
    assert (row["request_bytes"], row["response_bytes"]) == (18, 40)
    assert row["tokens"] == {"input": 9, "output": 18} and row["cost_usd"] == 0.3 and row["endings"] == {"complete": 3}
    assert row["ttft_ms"]["p50"] == pytest.approx(50, rel=0.02) and row["duration_ms"]["p99"] == pytest.approx(900, rel=0.02)
    assert found["event_types"] == {"a": 6, "t0": 1, "t1": 1, "t3": 1}
    assert found["unknown"] == [
        {"method": "POST", "url": "https://ampcode.com/x/3", "count": 1, "examples": ["https://ampcode.com/x/3?q=3"]}
    ]  # fmt: skip
    assert found["rules"] == [{"rule": "r0", "mode": "enforce", "action": "route", "count": 1}]
    assert found["redactions"] == [{"rule": "r", "where": "body", "kind": "ai-key", "count": 2}]
    assert [slow["flow"] for slow in found["slowest_streams"]] == ["flow-6", "flow-3", "flow-0"]
    assert found["slowest_streams"][0]["duration_ms"] == 600.0


def test_nothing_is_counted_as_nothing():
    found = Totals().as_json()
    assert found["flows"] == 0 and found["first"] is None and found["rows"] == []


@pytest.mark.parametrize(("number", "errors"), [(0, 0), (1, 1), (2, 1)])
def test_a_stream_that_did_not_complete_is_an_error(number, errors):
    assert of([flow(number)]).as_json()["rows"][0]["errors"] == errors


def test_parts_add_up_in_any_order():
    flows = [flow(number, known=number % 5 > 0, cost=DRAW.choice([None, 0.1, 1e-9, 0.30000000000000004])) for number in range(120)]
    parts = [flows[:11], flows[11:12], [], flows[12:90], flows[90:]]
    whole = json.dumps(of(flows).as_json())
    assert {merged(order) for order in itertools.permutations(parts)} == {whole}
    DRAW.shuffle(flows)
    assert json.dumps(of(flows).as_json()) == whole


def test_merging_parts_that_were_merged_is_the_same():
    flows = [flow(number, known=False) for number in range(60)]
    first, second = of(flows[:20]), of(flows[20:40])
    second.merge(of(flows[40:]))
    first.merge(second)
    assert first.as_json() == of(flows).as_json()


def test_rows_are_bounded_and_what_is_over_is_counted_as_others(monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 5)
    flows = [flow(3, model=f"m{number}") for number in range(20)]
    for found in (of(flows), of([])):
        if not found.flows:
            for each in flows:
                found.merge(of([each]))
        rows = found.as_json()["rows"]
        assert len(rows) == 6 and sum(row["requests"] for row in rows) == 20
        assert (rows[-1]["endpoint"], rows[-1]["requests"]) == ("(others)", 15)


def test_unknown_endpoints_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_UNKNOWN", 5)
    flows = [flow(number, known=False, url=f"https://h/{number}?x={again}") for again in range(4) for number in range(20)]
    for found in (of(flows), of([])):
        if not found.flows:
            for each in flows:
                found.merge(of([each]))
        unknown = found.as_json()
        assert len(unknown["unknown"]) == 5 and unknown["unknown_left_out"] == 60
        assert all(len(each["examples"]) == EXAMPLES and each["count"] == 4 for each in unknown["unknown"])


def test_the_slowest_streams_are_a_few():
    durations = [float(DRAW.randrange(50)) for _ in range(300)]
    slowest = of([flow(number, duration=took) for number, took in enumerate(durations)]).as_json()["slowest_streams"]
    assert [each["duration_ms"] for each in slowest] == sorted(durations, reverse=True)[:SLOWEST]


def test_an_end_without_a_beginning_is_no_flow():
    found = Totals()
    found.take(flow(1)[1:])
    assert found.as_json()["flows"] == 0
