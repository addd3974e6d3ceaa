"""A request of Anthropic's Messages API (https://docs.anthropic.com/en/api/messages)."""

from typing import Any

from amp_addons.core.conversation.body import (
    MAX_MESSAGES,
    MAX_TOOLS,
    Limits,
    media,
    only_content,
    other,
    parts_in,
    settings_of,
    text_of,
    texts_in,
    tool,
)
from amp_addons.core.conversation.parts import Conversation, Message, Part, Text, Thinking, ToolCall, ToolResult

_KNOWN = ("model", "messages", "system", "tools", "metadata")


def read(body: dict[str, Any], limits: Limits) -> Conversation:
    return Conversation(
        api="anthropic-messages",
        model=text_of(body.get("model")) or None,
        system=tuple(texts_in(body.get("system"), limits)),
        messages=tuple(_message(each, limits) for each in limits.objects(body.get("messages"), MAX_MESSAGES)),
        tools=tuple(
            tool(each.get("name") or each.get("type"), each.get("description"), each.get("input_schema"))
            for each in limits.objects(body.get("tools"), MAX_TOOLS)
        ),
        settings=settings_of(body, _KNOWN),
    )


def _message(message: dict[str, Any], limits: Limits) -> Message:
    return Message(text_of(message.get("role")), tuple(_parts(message.get("content"), limits)))


def _parts(content: Any, limits: Limits) -> list[Part]:
    return parts_in(content, limits, lambda block: _part(block, limits))


def _part(block: Any, limits: Limits) -> Part:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "text":
        return Text(text_of(block.get("text")))
    if kind == "thinking":
        return Thinking(text_of(block.get("thinking")))
    if kind == "redacted_thinking":
        return Thinking("", hidden=len(text_of(block.get("data"))))
    if kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
        return ToolCall(text_of(block.get("id")), text_of(block.get("name")), block.get("input"))
    if isinstance(kind, str) and kind.endswith("tool_result"):
        parts = only_content(_parts(block.get("content"), limits))
        return ToolResult(text_of(block.get("tool_use_id")), parts, is_error=block.get("is_error") is True)
    if kind in ("image", "document") and isinstance(source := block.get("source"), dict):
        if source.get("type") == "text":
            return Text(text_of(source.get("data")))
        return media(kind, source.get("media_type"), source.get("data"), block.get("title") or source.get("url") or source.get("file_id"))
    return other(block)
