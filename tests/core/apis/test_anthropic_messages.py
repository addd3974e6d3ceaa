"""What Anthropic's events mean, from the simulator's streams and from a table of single cases."""

import json

import msgspec
import pytest

from amp_addons.core.apis.anthropic_messages import AnthropicMessages
from amp_addons.core.reading import ReadError
from amp_addons.sim import anthropic as sim
from amp_addons.sim.turn import compose, invent

TURNS = [
    pytest.param(compose(model="claude", text="Hello, größer 🚀"), id="text"),
    pytest.param(compose(model="claude", text="Hello", thinking="Hm. " * 20), id="thinking"),
    pytest.param(compose(model="claude", text="", tools=[("grep", {"pattern": 'a"b\\', "n": [1, {}]}), ("ls", {})]), id="tools alone"),
    pytest.param(invent(model="claude", seed=3, events=40, thinking=True, tools=["a", "b"]), id="everything"),
]


def read(*payloads):
    reading = AnthropicMessages()
    taken = [reading.take(json.dumps(payload), "message") for payload in payloads]
    return reading, taken


def tokens(usage):
    return {
        "input": usage["input_tokens"],
        "output": usage["output_tokens"],
        "cache_read": usage["cache_read_input_tokens"],
        "cache_write": usage["cache_creation_input_tokens"],
    }


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("streamed", [True, False])
def test_answer_says_the_same_streamed_and_whole(turn, streamed):
    if streamed:
        reading, _ = read(*sim.payloads(turn))
    else:
        reading = AnthropicMessages()
        reading.whole(msgspec.json.encode(sim.whole(turn)))
    truth = sim.truth(turn)
    assert (reading.model, reading.id, reading.stop_reason) == (truth.model, truth.id, truth.stop_reason)
    assert (reading.text, reading.thinking, reading.tool_calls()) == (truth.text, truth.thinking, truth.tool_calls)
    assert reading.tokens == tokens(truth.usage)
    assert reading.usage()["input"] == reading.tokens["input"] + reading.tokens["cache_read"] + reading.tokens["cache_write"]
    assert reading.finished and not reading.errors and not reading.unreadable


def start(block):
    return {"type": "content_block_start", "index": 0, "content_block": block}


def delta(index=0, **fields):
    return {"type": "content_block_delta", "index": index, "delta": fields}


DELTAS = [
    pytest.param({"type": "ping"}, ("ping", None), id="ping"),
    pytest.param(delta(type="text_delta", text="x"), ("content_block_delta", "text"), id="text"),
    pytest.param(delta(type="thinking_delta", thinking="x"), ("content_block_delta", "thinking"), id="thinking"),
    pytest.param(delta(type="input_json_delta", partial_json="{"), ("content_block_delta", "tool"), id="tool"),
    pytest.param(delta(type="signature_delta", signature="x"), ("content_block_delta", None), id="signature"),
    pytest.param(delta(type="citations_delta", citation={"cited_text": "x"}), ("content_block_delta", None), id="citation"),
    pytest.param(delta(type="compaction_delta", content="x"), ("content_block_delta", None), id="unknown delta"),
    pytest.param(start({"type": "redacted_thinking", "data": "x"}), ("content_block_start", None), id="redacted thinking"),
    pytest.param(start({"type": "text", "text": ""}), ("content_block_start", None), id="text begins empty"),
    pytest.param(start({"type": "text", "text": "x"}), ("content_block_start", "text"), id="text begins with some"),
    pytest.param(start({"type": "tool_use", "id": "i", "name": "n", "input": {}}), ("content_block_start", "tool"), id="tool begins"),
    pytest.param(start({"type": "web_search_tool_result", "content": []}), ("content_block_start", None), id="result of a server's tool"),
    pytest.param({"type": "future", "x": 1}, ("future", None), id="unknown type"),
    pytest.param({"type": 7, "object": "chunk"}, ("chunk", None), id="type that is no string"),
    pytest.param({}, ("message", None), id="empty"),
]


@pytest.mark.parametrize(("payload", "expected"), DELTAS)
def test_event_has_a_type_and_brings_output_of_a_kind(payload, expected):
    _, taken = read(payload)
    assert taken == [expected]


def call(kind="tool_use", input=None):
    return start({"type": kind, "id": "i", "name": "n", "input": input or {}})


