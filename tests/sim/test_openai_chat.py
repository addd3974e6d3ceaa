"""Chunks of chat completions, OpenAI's and OpenRouter's, put together by hand, against the truth."""

import json

import pytest

from amp_addons.sim import openai_chat, openrouter
from amp_addons.sim.turn import Turn, compose, invent

TURNS = {
    "text": invent(model="m", seed=1, events=40),
    "thinking and tools": invent(model="m", seed=2, events=5, thinking=True, tools=["a", "b"]),
    "tools alone": compose(model="m", text="", tools=[("grep", {"größer": ["日本語", 1]})]),
    "nothing": Turn(model="m"),
}

APIS = {"openai": (openai_chat, "reasoning_content"), "openrouter": (openrouter, "reasoning")}


def assemble(chunks, reasoning):
    text, thinking, calls, last = "", "", {}, {}
    for name, chunk in chunks:
        assert name == "message"
        last |= {key: chunk[key] for key in ("id", "model", "usage") if key in chunk}
        for choice in chunk["choices"]:
            delta = choice["delta"]
            text += delta.get("content") or ""
            thinking += delta.get(reasoning) or ""
            last["stop_reason"] = choice["finish_reason"] or last.get("stop_reason")
            for part in delta.get("tool_calls", ()):
                call = calls.setdefault(part["index"], {"id": part.get("id"), "name": part["function"].get("name"), "args": ""})
                call["args"] += part["function"]["arguments"]
    tool_calls = [call | {"args": json.loads(call["args"])} for call in calls.values()]
    return last | {"text": text, "thinking": thinking, "tool_calls": tool_calls}


def told(completion, reasoning):
    [choice] = completion["choices"]
    message = choice["message"]
    calls = [call | call["function"] for call in message.get("tool_calls", ())]
    return {
        "id": completion["id"],
        "model": completion["model"],
        "usage": completion["usage"],
        "stop_reason": choice["finish_reason"],
        "text": message["content"] or "",
        "thinking": message.get(reasoning, ""),
        "tool_calls": [{"id": call["id"], "name": call["name"], "args": json.loads(call["arguments"])} for call in calls],
    }


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize(("api", "reasoning"), APIS.values(), ids=APIS)
def test_stream_and_whole_tell_the_same_truth(api, reasoning, turn, parse, counted):
    events = parse(b"".join(api.events(turn)))
    truth = api.truth(turn)
    whole = told(api.whole(turn), reasoning)
    assert assemble(events, reasoning) == whole == {name: getattr(truth, name) for name in whole}
    assert counted(events) == truth.event_counts == {"chat.completion.chunk": len(events)}


def test_usage_adds_up():
    turn = TURNS["thinking and tools"]
    usage = openai_chat.usage(turn)
    assert usage["prompt_tokens"] == turn.input + turn.cache_read
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] == 25 + 1024 + 5 + 2 + 2 * 10
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 2


@pytest.mark.parametrize(("api", "reasoning"), APIS.values(), ids=APIS)
def test_stream_ends_with_the_marker(api, reasoning):
    assert list(api.events(TURNS["text"]))[-1] == b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("status", "code"), [(401, "invalid_api_key"), (402, "insufficient_quota"), (429, "rate_limit_exceeded"), (529, None)]
)
def test_openai_errors_have_a_code(status, code):
    error = openai_chat.error(status, "No")["error"]
    assert (error["message"], error["code"]) == ("No", code)


@pytest.mark.parametrize(("api", "reasoning"), APIS.values(), ids=APIS)
def test_error_in_mid_stream(api, reasoning, parse):
    [(_, payload)] = parse(b"".join(api.error_events(TURNS["text"])))
    assert payload["error"]["message"]
