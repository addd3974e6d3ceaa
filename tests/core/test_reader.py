"""Bodies of every form, cut anywhere, broken off, unknown and hostile: what the reader makes of them."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons import StreamReader, Summary
from amp_addons.core import reader as module
from amp_addons.core.reader import StreamEvent
from amp_addons.core.reading import ReadError
from amp_addons.core.stream import DONE, MAX_TYPES, OTHER
from amp_addons.sim import anthropic, openai_chat, openai_responses
from amp_addons.sim.turn import compose

TURN = compose(model="m", text="größer 🚀", thinking="Hm.", tools=[("grep", {"pattern": "x"})])
SIMS = [anthropic, openai_responses]
OVERLOADED = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'


def body(sim):
    return b"".join(sim.events(TURN))


def read(data, api=None, size=None, cut=False) -> tuple[Summary, list[StreamEvent]]:
    reader = StreamReader(api)
    size = size or len(data) or 1
    events = [event for at in range(0, len(data), size) for event in reader.feed(data[at : at + size])]
    reader.close(cut)
    return reader.summary(), events


@pytest.mark.parametrize("sim", SIMS)
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("size", [None, 1, 7, 777])
def test_stream_is_read_the_same_however_it_is_cut_and_whether_its_api_is_known(sim, known, size):
    summary, events = read(body(sim), sim.API if known else None, size)
    truth = sim.truth(TURN)
    assert (summary.api, summary.model, summary.id, summary.stop_reason) == (sim.API, truth.model, truth.id, truth.stop_reason)
    assert (summary.text, summary.thinking, summary.tool_calls) == (truth.text, truth.thinking, truth.tool_calls)
    assert summary.event_counts == truth.event_counts and summary.ended == "complete" and summary.errors == []
    assert [event.seq for event in events] == list(range(sum(truth.event_counts.values())))
    assert {event.delta for event in events} == {None, "text", "thinking", "tool"}


@pytest.mark.parametrize("sim", SIMS)
def test_summary_alone_is_the_same_summary(sim):
    reader = StreamReader(events=False)
    assert reader.feed(body(sim)) == []
    reader.close()
    assert reader.summary() == read(body(sim))[0]


@pytest.mark.parametrize("sim", SIMS)
def test_answer_without_a_stream_is_recognised_and_read_at_its_end(sim):
    data = b"\xef\xbb\xbf\r\n " + json.dumps(sim.whole(TURN)).encode()
    summary, events = read(data, size=5)
    assert events == [] and summary.ended == "complete"
    assert (summary.api, summary.text, summary.tool_calls) == (sim.API, sim.truth(TURN).text, sim.truth(TURN).tool_calls)


@pytest.mark.parametrize("sim", SIMS)
def test_stream_cut_at_every_position_is_truncated_until_its_last_event(sim):
    data = body(sim)
    reader = StreamReader(sim.API)
    for at in range(len(data)):
        assert reader.summary().ended == "truncated"
        reader.feed(data[at : at + 1])
    assert reader.summary().ended == "complete"


CHANGES = st.sampled_from([b"text", b"delta", b'"', b"content", b"0", b"null", b"chat.completion.chunk", b"}", b"thinking"])


@given(st.sampled_from([anthropic, openai_chat, openai_responses]), st.lists(st.tuples(st.integers(0, 200), CHANGES, CHANGES), max_size=4))
def test_events_read_in_runs_say_the_same_as_one_by_one(sim, changes):
    """Long texts of many like events, some of them damaged."""
    events = list(sim.events(compose(model="m", text="größer " * 100, thinking="Hm. " * 50, tools=[("grep", {"pattern": "x" * 300})])))
    for place, before, after in changes:
        events[place % len(events)] = events[place % len(events)].replace(before, after)
    data = b"".join(events)
    assert read(data, sim.API, 16_000) == read(data, sim.API, 3)


def test_bound_of_the_text_does_not_depend_on_how_it_came(monkeypatch):
    monkeypatch.setattr("amp_addons.core.reading.MAX_TEXT", 50)
    data = b"".join(anthropic.events(compose(model="m", text="word " * 100)))
    assert read(data, anthropic.API, 1)[0].text == read(data, anthropic.API)[0].text != ""


@pytest.mark.parametrize("sim", [anthropic, openai_chat, openai_responses])
@pytest.mark.parametrize("size", [1, 16_000])
def test_reader_that_keeps_no_text_tells_all_else(sim, size):
    reader = StreamReader(sim.API, text=False)
    data = body(sim)
    found = [event for at in range(0, len(data), size) for event in reader.feed(data[at : at + size])]
    reader.close()
    summary, events = read(data, sim.API, size)
    assert found == events
    assert (reader.summary().text, reader.summary().thinking) == ("", "")
    for name in ("model", "id", "stop_reason", "tokens", "usage", "errors", "event_counts", "ended"):
        assert getattr(reader.summary(), name) == getattr(summary, name)


ENDS = [
    pytest.param(b"", False, "truncated", [], id="nothing"),
    pytest.param(body(anthropic)[:-20], False, "truncated", [], id="without the last event"),
    pytest.param(body(anthropic)[:-20], True, "aborted", [], id="cut"),
    pytest.param(body(anthropic), True, "complete", [], id="cut after the last event"),
    pytest.param(OVERLOADED, False, "error", ["overloaded_error"], id="error alone, of whichever API"),
    pytest.param(b"".join(list(anthropic.events(TURN))[:-1]) + OVERLOADED, True, "error", ["overloaded_error"], id="error at the end"),
    pytest.param(b'error: {"error":{"message":"failed"}}\n\n', False, "error", ["error"], id="error field"),
    pytest.param(b'{"error":{"type":"not_found","message":"m"}}', False, "error", ["not_found"], id="body of an error"),
    pytest.param(b'{"type":"message","content":[', False, "truncated", ["unreadable"], id="JSON broken off"),
]


@pytest.mark.parametrize(("data", "cut", "ended", "errors"), ENDS)
def test_how_it_ended(data, cut, ended, errors):
    summary, _ = read(data, cut=cut)
    assert summary.ended == ended and [error.type for error in summary.errors] == errors


def test_what_came_before_the_api_showed_itself_is_read_by_its_reading():
    summary, events = read(b'data: {"type":"ping"}\n\n' + OVERLOADED + body(anthropic))
    assert summary.api == "anthropic-messages" and summary.errors == [ReadError("overloaded_error", "Overloaded")]
    assert summary.event_counts["ping"] == 2 and events[0] == StreamEvent("ping", 15, None, 0)


def test_events_of_an_api_that_is_not_known_are_counted():
    summary, events = read(b'event: a\ndata: x\n\ndata: {"type":"b"}\n\ndata: {"object":"c"}\n\ndata: [DONE]\n\n', "future-api")
    assert summary.event_counts == {"a": 1, "b": 1, "c": 1} and summary.api == "future-api"
    assert [event.type for event in events] == ["a", "b", "c", DONE]


def test_types_are_bounded_in_number_and_length():
    lines = [b"event: %d\ndata: x\n\n" % number for number in range(MAX_TYPES + 10)]
    summary, _ = read(b"event: %b\ndata: x\n\n" % (b"y" * 1000) + b"".join(lines))
    assert summary.event_counts[OTHER] == 11 and len(summary.event_counts) == MAX_TYPES + 1


def test_body_larger_than_the_limit_is_said(monkeypatch):
    monkeypatch.setattr(module, "MAX_BODY", 100)
    summary, _ = read(b'{"a":"' + b"x" * 1000 + b'"}', size=10)
    assert [error.type for error in summary.errors] == ["unreadable"] and summary.ended == "truncated"


def test_array_is_read_item_by_item():
    summary, events = read(b'[{"type":"a","x":"],{\\""},\r\n{"type":"b"}\n]', "future-api", size=1)
    assert [event.type for event in events] == ["a", "b"] and summary.event_counts == {"a": 1, "b": 1}


PIECES = st.sampled_from([*body(anthropic).splitlines(True), *body(openai_responses).splitlines(True), b"\n", b"{", b"[", b'"', b"\\"])


@given(st.lists(PIECES | st.binary(max_size=20), max_size=20), st.integers(1, 50), st.sampled_from([None, *(sim.API for sim in SIMS)]))
def test_any_bytes_never_raise_and_any_chunking_gives_the_same(pieces, size, api):
    data = b"".join(pieces)
    assert read(data, api, size) == read(data, api)


PIECES = st.sampled_from(
    [
        *(event for sim in (anthropic, openai_chat, openai_responses) for event in sim.events(TURN)),
        b"\xef\xbb\xbf",
        b"\r",
        b"\r\n",
        b"\n",
        b": keep-alive\n\n",
        b"id: 7\ndata: {}\n\n",
        b"retry: 5\n\n",
        b"data: a\ndata: b\n\n",
        b"event: x\n",
        b"data: [DONE]\n\n",
        "data: größer\n\n".encode(),
        b'event: message\r\ndata: {"type":"x"}\r\n\r\n',
        b"error: broken\n",
        b"data: \xff\xfe\n\n",
        b'data: {"type":"ping"',
    ]
)
LONG_STREAMS = st.lists(st.tuples(PIECES, st.integers(1, 90)), max_size=10).map(lambda parts: b"".join(p * count for p, count in parts))


@given(LONG_STREAMS, st.lists(st.integers(0, 20_000), max_size=4), st.sampled_from([None, *(sim.API for sim in SIMS)]))
def test_skimming_counts_and_tells_the_same_however_it_is_cut(data, cuts, api):
    whole, skimmed = StreamReader(api), StreamReader(api)
    events = whole.feed(data)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    counted = sum(skimmed.skim(data[start:stop]) for start, stop in itertools.pairwise(places))
    assert counted == len(events) and skimmed.event_counts == whole.event_counts
    for reader in (whole, skimmed):
        reader.close()
    assert skimmed.summary() == whole.summary()
    assert [event.seq for event in skimmed.feed(b"")] == []


@given(LONG_STREAMS.map(lambda data: data[:3000]))
def test_skimming_byte_by_byte_tells_the_same(data):
    whole, skimmed = StreamReader(), StreamReader()
    assert sum(skimmed.skim(data[at : at + 1]) for at in range(len(data))) == len(whole.feed(data))
    assert skimmed.summary() == whole.summary()


def test_reading_on_after_skimming_goes_on_with_the_numbers():
    reader = StreamReader("openai-chat")
    reader.feed(b"data: {}\n\n")
    assert reader.skim(b'data: {"choices":[]}\n\n' * 1000) == 1000
    [event] = reader.feed(b"data: {}\n\n")
    assert event.seq == 1001
