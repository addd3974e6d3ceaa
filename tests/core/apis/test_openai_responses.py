"""What the events of the Responses API mean, from the simulator's streams and from a table of single cases."""

import json

import msgspec
import pytest

from amp_addons.core.apis.openai_responses import OpenAIResponses
from amp_addons.core.reading import ReadError
from amp_addons.sim import openai_responses as sim
from amp_addons.sim.turn import compose, invent

TURNS = [
    pytest.param(compose(model="gpt", text="Hello, größer 🚀"), id="text"),
    pytest.param(compose(model="gpt", text="Hello", thinking="Hm. " * 20), id="thinking"),
    pytest.param(compose(model="gpt", text="", tools=[("grep", {"pattern": 'a"b\\', "n": [1, {}]}), ("ls", {})]), id="tools alone"),
    pytest.param(invent(model="gpt", seed=3, events=40, thinking=True, tools=["a", "b"]), id="everything"),
]


def read(*payloads):
    reading = OpenAIResponses()
    taken = [reading.take(json.dumps(payload), "message") for payload in payloads]
    return reading, taken


def without_deltas(turn):
    return [payload for payload in sim.payloads(turn) if not payload["type"].endswith(".delta")]


def only_finished_items(turn):
    return [payload for payload in sim.payloads(turn) if payload["type"] in ("response.output_item.done", "response.completed")]


def only_the_end(turn):
    return [payload for payload in sim.payloads(turn) if payload["type"] == "response.completed"]


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("payloads", [sim.payloads, without_deltas, only_finished_items, only_the_end, None])
def test_answer_says_the_same_streamed_in_any_detail_and_whole(turn, payloads):
    if payloads:
        reading, _ = read(*payloads(turn))
    else:
        reading = OpenAIResponses()
        reading.whole(msgspec.json.encode(sim.whole(turn)))
    truth = sim.truth(turn)
    assert (reading.model, reading.id, reading.stop_reason) == (truth.model, truth.id, truth.stop_reason)
    assert (reading.text, reading.thinking, reading.tool_calls()) == (truth.text, truth.thinking, truth.tool_calls)
    usage = truth.usage
    assert (
        reading.tokens
        == reading.usage()
        == {
            "input": usage["input_tokens"],
            "output": usage["output_tokens"],
            "cache_read": usage["input_tokens_details"]["cached_tokens"],
            "reasoning": usage["output_tokens_details"]["reasoning_tokens"],
        }
    )
    assert reading.finished and not reading.errors and not reading.unreadable


AT = {"output_index": 0, "content_index": 0}
EVENTS = [
    pytest.param({"type": "response.output_text.delta", **AT, "delta": "x"}, "text", "x", "", "", id="text"),
    pytest.param({"type": "response.output_text.delta", "delta": "x", "output_index": None}, "text", "x", "", "", id="text of no item"),
    pytest.param({"type": "response.output_text.done", **AT, "text": "x"}, "text", "x", "", "", id="text at once"),
    pytest.param({"type": "response.refusal.delta", **AT, "delta": "no"}, "text", "", "", "no", id="refusal"),
    pytest.param({"type": "response.refusal.done", **AT, "refusal": "no"}, "text", "", "", "no", id="refusal at once"),
    pytest.param({"type": "response.reasoning_text.delta", **AT, "delta": "hm"}, "thinking", "", "hm", "", id="reasoning"),
    pytest.param({"type": "response.reasoning_summary_text.delta", "delta": "hm"}, "thinking", "", "hm", "", id="summary"),
    pytest.param({"type": "response.mcp_call_arguments.delta", **AT, "delta": "{"}, "tool", "", "", "", id="arguments of a server's tool"),
    pytest.param({"type": "response.code_interpreter_call_code.delta", **AT, "delta": "1"}, "tool", "", "", "", id="code"),
    pytest.param({"type": "response.web_search_call.searching", "output_index": 0}, None, "", "", "", id="built-in tool"),
    pytest.param({"type": "response.audio.delta", "delta": "QUJD"}, None, "", "", "", id="delta that is no text"),
    pytest.param({"type": "response.output_text.delta", **AT, "delta": {}}, None, "", "", "", id="delta of a wrong type"),
    pytest.param({"type": "response.future", "response": 3, "item": []}, None, "", "", "", id="unknown, with fields of other types"),
]


