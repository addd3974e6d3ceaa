"""A captured flow gives the events that it gave when it was live: through one trace, from request to end."""

import msgspec
import pytest
from support.captures import ANSWER, MESSAGES, START

from amp_addons.core.events import RuleAction
from amp_addons.core.facts import Facts, said_text
from amp_addons.core.rules.applied import Applied
from amp_addons.core.rules.decision import Decision
from amp_addons.core.trace import FlowTrace
from amp_addons.replay.captured import Answer, Captured, Message
from amp_addons.replay.retell import retell
from amp_addons.rulefiles.catalog import classify

ACTION = RuleAction(time="t", flow="f", rule="recorded", mode="enforce", action="route")
SSE = ((b"content-type", b"text/event-stream"),)


def told(decision=None, facts=None, **more):
    fields = {"id": "f", "method": "POST", "scheme": "https", "host": "ampcode.com", "port": 443, "path": MESSAGES.partition(".com")[2]}
    fields |= {"headers": ((b"x-amp-thread-id", b"T-1"),), "body": b'{"model":"m","stream":true}', "started": START, "client": "1.2.3.4"}
    fields |= {"answer": Answer(200, SSE, ANSWER, START + 0.25, START + 2), "metadata": facts.metadata() if facts else {}}
    flow = Captured(**{**fields, **more})
    published = []
    trace = FlowTrace(flow.id, flow.started, lambda events, _: published.extend(msgspec.to_builtins(events)), each_event=True)
    retell(trace, flow, classify(flow.method, flow.url), decision)
    return published


def test_a_flow_of_another_tool():
    published = told()
    types = [event["type"] for event in published]
    assert (
        types[:2] == ["flow.request", "flow.response"] and types[-2:] == ["stream.end", "flow.end"] and set(types[2:-2]) == {"stream.event"}
    )
    assert (published[0]["thread"], published[0]["model"], published[0]["client"]) == ("T-1", "m", "1.2.3.4")
    assert (published[1]["ttfb_ms"], published[-2]["ended"], published[-1]["duration_ms"]) == (250.0, "complete", 2000.0)
    assert published[-1]["response_bytes"] == len(ANSWER)


def test_a_recorded_flow_has_its_own_end_and_the_rules_of_its_time():
    facts = Facts(ended_at=START + 9, ended="aborted", outcome="blocked", said=said_text([ACTION], []), response_bytes=5)
    published = told(facts=facts)
    assert [event["rule"] for event in published if event["type"] == "rule.action"] == ["recorded"]
    assert (published[-1]["duration_ms"], published[-1]["response_bytes"], published[-1]["rules"]) == (9000.0, 5, ["recorded"])


def test_rules_that_are_tried_are_told_in_their_place():
    decision = Decision(applied=(Applied(rule="tried", mode="observe", action="block"),))
    published = told(decision, facts=Facts(said=said_text([ACTION], [])))
    assert [(event["rule"], event["mode"]) for event in published if event["type"] == "rule.action"] == [("tried", "observe")]


def test_messages_of_a_websocket_have_their_recorded_sizes():
    messages = [Message(True, True, b'{"type":"a"}', START + 1), Message(False, False, b"***", START + 2)]
    answer = Answer(101, (), None, START + 0.5, START + 0.5)
    facts = Facts(message_bytes="1:99", ended_at=START + 3, response_bytes=99)
    published = told(facts=facts, answer=answer, messages=messages, method="GET", path="/api/connect", body=None)
    found = [event for event in published if event["type"] == "ws.message"]
    assert [(event["seq"], event["direction"], event["kind"], event["bytes"], event["event"]) for event in found] == [
        (1, "client_to_server", "text", 12, "a"),
        (2, "server_to_client", "binary", 99, None),
    ]
    assert published[-1]["response_bytes"] == 99 and published[-1]["duration_ms"] == 3000.0


@pytest.mark.parametrize(
    ("fields", "duration"),
    [
        ({"error": ("failed", START + 3), "answer": None}, 3000.0),
        ({"error": ("failed", 0.0)}, 2000.0),
        ({"answer": None}, 0.0),
        ({"answer": Answer(200, (), b"x", 0.0, 0.0)}, 0.0),
    ],
)
def test_when_it_ended_is_taken_from_what_there_is(fields, duration):
    published = told(**fields)
    assert published[-1]["duration_ms"] == duration
    assert published[-1]["outcome"] == ("error" if "error" in fields else "ok")
