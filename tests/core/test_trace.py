import msgspec
import pytest

from amp_addons.core.classify import Classification
from amp_addons.core.events import RedactionDone, RuleAction
from amp_addons.core.hints import RequestHints
from amp_addons.core.kept import Kept
from amp_addons.core.trace import FlowTrace


def classified(api=None):
    return Classification(endpoint="provider.x", category="inference", route="proxied", known=True, provider="anthropic", api=api)


CLASSIFICATION = classified()


def make_trace(api=None, **options):
    published = []
    trace = FlowTrace("f", 1000.0, lambda events, _: published.extend(msgspec.to_builtins(e) for e in events), **options)
    trace.begin(method="POST", url="https://ampcode.com/x", classification=classified(api), hints=RequestHints("m", True))
    return trace, published


def stream(trace, *chunks, encoding=None):
    trace.answer(1000.1, status=200, content_type="text/event-stream", content_encoding=encoding, is_stream=True)
    trace.feed([(1000.2 + number / 10, chunk) for number, chunk in enumerate(chunks)])


def test_events_are_numbered_through_the_stream_and_timed_by_their_chunk():
    trace, published = make_trace(each_event=True)
    stream(trace, b"data: a\n\ndata: b\n\n", b"data: c\n\n")
    trace.feed([(1001.0, b"data: d\n\n")])
    found = [(e["seq"], e["t_ms"]) for e in published if e["type"] == "stream.event"]
    assert [seq for seq, _ in found] == [1, 2, 3, 4]
    assert [t for _, t in found] == pytest.approx([200.0, 200.0, 300.0, 1000.0], abs=0.01)


def test_tallies_are_the_same_without_single_events():
    ends = []
    for each_event in (True, False):
        trace, published = make_trace(each_event=each_event)
        stream(trace, b'data: {"type":"a"}\n\nda', b'ta: {"type":"b"}\n\n: comment\n\n')
        trace.end(1002.0)
        ends.append(published[-2])
        assert ("stream.event" in [e["type"] for e in published]) is each_event
    assert ends[0] == ends[1]
    assert (ends[0]["events"], ends[0]["chunks"], ends[0]["duration_ms"], ends[0]["model"]) == ({"a": 1, "b": 1}, 2, 2000.0, "m")


def test_last_event_is_seen_when_only_the_end_of_its_encoding_brings_it():
    import zlib

    trace, published = make_trace(each_event=True)
    packer = zlib.compressobj()
    stream(trace, packer.compress(b"data: x\n\n") + packer.flush(), encoding="deflate")
    trace.end(1002.0)
    assert [e["type"] for e in published][-3:] == ["stream.event", "stream.end", "flow.end"]


LAST = [
    ("openai-chat", b"data: [DONE]\n\n"),
    ("anthropic-messages", b'data: {"type":"message_stop"}\n\n'),
    ("openai-responses", b'data: {"type":"response.completed","response":{"status":"completed"}}\n\n'),
]


@pytest.mark.parametrize(("api", "last"), LAST)
def test_client_that_leaves_after_the_last_event_has_not_aborted(api, last):
    """The openai SDK hangs up at [DONE] without waiting for the end of the body."""
    trace, published = make_trace(api)
    stream(trace, b"data: {}\n\n", last)
    trace.end(1002.0, outcome="aborted", ended="aborted", error="Client disconnected.")
    assert (published[-2]["ended"], published[-1]["outcome"], published[-1]["error"]) == ("complete", "ok", None)


def test_client_that_leaves_before_has():
    trace, published = make_trace()
    stream(trace, b"data: x\n\n")
    trace.end(1002.0, outcome="aborted", ended="aborted", error="Client disconnected.")
    assert (published[-2]["ended"], published[-1]["outcome"], published[-1]["error"]) == ("aborted", "aborted", "Client disconnected.")