@pytest.mark.parametrize(("payload", "delta", "text", "thinking", "refusal"), EVENTS)
def test_event_brings_output_of_a_kind(payload, delta, text, thinking, refusal):
    reading, taken = read(payload)
    assert taken == [(payload["type"], delta)]
    assert (reading.text, reading.thinking, reading.refusal, reading.tool_calls()) == (text, thinking, refusal, [])
    assert not reading.errors and not reading.unreadable and not reading.finished


def test_event_without_a_type_has_the_type_of_its_name():
    reading = OpenAIResponses()
    assert reading.take('{"delta":"x"}', "response.output_text.delta") == ("response.output_text.delta", "text")
    assert reading.text == "x"


def item(kind, **fields):
    call = {"type": "function_call", "call_id": "c", "name": "n", **fields}
    return {"type": f"response.output_item.{kind}", "output_index": 1, "item": call}


def arguments(kind, **fields):
    return {"type": f"response.function_call_arguments.{kind}", "output_index": 1, **fields}


CALLS = [
    pytest.param([item("added")], {}, id="none"),
    pytest.param([item("added"), arguments("delta", delta='{"a"'), arguments("delta", delta=":1}")], {"a": 1}, id="deltas"),
    pytest.param([item("added"), arguments("done", arguments='{"a":1}')], {"a": 1}, id="done without deltas"),
    pytest.param([item("added"), arguments("delta", delta='{"a":1}'), arguments("done", arguments='{"a":1}')], {"a": 1}, id="both"),
    pytest.param([item("added"), arguments("delta", delta='{"a":'), arguments("done", arguments='{"a":1}')], {"a": 1}, id="a delta lost"),
    pytest.param([item("done", arguments='{"a":1}')], {"a": 1}, id="finished item alone"),
    pytest.param([item("added"), arguments("delta", delta='{"a":1,"b":[2')], {"a": 1, "b": [2]}, id="broken off"),
    pytest.param([item("added"), arguments("delta", delta="what?")], "what?", id="no JSON"),
    pytest.param([item("done", type="custom_tool_call", input="{1}")], "{1}", id="custom tool: text"),
    pytest.param([item("added", call_id=None, id="c"), arguments("delta", delta="{}")], {}, id="item's id where there is no call's"),
]


@pytest.mark.parametrize(("payloads", "args"), CALLS)
def test_arguments_of_a_call(payloads, args):
    reading, _ = read(*payloads)
    assert reading.tool_calls() == [{"id": "c", "name": "n", "args": args}]


CUT = {"reason": "max_output_tokens"}
ENDS = [
    pytest.param("completed", {"status": "completed"}, "completed", [], id="completed"),
    pytest.param("incomplete", {"status": "incomplete", "incomplete_details": CUT}, "max_output_tokens", [], id="cut"),
    pytest.param("incomplete", {"status": "incomplete", "incomplete_details": None}, "incomplete", [], id="cut for no reason"),
    pytest.param("failed", {"status": "failed", "error": {"code": "c", "message": "m"}}, "failed", [ReadError("c", "m")], id="failed"),
]


@pytest.mark.parametrize(("kind", "response", "stop_reason", "errors"), ENDS)
def test_end_of_a_response(kind, response, stop_reason, errors):
    reading, taken = read({"type": f"response.{kind}", "response": response})
    assert taken == [(f"response.{kind}", None)]
    assert (reading.finished, reading.stop_reason, reading.errors) == (True, stop_reason, errors)


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "error", "error": {"type": "server_error", "code": None, "message": "m", "param": None}},
        {"type": "error", "code": "server_error", "message": "m", "param": None},
        {"error": {"code": "server_error", "message": "m"}},
    ],
)
def test_error_event_of_either_shape(payload):
    reading, _ = read(payload)
    assert reading.errors == [ReadError("server_error", "m")]


def test_error_said_in_an_event_and_in_the_failed_response_is_one():
    reading, _ = read(*map(msgspec.json.decode, (line.split(b"data: ")[1] for line in sim.error_events(TURNS[0].values[0]))))
    assert len(reading.errors) == 1 and reading.stop_reason == "failed" and reading.finished


def test_body_of_an_error():
    reading = OpenAIResponses()
    reading.whole(b'{"error":{"message":"m","type":"invalid_request_error","param":null,"code":null}}')
    assert reading.errors == [ReadError("invalid_request_error", "m")]


@pytest.mark.parametrize("data", ["", "{", "[]", "null", "x", "[" * 10_000])
def test_what_is_no_json_object_is_counted_as_unreadable(data):
    reading = OpenAIResponses()
    assert reading.take(data, "name") == ("name", None)
    assert reading.unreadable == 1 and not reading.errors
