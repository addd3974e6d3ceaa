"""The stream of Anthropic's Messages API, put together by hand, against the truth."""

import json

import pytest

from amp_addons.sim import anthropic
from amp_addons.sim.turn import Turn, compose, invent

TURNS = {
    "text": invent(model="m", seed=1, events=20),
    "thinking and tools": invent(model="m", seed=2, events=5, thinking=True, tools=["a", "b"]),
    "tools alone": compose(model="m", text="", tools=[("grep", {"größer": ["日本語", 1]})]),
    "nothing": Turn(model="m"),
}


def assemble(events):
    message, blocks, texts = {}, [], []
    for name, payload in events:
        assert name == payload["type"]
        match payload:
            case {"type": "message_start", "message": start}:
                message |= start
            case {"type": "content_block_start", "index": index, "content_block": block}:
                assert index == len(blocks)
                blocks.append(dict(block))
                texts.append("")
            case {"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": piece}}:
                texts[index] += piece
            case {"type": "content_block_delta", "index": index, "delta": delta}:
                kind = delta["type"].removesuffix("_delta")
                blocks[index][kind] += delta[kind]
            case {"type": "content_block_stop", "index": index} if texts[index]:
                blocks[index]["input"] = json.loads(texts[index])
            case {"type": "message_delta", "delta": delta, "usage": usage}:
                message |= delta | {"usage": usage}
    return {**message, "content": blocks}


def told(message):
    blocks = message["content"]
    return {
        "model": message["model"],
        "id": message["id"],
        "text": "".join(block["text"] for block in blocks if block["type"] == "text"),
        "thinking": "".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        "tool_calls": [
            {"id": block["id"], "name": block["name"], "args": block["input"]} for block in blocks if block["type"] == "tool_use"
        ],
        "stop_reason": message["stop_reason"],
        "usage": message["usage"],
    }


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_stream_and_whole_tell_the_same_truth(turn, parse, counted):
    events = parse(b"".join(anthropic.events(turn)))
    truth = anthropic.truth(turn)
    expected = {name: getattr(truth, name) for name in told(anthropic.whole(turn))}
    assert told(assemble(events)) == expected
    assert told(anthropic.whole(turn)) == expected
    assert assemble(events) == anthropic.whole(turn)
    assert counted(events) == truth.event_counts


def test_usage_leaves_the_cached_tokens_out_of_the_input():
    usage = anthropic.whole(TURNS["thinking and tools"])["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (25, 1024, 5 + 2 + 2 * 10)


def test_thinking_is_signed(parse):
    turn = TURNS["thinking and tools"]
    assert anthropic.whole(turn)["content"][0]["signature"]


def test_each_item_is_one_whole_event():
    for event in anthropic.events(TURNS["text"]):
        assert event.startswith(b"event: ")
        assert event.endswith(b"}\n\n")
        assert event.count(b"\n\n") == 1


def test_padding_differs_from_what_an_encoder_writes():
    assert any(b" }\n" in event for event in anthropic.events(TURNS["text"]))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, "authentication_error"), (402, "billing_error"), (429, "rate_limit_error"), (529, "overloaded_error"), (500, "api_error")],
)
def test_errors_have_their_type(status, kind):
    assert anthropic.error(status, "No")["error"] == {"type": kind, "message": "No"}


def test_error_event(parse):
    [(name, payload)] = parse(b"".join(anthropic.error_events(TURNS["text"])))
    assert name == payload["type"] == "error"
    assert payload["error"]["type"] == "overloaded_error"