ENDINGS = [
    pytest.param(b'data: {"type":"message_stop"}\n\n', "complete", "complete", id="last event"),
    pytest.param(b'data: {"type":"ping"}\n\n', "complete", "truncated", id="ends without it"),
    pytest.param(b'data: {"type":"ping"}\n\n', "truncated", "truncated", id="cut by the upstream"),
    pytest.param(b'data: {"type":"ping"}\n\n', "aborted", "aborted", id="left by the client"),
    pytest.param(b'data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n', "complete", "error", id="error"),
]


@pytest.mark.parametrize(("last", "how", "ended"), ENDINGS)
def test_stream_says_itself_how_it_ended(last, how, ended):
    trace, published = make_trace("anthropic-messages")
    stream(trace, b'data: {"type":"message_start","message":{"model":"m"}}\n\n', last)
    trace.end(1002.0, ended=how)
    assert published[-2]["ended"] == ended
    if how == "complete" and ended == "truncated":
        assert published[-2]["errors"] == ["the stream ended without its closing event"]
    if ended == "error":
        assert published[-2]["errors"] == ["overloaded_error: Overloaded"]


def test_answer_is_told_with_tokens_cost_and_time_to_its_first_token():
    trace, published = make_trace("anthropic-messages", price=lambda provider, model, usage, at: usage["input"] / 1000)
    stream(
        trace,
        b'data: {"type":"message_start","message":{"model":"claude-x","usage":{"input_tokens":7,"cache_read_input_tokens":3}}}\n\n',
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}\n\n',
        b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}\n\n',
        b'data: {"type":"message_stop"}\n\n',
    )
    trace.end(1002.0)
    end = published[-2]
    assert (end["model"], end["stop_reason"], end["cost_usd"], end["ended"]) == ("claude-x", "end_turn", 0.01, "complete")
    assert end["tokens"] == {"input": 7, "output": 5, "cache_read": 3, "cache_write": None, "reasoning": None}
    assert end["ttft_ms"] == pytest.approx(300.0, abs=0.01)


def test_error_answer_is_told_with_the_providers_message():
    trace, published = make_trace("anthropic-messages")
    trace.answer(1000.1, status=529, content_type="application/json", content_encoding=None, is_stream=False)
    trace.feed([(1000.2, b'{"type":"error","error":{"type":"overloaded_error","message":"Overl'), (1000.3, b'oaded"}}')])
    trace.end(1001.0)
    assert [event["type"] for event in published] == ["flow.request", "flow.response", "flow.end"]
    assert (published[-1]["error"], published[-1]["outcome"]) == ("overloaded_error: Overloaded", "ok")


def test_clock_that_steps_back_gives_no_negative_duration():
    trace, published = make_trace()
    trace.end(900.0)
    assert published[-1]["duration_ms"] == 0.0


def test_flow_ends_once():
    trace, published = make_trace()
    trace.end(1001.0)
    trace.end(1002.0, outcome="error")
    assert [e["type"] for e in published] == ["flow.request", "flow.end"]


def test_nothing_secret_and_no_control_character_is_kept():
    key = "sk-" + "ant-" + "k" * 30
    published = []
    trace = FlowTrace("f", 0.0, lambda events, _: published.extend(events))
    trace.begin(
        method="POST\x1b",
        url=f"https://u:{key}@h/{key}?token={key}",
        classification=CLASSIFICATION,
        hints=RequestHints(key, None),
        thread=key,
        message=key,
    )
    trace.answer(0.0, status=200, content_type=f"text/{key}\r\n", content_encoding="\x9b", is_stream=False)
    trace.end(0.0, error=f"cannot: {key}")
    text = str(published)
    assert key[-8:] not in text and "\x1b" not in text and "\x9b" not in text


@pytest.mark.parametrize(
    ("content", "is_text", "event"),
    [(b'{"type":"x"}', True, "x"), (b"plain", True, None), (b'{"type":"x"}', False, None), (b"\xff", True, None)],
)
def test_websocket_message_is_typed_by_its_json(content, is_text, event):
    trace, published = make_trace()
    trace.ws_message(1001.0, from_client=False, is_text=is_text, content=content)
    assert published[-1]["event"] == event and published[-1]["bytes"] == len(content)


