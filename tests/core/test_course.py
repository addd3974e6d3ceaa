"""A recorded flow is told as a live one was, and how it is told does not depend on who listens."""

import msgspec
import pytest

from amp_addons.core.classify import Classification
from amp_addons.core.course import answer, begin, finish, finish_foreign, head_of, repeat
from amp_addons.core.events import RuleAction
from amp_addons.core.facts import Facts, chunks_of, said_text
from amp_addons.core.trace import FlowTrace
from amp_addons.sim import anthropic
from amp_addons.sim.turn import compose

START = 1.76e9
EVENTS = [bytes(event) for event in anthropic.events(compose(model="m", text="größer " * 30, thinking="Hm. " * 9))]
BODY = b"".join(EVENTS)
FOUND = Classification(
    endpoint="provider.anthropic", category="inference", route="proxied", known=True, provider="anthropic", api="anthropic-messages"
)


def told(finish_it, *, each_event=True, status=200, content_type="text/event-stream", facts=None, body=b'{"model":"m","stream":true}'):
    published = []
    trace = FlowTrace("f", START, lambda events, _: published.extend(msgspec.to_builtins(events)), each_event=each_event)
    begin(trace, method="POST", url="https://ampcode.com/x", path="/x", head={}, body=body, found=FOUND, client="1.2.3.4")
    if facts:
        repeat(trace, facts)
    answer(trace, START + 0.5, status, {"content-type": content_type} if content_type else {})
    finish_it(trace)
    return published


def recorded(steps=None, **more):
    times, at = [], START + 0.5
    for number in range(len(EVENTS)):
        at += (steps or {}).get(number, 0.001)
        times.append(at)
    sizes = list(map(len, EVENTS))
    return Facts(**chunks_of(START, times, sizes, sizes)._asdict(), ended_at=at + 0.1, response_bytes=len(BODY), **more), times


def test_headers_that_are_looked_at():
    fields = ((b"Content-Type", b"a"), (b"x-other", b"b"), (b"content-type", b"c"), (b"X-AMP-Thread-ID", b"T-\xff"))
    assert head_of(fields) == {"content-type": "a, c", "x-amp-thread-id": "T-\udcff"}


@pytest.mark.parametrize(
    ("head", "fields", "thread", "message"),
    [
        ({"x-amp-thread-id": "T-1", "x-amp-message-id": "M-1", "amp-message-id": "M-2"}, {"threadId": "T-2"}, "T-1", "M-1"),
        ({"amp-message-id": "M-2"}, {"threadId": "T-2"}, "T-2", "M-2"),
        ({}, {}, None, None),
    ],
)
def test_where_thread_and_message_come_from(head, fields, thread, message):
    published = []
    trace = FlowTrace("f", START, lambda events, _: published.extend(events))
    found = msgspec.structs.replace(FOUND, fields=fields)
    begin(trace, method="POST", url="u", path="/", head=head, body=None, found=found, client=None)
    assert (published[0].thread, published[0].message) == (thread, message)


def test_each_event_has_the_time_of_its_piece():
    facts, times = recorded()
    events = [event for event in told(lambda trace: finish(trace, facts, BODY)) if event["type"] == "stream.event"]
    assert len(events) == len(EVENTS)
    assert [event["t_ms"] for event in events] == pytest.approx([(at - START) * 1000 for at in times], abs=0.001)


@pytest.mark.parametrize("pauses", [{}, {5: 40.0}, {3: 6.0, 8: 31.0, 9: 7.0}, {0: 35.0}])
def test_tallies_do_not_depend_on_who_listens(pauses):
    """Pieces that nobody asks the time of are read together, but no pause that is told of is lost in that."""
    facts, _ = recorded(pauses)
    ends = [
        [event for event in told(lambda trace: finish(trace, facts, BODY), each_event=each) if event["type"] != "stream.event"]
        for each in (True, False)
    ]
    assert ends[0] == ends[1]
    assert ends[0][-2]["chunks"] == len(EVENTS) and ends[0][-2]["ttft_ms"] is not None
    assert bool(ends[0][-2]["errors"]) is any(pause > 30 for number, pause in pauses.items() if number)


def test_sizes_and_end_are_those_of_the_live_flow():
    facts, _ = recorded(
        data_bytes="1:999", request_bytes=77, ended="truncated", outcome="error", error="the server left", upstream="other",
        credential="env:KEY", said=said_text([RuleAction(time="t", flow="f", rule="r", mode="enforce", action="route")], []),
    )  # fmt: skip
    facts = msgspec.structs.replace(facts, response_bytes=123_456)
    published = told(lambda trace: finish(trace, facts, BODY), facts=facts)
    end = published[-1]
    assert [event["bytes"] for event in published if event["type"] == "stream.event"][1] == 999
    assert (end["request_bytes"], end["response_bytes"], end["outcome"]) == (77, 123_456, "error")
    assert (end["error"], end["upstream"], end["credential"], end["rules"]) == ("the server left", "other", "env:KEY", ["r"])
    assert published[-2]["bytes"] == 123_456


def test_an_answer_that_was_cut_in_the_recording_says_so():
    facts, _ = recorded(response_cut=4321)
    [note] = told(lambda trace: finish(trace, facts, BODY[:100]))[-2]["errors"]
    assert note == "the recording leaves out the last 4,321 bytes of this answer"


def test_a_flow_without_answer_ends_when_it_did():
    end = told(lambda trace: finish(trace, Facts(ended_at=START + 2, outcome="blocked"), None))[-1]
    assert (end["duration_ms"], end["outcome"], end["response_bytes"]) == (2000.0, "blocked", 0)


@pytest.mark.parametrize(
    ("error", "outcome", "ended"),
    [
        (None, "ok", "complete"),
        ("Client disconnected.", "aborted", "aborted"),
        ("stream reset by client (CANCEL)", "aborted", "aborted"),
        ("Server disconnected", "error", "truncated"),
    ],
)
def test_a_recording_of_another_tool_is_told_without_times(error, outcome, ended):
    """All came at the end; what ended it is told by mitmproxy's sentence."""
    body = BODY if ended == "complete" else BODY[: len(BODY) // 2]
    published = told(lambda trace: finish_foreign(trace, START + 3, request_bytes=9, body=body, error=error))
    times = {event["t_ms"] for event in published if event["type"] == "stream.event"}
    assert times == {3000.0}
    assert (published[-1]["outcome"], published[-2]["ended"]) == (outcome, ended)
    assert (published[-1]["request_bytes"], published[-1]["response_bytes"]) == (9, len(body))


def test_an_error_answer_of_a_model_is_read_for_its_message():
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    for end in (
        lambda trace: finish_foreign(trace, START + 1, request_bytes=0, body=body, error=None),
        lambda trace: finish(trace, Facts(response_bytes=len(body)), body),
    ):
        published = told(end, status=529, content_type="application/json")
        assert published[-1]["error"] == "overloaded_error: Overloaded"


def test_a_stream_whose_coding_could_not_be_read_says_so():
    """Its body is not in the recording, as what stands there could not be looked through."""
    end = told(lambda trace: finish(trace, Facts(unread="the body is damaged", ended_at=START + 1, response_bytes=7), b"(left out)"))[-2]
    assert (end["errors"], end["events"], end["bytes"], end["ended"]) == (["the body is damaged"], {}, 7, "complete")
