"""Texts of answers changed on their way: in every API, for any cut of the text into deltas and of the stream into chunks."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.filters import NEW, WORD, Held, Same, Swap, Upper, cut, places, swapped, texts, through

from amp_addons import StreamReader
from amp_addons.core.answers import blocks, objects
from amp_addons.core.answers.channels import TextChannels
from amp_addons.core.payload import loads
from amp_addons.core.reading import Summary
from amp_addons.core.sse import SSEDecoder
from amp_addons.sim import anthropic, google, google_array, openai_chat, openai_responses, openrouter
from amp_addons.sim.turn import ToolCall, Turn, invent

GOOGLE = "google-generatecontent"
MODULES = [anthropic, openai_chat, openrouter, openai_responses, google, google_array]
NAMES = [module.__name__.rpartition(".")[2] for module in MODULES]
every_api = pytest.mark.parametrize("module", MODULES, ids=NAMES)


def api_of(module: Any) -> str:
    return str(getattr(module, "API", GOOGLE))


def changed(module: Any, stream: bytes, begin: Any = Swap, at: tuple[int, ...] | list[int] = (), unseen: int = 0) -> bytes:
    channels = TextChannels(api_of(module), lambda kind: begin())
    out = through(channels, cut(stream, at))
    assert channels.unseen == unseen
    return out


def read(module: Any, stream: bytes) -> Summary:
    reader = StreamReader(api_of(module))
    reader.feed(stream)
    reader.close()
    return reader.summary()


def invented(**wishes: Any) -> Turn:
    return invent(model="m", seed=3, events=10, thinking=True, tools=["grep", "edit"], **wishes)


def stream_of(module: Any, turn: Turn) -> bytes:
    return b"".join(module.events(turn))


# Identity


@every_api
@given(at=places, seed=st.integers(0, 9))
def test_a_filter_that_changes_nothing_changes_no_byte(module: Any, at: list[int], seed: int) -> None:
    turn = invent(model="m", seed=seed, events=6, thinking=True, tools=["grep"])
    calls = [ToolCall("i", "grep", {"größe": "日本語 🚀", "n": [1, None, True, {"x": "y"}]})]  # without escapes, which may be cut
    stream = stream_of(module, Turn(model="m", text=turn.text, thinking=turn.thinking, tools=calls))
    assert changed(module, stream, Same, at) == stream


@every_api
def test_each_event_goes_on_as_soon_as_it_is_complete(module: Any) -> None:
    channels = TextChannels(api_of(module), lambda kind: Same())
    for event in module.events(invent(model="m", seed=3, events=10, thinking=True)):
        assert b"".join(channels.feed(event)) == event
    assert channels.close() == []


@every_api
def test_the_whole_answer_stays(module: Any) -> None:
    body = json.dumps(module.whole(invented()), indent=1).encode()
    assert changed(module, body, Same) == body


@every_api
def test_kinds_that_are_not_asked_for_stay(module: Any) -> None:
    stream = stream_of(module, invented())
    channels = TextChannels(api_of(module), lambda kind: None)
    assert through(channels, [stream]) == stream
    channels = TextChannels(api_of(module), lambda kind: Upper() if kind == "text" else None)
    summary, before = read(module, through(channels, [stream])), read(module, stream)
    assert (summary.text, summary.thinking, summary.tool_calls) == (before.text.upper(), before.thinking, before.tool_calls)


@given(st.sampled_from([api_of(module) for module in MODULES] + ["amp-connect", ""]), st.binary() | texts.map(str.encode), places)
def test_bytes_of_any_kind_come_out_as_they_are(api: str, body: bytes, at: list[int]) -> None:
    assert through(TextChannels(api, lambda kind: Same()), cut(body, at)) == body


# Changes


@every_api
def test_texts_change_and_nothing_else(module: Any) -> None:
    stream = stream_of(module, invented())
    after, before = read(module, changed(module, stream, Upper)), read(module, stream)
    assert (after.text, after.thinking) == (before.text.upper(), before.thinking.upper())
    assert after.tool_calls == [{**call, "args": {**call["args"], "query": call["args"]["query"].upper()}} for call in before.tool_calls]
    assert (after.id, after.model, after.usage, after.stop_reason) == (before.id, before.model, before.usage, before.stop_reason)
    assert after.event_counts == before.event_counts
    assert after.ended == "complete"


@every_api
@given(text=texts, thinking=texts, arguments=st.lists(texts, max_size=3), deltas=places, at=places)
def test_what_a_client_puts_together_is_what_the_filter_makes_of_the_whole(
    module: Any, text: str, thinking: str, arguments: list[str], deltas: list[int], at: list[int]
) -> None:
    calls = [ToolCall(f"i{number}", "grep", {WORD: each, "more": [each, {"x": each}]}) for number, each in enumerate(arguments)]
    stream = stream_of(module, Turn(model="m", text=cut(text, deltas), thinking=cut(thinking, deltas), tools=calls))
    out = changed(module, stream, Swap, at)
    summary, before = read(module, out), read(module, stream)
    assert (summary.text, summary.thinking) == (swapped(text), swapped(thinking))
    assert [call["args"] for call in summary.tool_calls] == [swapped(call.args) for call in calls]
    assert (summary.ended, summary.errors, summary.usage) == (before.ended, before.errors, before.usage)


@every_api
@given(text=texts, thinking=texts, deltas=places)
def test_pieces_and_whole_agree(module: Any, text: str, thinking: str, deltas: list[int]) -> None:
    turn = Turn(model="m", text=cut(text, deltas), thinking=cut(thinking, deltas), tools=[ToolCall("i", "grep", {"x": text})])
    streamed = read(module, changed(module, stream_of(module, turn)))
    whole = read(module, changed(module, json.dumps(module.whole(turn)).encode()))
    assert (whole.text, whole.thinking, whole.tool_calls) == (streamed.text, streamed.thinking, streamed.tool_calls)


@every_api
@given(deltas=places, at=places)
def test_the_cut_of_the_bytes_does_not_matter(module: Any, deltas: list[int], at: list[int]) -> None:
    stream = stream_of(module, Turn(model="m", text=cut("to the proxy, the prox", deltas), tools=[ToolCall("i", "x", {"a": "the"})]))
    assert changed(module, stream, Held, at) == changed(module, stream, Held)


@every_api
def test_what_is_held_comes_as_one_event_for_a_channel_at_most(module: Any) -> None:
    stream = stream_of(module, invented())
    before, after = read(module, stream), read(module, changed(module, stream, Held))
    more = sum(after.event_counts.values()) - sum(before.event_counts.values())
    assert more == (1 if module is openrouter else 2)  # whose last chunk has a text to take the rest


@every_api
def test_a_stream_cut_off_gets_what_is_held(module: Any) -> None:
    events = list(module.events(invent(model="m", seed=3, events=10)))[:-4]
    end = b"]" if module is google_array else b""  # the reader takes an item when it sees what follows
    before, after = read(module, b"".join(events) + end), read(module, changed(module, b"".join(events), Held) + end)
    assert before.text
    assert after.text == before.text.upper()
    assert after.ended == "truncated"


@every_api
def test_a_stream_cut_off_within_an_event_gets_it_before_that(module: Any) -> None:
    events = list(module.events(invent(model="m", seed=3, events=10)))[:-4]
    start, broken = b"".join(events[:-1]), events[-1][:-20]
    out = changed(module, start + broken, Held, unseen=1)
    assert out.endswith(broken)
    end = b"]" if module is google_array else b""
    assert read(module, out[: -len(broken)] + end).text == read(module, start + end).text.upper()


SSE = MODULES[:-1]


@pytest.mark.parametrize("module", SSE, ids=NAMES[:-1])
@pytest.mark.parametrize("end", [b"\r", b"\r\n", b"\n"])
def test_line_ends_of_all_kinds(module: Any, end: bytes) -> None:
    turn = Turn(model="m", text=cut("to the proxy, the prox", [5, 8, 12]), thinking=["th", "e", " proxy"])
    stream = stream_of(module, turn).replace(b"\r\n", b"\n").replace(b"\n", end)
    for at in [0, *(at for at, byte in enumerate(stream) if byte in end)]:
        out = changed(module, stream, Swap, [at])
        assert read(module, out).text == swapped("to the proxy, the prox")
    if end == b"\r\n":
        assert out.count(b"\n") == out.count(b"\r\n")


@pytest.mark.parametrize("module", SSE, ids=NAMES[:-1])
def test_the_last_event_may_lack_its_end(module: Any) -> None:
    events = list(module.events(invent(model="m", seed=3, events=10)))
    index = max(
        at for at, event in enumerate(events) if read(module, b"".join(events[: at + 1])).text != read(module, b"".join(events[:at])).text
    )
    stream = b"".join(events[: index + 1]).rstrip(b"\r\n")
    out = changed(module, stream, Held)
    assert out[-1:] == b"}"
    assert read(module, out + b"\n\n").text == read(module, stream + b"\n\n").text.upper()


# Channels


def sse(*payloads: Any) -> bytes:
    return b"".join(b"data: %b\n\n" % (each if isinstance(each, bytes) else json.dumps(each).encode()) for each in payloads)


def datas(stream: bytes) -> list[Any]:
    return [loads(event.data) for event in SSEDecoder().feed(stream)]


def block(index: int, field: str, text: str) -> dict[str, Any]:
    names = {"text": "text_delta", "thinking": "thinking_delta", "partial_json": "input_json_delta"}
    return {"type": "content_block_delta", "index": index, "delta": {"type": names[field], field: text}}


def chat(index: int = 0, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}


def call(number: int, text: str) -> list[dict[str, Any]]:
    return [{"index": number, "function": {"arguments": text}}]


def test_blocks_that_alternate_keep_apart() -> None:
    stream = sse(block(0, "text", "the p"), block(1, "text", "the "), block(0, "text", "roxy"), block(1, "text", "end"))
    out = datas(changed(anthropic, stream))
    assert [(event["index"], event["delta"]["text"]) for event in out] == [(0, ""), (1, ""), (0, NEW), (1, "the end")]


def test_calls_that_alternate_keep_apart() -> None:
    pieces = [(0, '{"a":"the p'), (1, '{"b":"the '), (0, 'roxy"'), (1, 'end"}'), (0, "}")]
    out = datas(changed(openai_chat, sse(*(chat(tool_calls=call(*piece)) for piece in pieces), chat(finish="tool_calls"))))
    calls = [event["choices"][0]["delta"].get("tool_calls", [{}])[0] for event in out]
    assert ["".join(call["function"]["arguments"] for call in calls if call.get("index") == number) for number in (0, 1)] == [
        json.dumps({"a": NEW}, ensure_ascii=False, separators=(",", ":")),
        '{"b":"the end"}',
    ]


def test_choices_keep_apart() -> None:
    stream = sse(chat(0, content="the p"), chat(1, content="the "), chat(0, content="roxy"), chat(1, finish="stop"), chat(0, finish="stop"))
    out = [event["choices"][0] for event in datas(changed(openai_chat, stream))]
    assert [(choice["index"], choice["delta"].get("content")) for choice in out] == [
        (0, ""),
        (1, ""),
        (0, NEW),
        (1, "the "),
        (1, None),
        (0, None),
    ]


def test_the_text_of_the_event_that_ends_a_channel_takes_what_is_held() -> None:
    stream = sse(chat(content="to the"), chat(content=" prox", finish="stop"), b"[DONE]")
    assert [event and event["choices"][0]["delta"]["content"] for event in datas(changed(openai_chat, stream))] == ["to ", "the prox", None]


def test_thoughts_end_when_the_choice_begins_to_speak() -> None:
    stream = sse(chat(reasoning_content="so the"), chat(content="a"), chat(content="b"))
    out = [event["choices"][0]["delta"] for event in datas(changed(openai_chat, stream))]
    assert out == [{"reasoning_content": "so "}, {"reasoning_content": "the"}, {"content": "a"}, {"content": "b"}]


def test_what_comes_after_the_end_of_a_channel_begins_another() -> None:
    stop = {"type": "content_block_stop", "index": 0}
    out = datas(changed(anthropic, sse(block(0, "text", "the "), stop, block(0, "text", "proxy"), stop)))
    assert [event["delta"]["text"] for event in out if "delta" in event] == ["", "the ", "proxy"]


def test_the_end_of_a_tools_arguments_that_break_off() -> None:
    stop = {"type": "content_block_stop", "index": 1}
    out = datas(changed(anthropic, sse(block(1, "partial_json", '{"a":"the'), stop)))
    assert out == [block(1, "partial_json", '{"a":"'), block(1, "partial_json", "the"), stop]


def test_the_two_halves_of_a_character_come_together() -> None:
    stream = sse(block(0, "text", "a\ud83d"), block(0, "text", "\ude00b"), block(0, "text", "\ude00\ud83d"))
    seen: list[str] = []

    class Seen(Same):
        def feed(self, text: str) -> str:
            seen.append(text)
            return text

    out = datas(changed(anthropic, stream, Seen))
    assert seen == ["a", "\U0001f600b", "\ude00", "\ud83d"]
    assert [event["delta"]["text"] for event in out] == ["a", "\U0001f600b", "\ude00", "\ud83d"]


def test_only_the_string_changes() -> None:
    data = b'{ "type" : "content_block_delta", "index":0,\t"delta":{"type":"text_delta","text":"\\u0061 \\/"} , "x":1.50}'
    stream = b"id: 7\nevent: x\n" + sse(data)
    assert changed(anthropic, stream, Upper) == stream.replace(b'"\\u0061 \\/"', b'"A /"')


def test_keep_alives_go_on_at_once() -> None:
    channels = TextChannels(openai_chat.API, lambda kind: Swap())
    channels.feed(sse(chat(content="the")))
    assert channels.feed(b": wait\n") == [b": wait\n"]
    assert channels.feed(b"\n: wait\n\n") == [b"\n: wait\n\n"]


# Responses


def numbers(stream: bytes) -> list[int]:
    return [event["sequence_number"] for event in datas(stream)]


@given(text=texts, thinking=texts, deltas=places)
def test_sequence_numbers_count_by_one(text: str, thinking: str, deltas: list[int]) -> None:
    turn = Turn(model="m", text=cut(text, deltas), thinking=cut(thinking, deltas), tools=[ToolCall("i", "x", {"a": text})])
    stream = stream_of(openai_responses, turn)
    assert numbers(changed(openai_responses, stream)) == list(range(len(numbers(changed(openai_responses, stream)))))


def test_a_number_after_an_extra_event_is_all_that_changes() -> None:
    stream = stream_of(openai_responses, Turn(model="m", text=["the"], tools=[ToolCall("i", "x", {"a": 1})]))
    out = changed(openai_responses, stream)
    first, second = datas(out)[4:6]
    assert (first["delta"], second) == ("", {**first, "delta": "the", "sequence_number": 5})
    tail, before = (text[text.index(b"event: response.output_text.done") :] for text in (out, stream))
    raised = re.sub(rb'(?<="sequence_number":)\d+', lambda number: b"%d" % (int(number[0]) + 1), before)
    assert tail == raised


def test_texts_of_all_ends_agree_with_the_deltas() -> None:
    pieces = ["to the ", "pro", "xy"]
    out = datas(
        changed(openai_responses, stream_of(openai_responses, Turn(model="m", text=pieces, tools=[ToolCall("i", "x", {"a": WORD})])))
    )
    told = {event["type"]: event for event in out}
    assert told["response.output_text.done"]["text"] == "to " + NEW
    assert told["response.content_part.done"]["part"]["text"] == "to " + NEW
    message, function = told["response.completed"]["response"]["output"]
    assert (message["content"][0]["text"], json.loads(function["arguments"])) == ("to " + NEW, {"a": NEW})
    assert json.loads(told["response.function_call_arguments.done"]["arguments"]) == {"a": NEW}


# Google


def part(finish: str | None = None, **part: Any) -> dict[str, Any]:
    end = {"finishReason": finish} if finish else {}
    return {"candidates": [{"content": {"parts": [part]}, "index": 0, **end}]}


def test_a_part_of_another_kind_ends_the_one_before() -> None:
    payloads = [
        part(text="so the", thought=True),
        part(text="to the"),
        part(functionCall={"name": "x", "args": {"a": WORD}}),
        part("STOP", text="the"),
    ]
    found = [event["candidates"][0]["content"]["parts"][0] for event in datas(changed(google, sse(*payloads)))]
    assert found == [
        {"text": "so ", "thought": True},
        {"text": "the", "thought": True},
        {"text": "to "},
        {"text": "the"},
        {"functionCall": {"name": "x", "args": {"a": NEW}}},
        {"text": "the"},
    ]


def test_parts_of_one_event() -> None:
    parts = [{"text": "the"}, {"functionCall": {"name": "x"}}, {"text": " proxy"}]
    out = datas(changed(google, sse(part(text="to "), {"candidates": [{"content": {"parts": parts}}]})))
    assert out[1]["candidates"][0]["content"]["parts"] == parts


def test_arguments_value_by_value() -> None:
    def piece(text: str, more: bool) -> dict[str, Any]:
        value = {"jsonPath": "$.x", "stringValue": text, **({"willContinue": True} if more else {})}
        return part(functionCall={"partialArgs": [value], "willContinue": True})

    stream = sse(
        part(functionCall={"name": "x", "willContinue": True}), piece("the p", True), piece("roxy the", False), part(functionCall={})
    )
    values = [event["candidates"][0]["content"]["parts"][0]["functionCall"].get("partialArgs") for event in datas(changed(google, stream))]
    assert [value and value[0]["stringValue"] for value in values] == [None, "", NEW + " the", None]


def test_arguments_value_by_value_that_break_off() -> None:
    value = {"jsonPath": "$.x", "stringValue": "the", "willContinue": True}
    stream = sse(part(functionCall={"name": "x", "partialArgs": [value], "willContinue": True}))
    assert read(google, changed(google, stream)).tool_calls == [{"id": "", "name": "x", "args": {"x": "the"}}]


def test_an_answer_within_another_object() -> None:
    out = datas(changed(google, sse({"response": part(text="the"), "traceId": "t"})))
    assert [event["response"]["candidates"][0]["content"]["parts"][0]["text"] for event in out] == ["", "the"]


@pytest.mark.parametrize("end", [b"]", b"\n]\n", b"", b",", b',{"candidates":[{"fini'])
def test_an_array_without_a_reason_to_finish(end: bytes) -> None:
    """What is held becomes the last item, wherever the array ends."""
    out = changed(google_array, b"[%b" % json.dumps(part(text="the")).encode() + end, unseen=int(end.endswith(b"i")))
    assert read(google_array, out + b"]").text == "the"
    if end.strip().endswith(b"]"):
        assert len(json.loads(out)) == 2


# What cannot be looked into

UNSEEN: list[tuple[str, Any, bytes]] = [
    ("broken JSON", anthropic, b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"the proxy"}\n\n'),
    ("no UTF-8", anthropic, b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"the proxy\xff"}}\n\n'),
    ("an event of another type", anthropic, sse({"type": "x", "text": WORD})),
    ("a block of another type", anthropic, sse({"type": "content_block_start", "index": 0, "content_block": {"type": "x"}})),
    ("a delta of another type", anthropic, sse({"type": "content_block_delta", "index": 0, "delta": {"type": "x"}})),
    ("a key twice", anthropic, sse(json.dumps(block(0, "text", WORD))[:-2].encode() + b',"text":"the proxy"}}')),
    ("a key in disguise", anthropic, sse(json.dumps(block(0, "text", WORD))[:-2].encode() + b',"te\\u0078t":"the proxy"}}')),
    ("data in several lines", anthropic, b'data: {"type":\ndata: "content_block_stop"}\n\n'),
    ("a field without a name", openai_chat, b"error: the proxy\n\n"),
    ("no events at all", openai_chat, b"<html>the proxy</html>"),
    ("a chunk of another shape", openai_chat, sse({"text": WORD})),
    ("a field of a delta", openai_chat, sse(chat(words=WORD))),
    ("arguments that are no JSON", openai_chat, sse(chat(tool_calls=call(0, "the proxy")))),
    ("an array", openai_chat, b'[{"choices":[{"message":{"content":"the proxy"}}]}]'),
    ("a body cut off", openai_chat, b'{"choices":[{"message":{"content":"the proxy'),
    ("a body of another shape", openai_chat, b'{"text":"the proxy"}'),
    ("an event of Responses", openai_responses, sse({"type": "response.poem.delta", "delta": WORD})),
    ("an item of Responses", openai_responses, sse({"type": "response.output_item.done", "item": {"type": "poem", "text": WORD}})),
    ("a part of Google's", google, sse(part(poem={"text": WORD}))),
    ("arguments nested too deep", google, sse(part(functionCall={"args": json.loads('{"a":' * 300 + '"the proxy"' + "}" * 300)}))),
]  # fmt: skip


@pytest.mark.parametrize(("module", "stream"), [case[1:] for case in UNSEEN], ids=[case[0] for case in UNSEEN])
def test_what_cannot_be_looked_into_is_counted_and_stays(module: Any, stream: bytes) -> None:
    assert changed(module, stream, Upper, unseen=1) == stream


def test_a_key_twice_in_a_known_channel() -> None:
    twice = json.dumps(block(0, "text", WORD))[:-2].encode() + b',"text":"the proxy"}}'
    assert sse(twice) in changed(anthropic, sse(block(0, "text", "a"), twice), Upper, unseen=1)


def test_arguments_that_turn_out_to_be_no_json() -> None:
    stream = sse(*(block(0, "partial_json", text) for text in ('{"a":"the ', 'b"', "the proxy", " the proxy")))
    out = datas(changed(anthropic, stream, Upper, unseen=2))
    assert [event["delta"]["partial_json"] for event in out] == ['{"a":"THE ', 'B"', "the proxy", " the proxy"]


def test_an_api_that_is_not_known() -> None:
    channels = TextChannels(None, lambda kind: Upper())
    assert channels.feed(b"abc") == [b"abc"]
    assert channels.close() == []
    assert channels.unseen == 1


def test_more_channels_than_the_limit_stay() -> None:
    channels = TextChannels(anthropic.API, lambda kind: Upper(), max_channels=2)
    out = datas(through(channels, [sse(*(block(index, "text", "a") for index in range(3)))]))
    assert [event["delta"]["text"] for event in out] == ["A", "A", "a"]
    assert channels.unseen == 1


@pytest.mark.parametrize("size", [65_537, 4 * blocks.MAX_EVENT])
def test_an_event_too_large_goes_on_unchanged_and_the_next_is_looked_at(size: int) -> None:
    large = sse(block(0, "text", "a" * (blocks.MAX_EVENT + size % 100_000)))
    body = large + sse(block(0, "text", "a"))
    out = changed(anthropic, body, Upper, range(0, len(body), size), unseen=1)
    assert out == large + sse(block(0, "text", "A"))


def test_a_body_too_large_goes_on_unchanged() -> None:
    body = b'{"content":[{"type":"text","text":"%b"}]}' % (b"a" * objects.MAX_OBJECT)
    assert changed(anthropic, body, Upper, unseen=1) == body


def test_an_error_beside_a_text_ends_channels() -> None:
    stream = sse(chat(content="a"), chat(content="the") | {"error": {"message": "x"}}, chat(content=" proxy"))
    assert [event["choices"][0]["delta"]["content"] for event in datas(changed(openai_chat, stream))] == ["a", "the", " proxy"]


def test_errors_end_channels_and_are_no_text() -> None:
    stream = sse(block(0, "text", "the")) + b"".join(anthropic.error_events(invented()))
    assert [event["type"] for event in datas(changed(anthropic, stream))] == ["content_block_delta", "content_block_delta", "error"]


@every_api
def test_the_cost_is_linear(module: Any) -> None:
    stream = stream_of(module, Turn(model="m", text=["to the pro " * 50_000] * 3))
    start = time.process_time()
    changed(module, stream, Swap, range(0, len(stream), 64))
    assert time.process_time() - start < 5


KEYS = (
    "type index delta text content_block partial_json message content choices finish_reason tool_calls function arguments "
    "reasoning_details "
    "response output item part output_index sequence_number candidates parts functionCall partialArgs jsonPath args finishReason error"
).split()
JSON = st.recursive(
    st.sampled_from(["text", "content_block_delta", "text_delta", "response.output_text.delta", 0, 1, None, True, 1.5]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=15,
)


@given(st.sampled_from(MODULES), st.lists(JSON, max_size=4))
def test_no_shape_of_an_event_does_harm(module: Any, payloads: list[Any]) -> None:
    stream = sse(*payloads)
    assert through(TextChannels(api_of(module), lambda kind: Same()), [stream]) == stream
    through(TextChannels(api_of(module), lambda kind: Held()), [stream])
