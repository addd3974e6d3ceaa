import msgspec
from support.captures import START
from support.telemetry import action, redaction

from amp_addons.core.classify import Classification
from amp_addons.core.course import answer, begin, finish_foreign, repeat
from amp_addons.core.facts import Facts, chunks_of, said_text
from amp_addons.core.trace import FlowTrace
from amp_addons.sim import anthropic
from amp_addons.sim.turn import compose
from amp_addons.telemetry.told import MAX_SAID, Gathering

EVENTS = [bytes(event) for event in anthropic.events(compose(model="m", text="word " * 30))]
FOUND = Classification(
    endpoint="provider.anthropic", category="inference", route="proxied", known=True, provider="anthropic", api="anthropic-messages"
)
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def run(*, each_event=False, said=(), head=(("traceparent", PARENT),), finish=True):
    gathering, found = Gathering(), []

    def take(events, trace):
        if flow := gathering.take(events, trace):
            found.append(flow)

    trace = FlowTrace("f", START, take, each_event=each_event)
    begin(trace, method="POST", url="https://ampcode.com/x", path="/x", head=dict(head), body=b"{}", found=FOUND, client=None)
    if said:
        repeat(trace, Facts(said=said_text(said, [])))
    answer(trace, START + 0.25, 200, {"content-type": "text/event-stream"})
    for number, event in enumerate(EVENTS):
        trace.feed([(START + 0.5 + number / 10, event)])
    if finish:
        finish_foreign(trace, START + 9, request_bytes=2, body=None, error=None)
    return found, gathering, trace


def test_flow_is_given_once_it_is_over():
    found, gathering, trace = run(finish=False)
    assert found == []
    finish_foreign(trace, START + 9, request_bytes=2, body=None, error=None)
    finish_foreign(trace, START + 10, request_bytes=2, body=None, error=None)
    (told,) = found
    assert (told.started, told.request.model, told.response.status, told.stream.ended, told.end.outcome) == (
        START,
        None,
        200,
        "complete",
        "ok",
    )
    assert gathering._said == {}


def test_pieces_are_timed_whether_or_not_somebody_wants_each_event():
    for each_event in (False, True):
        [told], _, _ = run(each_event=each_event)
        assert told.gaps.first == START + 0.5 and told.gaps.count == len(EVENTS) - 1 and told.gaps.counts[4] == len(EVENTS) - 1


def test_recorded_flow_is_timed_by_its_own_pieces():
    from amp_addons.core.course import finish

    gathering, found = Gathering(), []
    trace = FlowTrace("f", START, lambda events, trace: found.append(gathering.take(events, trace)))
    begin(trace, method="POST", url="https://ampcode.com/x", path="/x", head={}, body=b"{}", found=FOUND, client=None)
    answer(trace, START + 0.25, 200, {"content-type": "text/event-stream"})
    sizes = list(map(len, EVENTS))
    facts = Facts(**chunks_of(START, [START + 1 + at / 10 for at in range(len(EVENTS))], sizes, sizes)._asdict(), ended_at=START + 9)
    finish(trace, facts, b"".join(EVENTS))
    assert found[-1].gaps.count == len(EVENTS) - 1


def test_what_rules_did_comes_along_up_to_a_bound():
    [told], _, _ = run(said=[action(), redaction()])
    assert [event.type for event in told.said] == ["rule.action", "redaction"]
    [told], _, _ = run(said=[msgspec.structs.replace(action(), rule=str(number)) for number in range(MAX_SAID + 5)])
    assert len(told.said) == MAX_SAID


def test_trace_of_the_client_comes_along():
    [told], _, _ = run()
    assert told.context.span == 0x00F067AA0BA902B7
    [told], _, _ = run(head=())
    assert told.context is None