def action(mode="enforce", rule="r"):
    return RuleAction(time="2025-01-01T00:00:00.000Z", flow="f", rule=rule, mode=mode, action="route", detail="to other")


def redaction(where="answer"):
    return RedactionDone(time="2025-01-01T00:00:00.000Z", flow="f", rule="r", where=where, kind="ai-key", count=1)


def test_what_rules_did_is_told_again_where_it_was():
    """Before the answer, and at its end behind the last event; only enforced rules are named at the end."""
    trace, published = make_trace(each_event=True)
    trace.repeat([action(), action("observe", "o"), redaction("body")], [redaction()], upstream="other", credential="env:KEY")
    stream(trace, b"data: a\n\n")
    trace.end(1002.0)
    assert [event["type"] for event in published] == [
        "flow.request", "rule.action", "rule.action", "redaction", "flow.response", "stream.event", "redaction", "stream.end", "flow.end",
    ]  # fmt: skip
    assert (published[-1]["rules"], published[-1]["upstream"], published[-1]["credential"]) == (["r"], "other", "env:KEY")


def test_redactions_in_a_stream_are_told_behind_its_events_and_others_at_once():
    trace, published = make_trace(each_event=True)
    trace.redacted(1000.0, {("r", "body", "ai-key"): 2})
    assert (published[-1]["type"], published[-1]["where"], published[-1]["count"]) == ("redaction", "body", 2)
    stream(trace, b"data: a\n\n")
    trace.redacted(1000.5, {("r", "answer", "ai-key"): 1})
    trace.redacted(1000.6, {})
    assert published[-1]["type"] == "stream.event"
    trace.end(1002.0)
    assert [event["type"] for event in published[-3:]] == ["redaction", "stream.end", "flow.end"]


def test_events_have_the_sizes_that_they_had():
    trace, published = make_trace(each_event=True)
    trace.sizes = {1: 99}
    stream(trace, b"data: ab\n\ndata: ***\n\ndata: c\n\n")
    assert [event["bytes"] for event in published if event["type"] == "stream.event"] == [2, 99, 1]


def test_messages_have_the_sizes_that_they_had():
    trace, published = make_trace()
    trace.ws_message(1001.0, from_client=False, is_text=True, content=b"***", size=99)
    trace.end(1002.0)
    assert published[1]["bytes"] == 99 and published[-1]["response_bytes"] == 99


def test_how_the_connection_ended_is_kept_beside_what_is_told():
    trace, published = make_trace("anthropic-messages")
    stream(trace, b'data: {"type":"message_stop"}\n\n')
    trace.end(1002.0, outcome="aborted", ended="aborted")
    trace.end(1003.0)
    assert trace.over == (1002.0, "aborted") and published[-1]["outcome"] == "ok"


@pytest.mark.parametrize("is_stream", [True, False])
def test_the_body_is_kept_for_whoever_records_it(is_stream):
    trace, _ = make_trace()
    trace.kept = Kept(5)
    trace.answer(1000.1, status=200, content_type="text/event-stream", content_encoding=None, is_stream=is_stream)
    trace.feed([(1000.2, b"abc"), (1000.3, b"defg")])
    assert trace.kept.chunks == [(1000.2, b"abc"), (1000.3, b"de")] and trace.kept.left_out == 2
    assert (trace.response_bytes, trace.chunks) == (7, 2)


def test_a_decoder_that_breaks_costs_nothing_of_what_is_kept():
    trace, _ = make_trace()
    trace.kept = Kept(99)
    stream(trace, b"data: a\n\n")
    trace.watch_failed = "the decoder failed"
    trace.feed([(1000.4, b"more")])
    assert trace.kept.size == len(b"data: a\n\nmore")
