"""What requests ask for."""

import pytest

from amp_addons.sim import wishes
from amp_addons.sim.wishes import Wishes

CASES = [
    pytest.param(
        wishes.anthropic,
        {"model": "m", "stream": True, "thinking": {"type": "enabled"}, "tools": [{"name": "a"}, {"type": "odd"}]},
        Wishes(model="m", stream=True, thinking=True, tools=["a"]),
        id="anthropic",
    ),
    pytest.param(
        wishes.anthropic,
        {"model": "m", "tools": [{"name": "a"}], "messages": [{"role": "user", "content": [{"type": "tool_result"}]}]},
        Wishes(model="m"),
        id="anthropic after a tool",
    ),
    pytest.param(
        wishes.openai_chat,
        {"model": "m", "stream": True, "reasoning_effort": "low", "tools": [{"type": "function", "function": {"name": "a"}}]},
        Wishes(model="m", stream=True, thinking=True, tools=["a"]),
        id="chat",
    ),
    pytest.param(
        wishes.openai_chat,
        {"model": "m", "reasoning": {"effort": "low"}, "tools": [{"function": {"name": "a"}}], "messages": [{"role": "tool"}]},
        Wishes(model="m", thinking=True),
        id="chat after a tool",
    ),
    pytest.param(
        wishes.openai_responses,
        {"model": "m", "stream": True, "reasoning": {"effort": "low"}, "input": "hi", "tools": [{"name": "a"}]},
        Wishes(model="m", stream=True, thinking=True, tools=["a"]),
        id="responses",
    ),
    pytest.param(
        wishes.openai_responses,
        {"model": "m", "input": [{"type": "function_call_output"}], "tools": [{"name": "a"}]},
        Wishes(model="m"),
        id="responses after a tool",
    ),
    pytest.param(
        wishes.google,
        {
            "generationConfig": {"thinkingConfig": {"includeThoughts": True}},
            "tools": [{"functionDeclarations": [{"name": "a"}, {"name": "b"}]}],
        },
        Wishes(model="gemini-2.5-flash", thinking=True, tools=["a", "b"]),
        id="google",
    ),
    pytest.param(
        wishes.google,
        {"contents": [{"parts": [{"functionResponse": {}}]}], "tools": [{"functionDeclarations": [{"name": "a"}]}]},
        Wishes(model="gemini-2.5-flash"),
        id="google after a tool",
    ),
]


@pytest.mark.parametrize(("read", "body", "expected"), CASES)
def test_wishes(read, body, expected):
    assert read(body) == expected


@pytest.mark.parametrize("read", [wishes.anthropic, wishes.openai_chat, wishes.openai_responses, wishes.google])
@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, [1], ["x"], [[]], [{}], {"x": 1}])
def test_any_json_is_borne(read, odd):
    keys = ("model", "messages", "input", "contents", "tools", "thinking", "reasoning", "generationConfig", "stream")
    asked = read(dict.fromkeys(keys, odd))
    assert (asked.stream, list(asked.tools)) == (False, [])


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": "before"}, {"role": "user", "content": "größer"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "grö"}, {"type": "image"}, {"type": "text", "text": "ßer"}]}]},
        {"input": "größer"},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "größer"}]}]},
        {"contents": [{"role": "user", "parts": [{"text": "größer"}]}]},
    ],
)
def test_what_was_said_last(body):
    assert wishes.said(body) == "größer"


@pytest.mark.parametrize("odd", [None, 1, "", [], {}, [1], [[]], [{}], [{"content": 1}], [{"parts": ["x", {"text": 1}]}]])
def test_nothing_was_said(odd):
    assert wishes.said({"messages": odd}) == ""
