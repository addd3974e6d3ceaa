"""Where the texts of Anthropic's answers are: `yes` is one, `no` is none."""

from typing import Any

import pytest
from support.filters import heard, heard_whole, shouted

API = "anthropic-messages"
BLOCKS: list[dict[str, Any]] = [
    {"type": "text", "text": "yes", "citations": [{"type": "char_location", "cited_text": "yes", "document_title": "no"}]},
    {"type": "text", "text": "yes", "citations": None},
    {"type": "thinking", "thinking": "yes", "signature": "no"},
    {"type": "redacted_thinking", "data": "no"},
    {"type": "tool_use", "id": "no", "name": "no", "input": {"no": ["yes", {"no": "yes"}, 1]}},
    {"type": "server_tool_use", "id": "no", "name": "no", "input": {}},
    {"type": "web_search_tool_result", "tool_use_id": "no", "content": [{"type": "no", "encrypted_content": "no", "url": "no"}]},
    {"type": "code_execution_tool_result", "content": {"stdout": "yes", "stderr": "yes", "type": "no"}},
    {"type": "mcp_tool_result", "content": [{"type": "text", "text": "yes"}]},
    {"type": "mcp_tool_result", "content": "yes"},
]
EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"id": "no", "model": "no", "content": BLOCKS}},
    *({"type": "content_block_start", "index": index, "content_block": block} for index, block in enumerate(BLOCKS)),
    {"type": "content_block_start", "index": 50, "content_block": {"type": "text", "text": "yes"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {"cited_text": "yes", "title": "no"}}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "no"}},
    {"type": "message_delta", "delta": {"stop_reason": "no", "stop_sequence": "no"}, "usage": {}},
    {"type": "error", "error": {"type": "no", "message": "no"}},
    {"type": "ping"},
]


def test_a_body() -> None:
    body = {"id": "no", "type": "message", "model": "no", "content": BLOCKS, "stop_reason": "no"}
    assert heard_whole(API, body) == (shouted(body), 0)


@pytest.mark.parametrize("body", [{"type": "error", "error": {"message": "no"}}, {"input_tokens": 1}])
def test_a_body_without_text(body: dict[str, Any]) -> None:
    assert heard_whole(API, body) == (body, 0)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["type"])
def test_an_event(event: dict[str, Any]) -> None:
    assert heard(API, event) == ([shouted(event)], 0)


@pytest.mark.parametrize("index", [None, "0", [1]])
def test_a_delta_without_a_place_of_its_own(index: object) -> None:
    event = {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": "no"}}
    assert heard(API, event) == ([event], 1)
