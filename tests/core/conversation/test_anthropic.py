from amp_addons.core.conversation.anthropic import read
from amp_addons.core.conversation.body import Limits
from amp_addons.core.conversation.parts import Media, Message, Other, Text, Thinking, Tool, ToolCall, ToolResult

BODY = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 100,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "tools": [{"name": "Read", "description": "Read a file.", "input_schema": {"type": "object"}}, {"type": "web_search_20250305"}],
    "messages": [
        {"role": "user", "content": "hello"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "redacted_thinking", "data": "abcd"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "t1", "name": "Read", "input": {"path": "a"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "1: x"}], "is_error": True},
                {"type": "tool_result", "tool_use_id": "t2", "content": "plain"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "document", "source": {"type": "text", "data": "a document"}},
                {"type": "new_kind", "x": 1},
            ],
        },
    ],
}


def test_all_kinds_of_blocks():
    found = read(BODY, Limits())
    assert found.api == "anthropic-messages" and found.model == "claude-sonnet-4-5" and found.system == ("Be brief.",)
    assert found.tools == (Tool("Read", "Read a file.", '{"type": "object"}'), Tool("web_search_20250305"))
    assert found.settings == {"max_tokens": "100"}
    assert found.messages == (
        Message("user", (Text("hello"),)),
        Message("assistant", (Thinking("hm"), Thinking("", 4), Text("I look."), ToolCall("t1", "Read", {"path": "a"}))),
        Message(
            "user",
            (
                ToolResult("t1", (Text("1: x"),), is_error=True),
                ToolResult("t2", (Text("plain"),)),
                Media("image", "image/png", 3),
                Text("a document"),
                Other("new_kind", '{"type": "new_kind", "x": 1}'),
            ),
        ),
    )


def test_markers_of_the_cache_make_no_difference():
    marked = {**BODY, "messages": [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {}}]}]}
    plain = {**BODY, "messages": [{"role": "user", "content": "a"}]}
    assert read(marked, Limits()).messages == read(plain, Limits()).messages
