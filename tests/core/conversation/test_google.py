from amp_addons.core.conversation.body import Limits
from amp_addons.core.conversation.google import read
from amp_addons.core.conversation.parts import Media, Message, Other, Text, Thinking, Tool, ToolCall, ToolResult


def test_all_kinds_of_parts():
    body = {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"temperature": 1},
        "tools": [{"functionDeclarations": [{"name": "read", "description": "Read.", "parameters": {}}]}, {"googleSearch": {}}],
        "contents": [
            {
                "parts": [
                    {"text": "hi"},
                    {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                    {"fileData": {"fileUri": "u", "mimeType": "text/csv"}},
                ]
            },
            {"role": "model", "parts": [{"text": "hm", "thought": True}, {"functionCall": {"name": "read", "args": {"path": "a"}}}]},
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"name": "read", "response": {"output": "1: x"}}},
                    {"functionResponse": {"name": "read", "response": {"error": "gone"}}},
                ],
            },
            {"role": "user", "parts": [{"executableCode": {}}, 3]},
        ],
    }
    found = read(body, Limits())
    assert found.system == ("Be brief.",) and found.tools == (Tool("read", "Read.", "{}"), Tool("googleSearch"))
    assert found.settings == {"generationConfig": '{"temperature": 1}'}
    assert found.messages == (
        Message("user", (Text("hi"), Media("image", "image/png", 3), Media("file", "text/csv", name="u"))),
        Message("model", (Thinking("hm"), ToolCall("", "read", {"path": "a"}))),
        Message("user", (ToolResult("", (Text("1: x"),), "read"), ToolResult("", (Text('{"error": "gone"}'),), "read", True))),
        Message("user", (Other("part", '{"executableCode": {}}'), Other("part", "3"))),
    )


def test_the_other_spelling():
    body = {"system_instruction": {"parts": [{"text": "s"}]}, "contents": [{"role": "model", "parts": [{"function_call": {"name": "f"}}]}]}
    found = read(body, Limits())
    assert found.system == ("s",) and found.messages == (Message("model", (ToolCall("", "f"),)),)
