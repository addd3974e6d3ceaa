"""Events of the Responses API, put together by hand, against the truth."""

import json

import pytest

from amp_addons.sim import openai_responses
from amp_addons.sim.turn import Turn, compose, invent

TURNS = {
    "text": invent(model="m", seed=1, events=20),
    "thinking and tools": invent(model="m", seed=2, events=5, thinking=True, tools=["a", "b"]),
    "tools alone": compose(model="m", text="", tools=[("grep", {"größer": ["日本語", 1]})]),
    "nothing": Turn(model="m"),
}


def assemble(events):
    """Items from their deltas alone, which must agree with what each `done` event repeats."""
    items, deltas, response = [], {}, {}
    for name, payload in events:
        assert name == payload["type"]
        match name.removeprefix("response.").split("."):
            case ["created" | "completed"]:
                response = payload["response"]
            case ["output_item", "added"]:
                assert payload["output_index"] == len(items)
                items.append(payload["item"])
            case [_, "delta"]:
                key = payload["item_id"]
                deltas[key] = deltas.get(key, "") + payload["delta"]
            case [_, "done"]:
                whole = payload.get("text", payload.get("arguments", payload.get("part", {}).get("text")))
                assert whole is None or whole == deltas[payload["item_id"]]
                if "item" in payload:
                    items[payload["output_index"]] = payload["item"]
    return {**response, "output": items}, deltas


def told(response):
    items = response["output"]
    return {
        "id": response["id"],
        "model": response["model"],
        "usage": response["usage"],
        "stop_reason": response["status"],
        "text": "".join(part["text"] for item in items if item["type"] == "message" for part in item["content"]),
        "thinking": "".join(part["text"] for item in items if item["type"] == "reasoning" for part in item["summary"]),
        "tool_calls": [
            {"id": item["call_id"], "name": item["name"], "args": json.loads(item["arguments"])}
            for item in items
            if item["type"] == "function_call"
        ],
    }


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_stream_and_whole_tell_the_same_truth(turn, parse, counted):
    events = parse(b"".join(openai_responses.events(turn)))
    truth = openai_responses.truth(turn)
    whole = told(openai_responses.whole(turn))
    response, deltas = assemble(events)
    assert told(response) == whole == {name: getattr(truth, name) for name in whole}
    assert counted(events) == truth.event_counts
    assert "".join(deltas.values()) == truth.thinking + truth.text + "".join(call.json for call in turn.tools)


def test_usage_adds_up():
    turn = TURNS["thinking and tools"]
    usage = openai_responses.usage(turn)
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] == 25 + 1024 + 5 + 2 + 2 * 10
    assert usage["output_tokens_details"]["reasoning_tokens"] == 2


def test_events_are_numbered(parse):
    events = parse(b"".join(openai_responses.events(TURNS["thinking and tools"])))
    assert [payload["sequence_number"] for _, payload in events] == list(range(len(events)))


def test_error_in_mid_stream_is_followed_by_the_failed_response(parse):
    (first, error), (second, failed) = parse(b"".join(openai_responses.error_events(TURNS["text"])))
    assert (first, second) == ("error", "response.failed")
    assert error["error"]["code"] == failed["response"]["error"]["code"] == "server_error"
