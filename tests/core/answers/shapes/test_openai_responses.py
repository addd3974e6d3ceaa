"""Where the texts of the Responses API are: `yes` is one, `no` is none."""

from typing import Any

import pytest
from support.filters import heard, heard_whole, shouted

API = "openai-responses"
ITEMS: list[dict[str, Any]] = [
    {"type": "message", "id": "no", "role": "no", "content": [{"type": "output_text", "text": "yes", "annotations": [{"url": "no"}]}]},
    {"type": "message", "content": [{"type": "refusal", "refusal": "yes"}]},
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "yes"}], "encrypted_content": "no"},
    {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "yes"}]},
    {"type": "function_call", "call_id": "no", "name": "no", "arguments": '{"no": "yes"}'},
    {"type": "custom_tool_call", "call_id": "no", "name": "no", "input": "yes"},
    {"type": "mcp_call", "server_label": "no", "arguments": '{"no": ["yes"]}', "output": "yes"},
    {"type": "code_interpreter_call", "code": "yes", "outputs": [{"type": "logs", "logs": "yes"}]},
    {"type": "local_shell_call", "call_id": "no", "action": {"command": ["yes"], "timeout_ms": 1}},
    {"type": "apply_patch_call", "operation": {"diff": "yes"}},
    {"type": "web_search_call", "id": "no"},
    {"type": "image_generation_call", "result": "no"},
]
AT = {"output_index": 1, "item_id": "no", "sequence_number": 1}
EVENTS: list[dict[str, Any]] = [
    *({"type": "response.output_item.added", **AT, "item": item} for item in ITEMS),
    *({"type": "response.output_item.done", **AT, "item": item} for item in ITEMS),
    {"type": "response.content_part.added", **AT, "part": {"type": "output_text", "text": "yes"}},
    {"type": "response.reasoning_summary_part.done", **AT, "part": {"type": "summary_text", "text": "yes"}},
    {"type": "response.output_text.delta", **AT, "delta": "yes", "obfuscation": "no", "logprobs": []},
    {"type": "response.output_text.done", **AT, "text": "yes"},
    {"type": "response.refusal.delta", **AT, "delta": "yes"},
    {"type": "response.refusal.done", **AT, "refusal": "yes"},
    {"type": "response.reasoning_text.delta", **AT, "delta": "yes"},
    {"type": "response.function_call_arguments.delta", **AT, "delta": '{"no":"yes"}'},
    {"type": "response.mcp_call_arguments.done", **AT, "arguments": '{"no":"yes"}'},
    {"type": "response.custom_tool_call_input.delta", **AT, "delta": "yes"},
    {"type": "response.custom_tool_call_input.done", **AT, "input": "yes"},
    {"type": "response.code_interpreter_call_code.done", **AT, "code": "yes"},
    {"type": "response.output_text.annotation.added", **AT, "annotation": {"url": "no"}},
    {"type": "response.web_search_call.searching", **AT},
    {"type": "response.image_generation_call.partial_image", **AT, "partial_image_b64": "no"},
    {"type": "response.completed", "response": {"id": "no", "instructions": "no", "output": ITEMS}},
    {"type": "response.failed", "response": {"error": {"message": "no"}, "output": []}},
    {"type": "error", "message": "no"},
    {"type": "keepalive"},
]


def test_a_body() -> None:
    body = {"id": "no", "object": "response", "instructions": "no", "output": ITEMS, "metadata": {"no": "no"}}
    assert heard_whole(API, body) == (shouted(body), 0)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["type"])
def test_an_event(event: dict[str, Any]) -> None:
    assert heard(API, event) == ([shouted(event)], 0)