def piece(text, index=0):
    return delta(index, type="input_json_delta", partial_json=text)


ARGS = [
    pytest.param([call()], {}, id="none"),
    pytest.param([call(), piece("")], {}, id="empty piece"),
    pytest.param([call(), piece('{"a"'), piece(":1}")], {"a": 1}, id="pieces"),
    pytest.param([call(input={"b": [2]})], {"b": [2]}, id="in the block's start"),
    pytest.param([call(input={"b": 2}), piece('{"a":1}')], {"a": 1}, id="pieces replace the start"),
    pytest.param([call("server_tool_use"), piece('{"a":1}')], {"a": 1}, id="tool of the server"),
    pytest.param([call("mcp_tool_use"), piece('{"a":1}')], {"a": 1}, id="tool behind MCP"),
    pytest.param([call(), piece('{"a":["x","y'), piece(" z")], {"a": ["x"]}, id="broken off"),
    pytest.param([call(), piece("what?")], "what?", id="no JSON"),
    pytest.param([call(), piece("{}"), piece("{}", 1), piece("{}", -1), piece("{}", 10**9)], {}, id="pieces of blocks that are not there"),
]


@pytest.mark.parametrize(("payloads", "args"), ARGS)
def test_arguments_of_a_call(payloads, args):
    reading, _ = read(*payloads)
    assert reading.tool_calls() == [{"id": "i", "name": "n", "args": args}]


def test_later_numbers_replace_earlier_ones_and_others_stay():
    usage = {"input_tokens": 5, "output_tokens": 1, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 0}
    reading, _ = read(
        {"type": "message_start", "message": {"usage": usage}},
        {"type": "message_delta", "usage": {"output_tokens": 9, "input_tokens": None, "output_tokens_details": {"thinking_tokens": 4}}},
    )
    assert reading.tokens == {"input": 5, "output": 9, "cache_read": 7, "cache_write": 0, "reasoning": 4}
    assert reading.usage() == {"input": 12, "output": 9, "cache_read": 7, "cache_write": 0, "reasoning": 4}


def test_second_message_in_a_stream_goes_on_with_the_first():
    reading, _ = read(
        {"type": "message_start", "message": {"id": "first"}},
        call(),
        {"type": "message_start", "message": {"id": "second"}},
        start({"type": "text", "text": "x"}),
    )
    assert reading.id == "first" and len(reading.tool_calls()) == 1


WRONG = [
    pytest.param({"type": "message_start", "message": {"id": 1, "model": "m", "usage": "x", "content": 3}}, id="leaves and branches"),
    pytest.param({"type": "message_start", "message": {"id": None, "model": "m", "usage": {"input_tokens": "9"}}}, id="number as text"),
    pytest.param({"type": "message_start", "message": {"model": "m", "content": [1, None]}}, id="items of a list"),
    pytest.param({"type": "message_start", "message": {"model": "m"}, "delta": [], "content_block": 1, "usage": ""}, id="other fields"),
]


@pytest.mark.parametrize("payload", WRONG)
def test_field_of_a_wrong_type_does_not_lose_the_others(payload):
    reading, taken = read(payload)
    assert taken == [("message_start", None)]
    assert (reading.model, reading.id, reading.tokens) == ("m", None, {})


@pytest.mark.parametrize("data", ["", "{", "[]", "null", '{"type":', "x", "[" * 10_000, '{"a":' * 10_000])
def test_what_is_no_json_object_is_counted_as_unreadable(data):
    reading = AnthropicMessages()
    assert reading.take(data, "name") == ("name", None)
    assert reading.unreadable == 1 and not reading.errors


def test_half_a_surrogate_pair_is_text():
    reading = AnthropicMessages()
    for half in ("\\ud83d", "\\ude80"):
        data = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"HALF"}}'.replace("HALF", half)
        assert reading.take(data, "message") == ("content_block_delta", "text")
    assert reading.text == "🚀"


ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "r"}


def test_error_in_a_stream_and_as_a_body():
    streamed, taken = read(ERROR)
    whole = AnthropicMessages()
    whole.whole(json.dumps(ERROR).encode())
    assert taken == [("error", None)]
    assert streamed.errors == whole.errors == [ReadError("overloaded_error", "Overloaded")]
