"""Where the texts of chat completions are, OpenAI's and its relatives': `yes` is one, `no` is none."""

import json
from typing import Any

import pytest
from support.filters import Held, heard, heard_whole, shouted, through

from amp_addons.core.answers.channels import TextChannels
from amp_addons.core.payload import loads
from amp_addons.core.sse import SSEDecoder

API = "openai-chat"
MESSAGES: list[dict[str, Any]] = [
    {"role": "no", "content": "yes", "refusal": "yes", "annotations": [{"url": "no"}]},
    {"content": None, "reasoning_content": "yes"},
    {"reasoning": "yes", "reasoning_details": [{"type": "no", "text": "yes", "signature": "no"}, {"type": "no", "summary": "yes"}]},
    {"reasoning_text": "yes", "audio": {"data": "no"}},
    {"content": [{"type": "text", "text": "yes"}, {"type": "thinking", "thinking": [{"type": "text", "text": "yes"}]}]},
    {"content": [{"type": "refusal", "refusal": "yes"}]},
    {
        "tool_calls": [
            {"index": 0, "id": "no", "type": "function", "function": {"name": "no", "arguments": '{"no": "yes", "no2": ["yes"]}'}}
        ]
    },
    {"tool_calls": [{"index": 0, "function": {"name": "no", "arguments": {"no": "yes"}}}]},
    {"tool_calls": [{"index": 0, "custom": {"name": "no", "input": "yes"}}]},
    {"function_call": {"name": "no", "arguments": '{"no": "yes"}'}},
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: " ".join(message))
def test_a_message_and_a_delta(message: dict[str, Any]) -> None:
    body = {"id": "no", "choices": [{"index": 0, "message": message, "finish_reason": "no"}], "usage": {}}
    assert heard_whole(API, body) == (shouted(body), 0)
    chunk = {"id": "no", "choices": [{"index": 0, "delta": message, "finish_reason": None}], "usage": {}}
    assert heard(API, chunk, chunk) == ([shouted(chunk)] * 2, 0)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: " ".join(message))
def test_an_extra_delta_has_the_form_of_those_before(message: dict[str, Any]) -> None:
    """What is held of all fields that tell one thought comes in one event."""
    channels = TextChannels(API, lambda kind: Held(100))
    payload = {"id": "no", "choices": [{"index": 3, "delta": message}]}
    chunk = b"data: %b\n\n" % json.dumps(payload).encode()
    found = [loads(event.data) for event in SSEDecoder().feed(through(channels, [chunk]))]
    assert all((extra["id"], extra["choices"][0]["index"]) == ("no", 3) for extra in found[1:])
    told = json.dumps([extra["choices"][0]["delta"] for extra in found])
    assert told.count("YES") == json.dumps(message).count("yes")
    assert told.count('"no"') <= json.dumps(message).count('"no"')


def test_a_thought_under_two_names_is_told_once() -> None:
    channels = TextChannels(API, lambda kind: Held(2))
    detail = {"type": "reasoning.text", "text": "abcd", "index": 1, "format": None}
    stream = [b"data: %b\n\n" % json.dumps({"choices": [{"delta": {"reasoning": "abcd", "reasoning_details": [detail]}}]}).encode()]
    first, second = (loads(event.data)["choices"][0]["delta"] for event in SSEDecoder().feed(through(channels, stream)))
    assert first == {"reasoning": "AB", "reasoning_details": [{**detail, "text": "AB"}]}
    assert second == {"reasoning": "CD", "reasoning_details": [{"type": "reasoning.text", "index": 1, "text": "CD"}]}


def test_an_extra_piece_of_a_text_completion() -> None:
    channels = TextChannels(API, lambda kind: Held(2))
    stream = b"data: %b\n\n" % json.dumps({"id": "i", "choices": [{"index": 0, "text": "abc"}]}).encode()
    *_, extra = SSEDecoder().feed(through(channels, [stream]))
    assert loads(extra.data) == {"id": "i", "choices": [{"index": 0, "text": "BC", "finish_reason": None}]}


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": [{"index": 0, "text": "yes"}]},
        {"choices": [], "usage": {"total_tokens": 1}},
        {"error": {"message": "no"}},
        {"choices": [{"index": 0, "delta": {"content": "yes"}, "content_filter_results": {"no": "no"}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "x_groq": {"id": "no"}},
        {"choices": [{"index": 0, "message": {"content": "yes"}}]},
    ],
    ids=str,
)
def test_a_chunk(chunk: dict[str, Any]) -> None:
    assert heard(API, chunk) == ([shouted(chunk)], 0)
