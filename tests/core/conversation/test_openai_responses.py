from amp_addons.core.conversation.body import Limits
from amp_addons.core.conversation.openai_responses import read
from amp_addons.core.conversation.parts import Media, Message, Other, Text, Thinking, Tool, ToolCall, ToolResult


def test_all_kinds_of_items():
    body = {
        "model": "gpt-5.1",
        "instructions": "Be brief.",
        "reasoning": {"effort": "high"},
        "tools": [{"type": "function", "name": "read", "parameters": {}}, {"type": "web_search"}, {"type": "mcp", "server_label": "s"}],
        "input": [
            {"role": "developer", "content": "Really."},
            {
                "role": "user",
                "content": [{"type": "input_text", "text": "hi"}, {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}],
            },
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "abcd"},
            {"type": "function_call", "call_id": "c1", "name": "read", "arguments": '{"path": "a"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "1: x"},
            {"type": "local_shell_call", "id": "c2", "action": {"command": ["ls"]}},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "done"}, {"type": "refusal", "refusal": "no"}],
            },
            {"type": "item_reference", "id": "x"},
            {"role": "user", "content": [{"type": "input_file", "filename": "f.pdf"}, {"type": "new"}]},
        ],
    }
    found = read(body, Limits())
    assert found.system == ("Be brief.", "Really.") and found.settings == {"reasoning": '{"effort": "high"}'}
    assert found.tools == (Tool("read", schema="{}"), Tool("web_search"), Tool("s"))
    assert found.messages == (
        Message("user", (Text("hi"), Media("image", "image/png", 3))),
        Message("assistant", (Thinking("hm", 4),)),
        Message("assistant", (ToolCall("c1", "read", {"path": "a"}),)),
        Message("tool", (ToolResult("c1", (Text("1: x"),)),)),
        Message("assistant", (ToolCall("c2", "local_shell", {"command": ["ls"]}),)),
        Message("assistant", (Text("done"), Text("no"))),
        Message("item", (Other("item_reference", '{"type": "item_reference", "id": "x"}'),)),
        Message("user", (Media("file", name="f.pdf"), Other("new", '{"type": "new"}'))),
    )


def test_a_text_is_one_message_and_an_output_may_be_an_object():
    assert read({"input": "hi"}, Limits()).messages == (Message("user", (Text("hi"),)),)
    shot = {"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot", "file_id": "f"}}
    assert read({"input": [shot]}, Limits()).messages == (Message("tool", (ToolResult("c", (Media("image", name="f"),)),)),)
