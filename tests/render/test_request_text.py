import json

import pytest
from support.excerpts import excerpts
from support.secrets import SECRET

from amp_addons.core.conversation.read import read_conversation
from amp_addons.render.request_text import FIRST, LAST, MAX_PARTS, MAX_TOOLS, request_text

BODY = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 3000,
    "api_key_hint": "abc",
    "system": [{"type": "text", "text": "You are an agent."}],
    "tools": [{"name": "Read", "description": "Read a file.", "input_schema": {}}],
    "messages": [
        {"role": "user", "content": f"Why {SECRET}?"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm."},
                {"type": "redacted_thinking", "data": "x" * 99},
                {"type": "tool_use", "id": "t1", "name": "Read", "input": {"path": "a.py"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": "no such file"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 4000}},
                {"type": "strange", "x": 1},
            ],
        },
    ],
}


def shown(body, model=None, room=1 << 20):
    data = json.dumps(body).encode()
    return request_text(read_conversation(data), len(data), model, excerpts(), excerpts(room))


def test_a_request_is_shown_part_by_part():
    lines = shown(BODY).split("\n")
    assert lines[0].startswith("claude-sonnet-4-5 · anthropic-messages · 3 messages · 1 tool · ")
    for line in (
        "    max_tokens    3000",
        "    api_key_hint  ***",
        "    You are an agent.",
        "    Read  Read a file.",
        "#1 user",
        "    Why ***?",
        "#2 assistant",
        "    thinks:",
        "    thinks (99 characters, encrypted or left out)",
        "    calls Read  t1",
        "        path: a.py",
        "    result of t1, an error",
        "        no such file",
        "    [image: image/png, 3.0 kB]",
        "    [strange]",
    ):
        assert line in lines, line


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"input": "Hi", "instructions": "Be brief.", "model": "gpt-5.1"}, "gpt-5.1 · openai-responses · 1 message"),
        ({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}, "gemini · google-generatecontent · 1 message"),
        ({"model": "kimi", "messages": [{"role": "user", "content": "Hi"}]}, "kimi · openai-chat · 1 message"),
    ],
)
def test_every_api_is_shown(body, said):
    text = shown(body, "gemini")
    assert text.startswith(said) and "    Hi" in text


def test_the_middle_of_a_long_conversation_is_folded():
    text = shown({"messages": [{"role": "user", "content": f"m{number}"} for number in range(500)]})
    assert f"[… {500 - FIRST - LAST} messages left out …]" in text and "#500 user" in text and "    m3\n" in text and "m200" not in text


def test_long_parts_are_folded():
    text = shown({"messages": [{"role": "user", "content": "begin " + "x " * 50_000 + "end"}]})
    assert "characters left out" in text and "begin" in text and text.rstrip().endswith("end") and len(text) < 6000


def test_the_last_messages_are_shown_when_there_is_no_room_for_all():
    text = shown({"messages": [{"role": "user", "content": f"m{number} " + "word " * 380} for number in range(30)]}, room=10_000)
    assert "m29 word" in text and "m0 word" not in text and "#1 user\n    [… 1,9" in text


def test_many_parts_and_tools_are_bounded():
    tools = [{"name": f"t{number}", "input_schema": {}} for number in range(200)]
    text = shown({"tools": tools, "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}] * 200}]})
    assert f"    {200 - MAX_PARTS} more parts" in text and f"    {200 - MAX_TOOLS} more tools" in text


def test_nothing_steers_a_terminal():
    text = shown({"messages": [{"role": "us\x1ber", "content": "a\x1b[1m\u202e"}], "x\x1b": "y\x9b"})
    assert not [char for char in text if char != "\n" and not char.isprintable()]
