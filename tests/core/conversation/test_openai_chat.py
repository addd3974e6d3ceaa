from amp_addons.core.conversation.body import Limits
from amp_addons.core.conversation.openai_chat import read
from amp_addons.core.conversation.parts import Media, Message, Other, Text, Thinking, Tool, ToolCall, ToolResult


def test_all_kinds_of_messages():
    body = {
        "model": "gpt-5.1",
        "tools": [
            {"type": "function", "function": {"name": "read", "description": "Read.", "parameters": {}}},
            {"type": "custom", "custom": {"name": "shell"}},
        ],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Really."}]},
            {
                "role": "user",
                "content": [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "https://x.example/a"}}],
            },
            {
                "role": "assistant",
                "reasoning_content": "hm",
                "content": None,
                "refusal": "no",
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"path": "a"}'}},
                    {"id": "c2", "type": "custom", "custom": {"name": "shell", "input": "ls"}},
                ],
                "function_call": {"name": "old", "arguments": "{}"},
            },
            {"role": "tool", "tool_call_id": "c1", "content": "1: x"},
            {"role": "system", "content": "a later one"},
            {
                "role": "user",
                "content": [
                    {"type": "input_audio", "input_audio": {"format": "wav", "data": "AAAA"}},
                    {"type": "file", "file": {"filename": "f"}},
                    3,
                ],
            },
        ],
    }
    found = read(body, Limits())
    assert found.system == ("Be brief.", "Really.") and found.tools == (Tool("read", "Read.", "{}"), Tool("shell"))
    calls = (ToolCall("c1", "read", {"path": "a"}), ToolCall("c2", "shell", "ls"), ToolCall("", "old", {}))
    assert found.messages == (
        Message("user", (Text("hi"), Media("image", name="https://x.example/a"))),
        Message("assistant", (Thinking("hm"), Text("no"), *calls)),
        Message("tool", (ToolResult("c1", (Text("1: x"),)),)),
        Message("system", (Text("a later one"),)),
        Message("user", (Media("audio", "wav", 3), Media("file", name="f"), Other("part", "3"))),
    )


def test_functions_of_earlier_days():
    found = read({"functions": [{"name": "f"}], "messages": [{"role": "function", "name": "f", "content": "x"}]}, Limits())
    assert found.tools == (Tool("f"),) and found.messages == (Message("function", (ToolResult("", (Text("x"),), "f"),)),)
