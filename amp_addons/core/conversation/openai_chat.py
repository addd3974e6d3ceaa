"""A request of OpenAI's Chat Completions, and of all who offer the same (https://platform.openai.com/docs/api-reference/chat)."""

from typing import Any

from amp_addons.core.conversation.body import (
    MAX_MESSAGES,
    MAX_PARTS,
    MAX_TOOLS,
    Limits,
    arguments_of,
    instructing,
    media,
    only_content,
    other,
    parts_in,
    settings_of,
    text_of,
    texts_in,
    tool,
)
from amp_addons.core.conversation.parts import Conversation, Message, Part, Text, Thinking, Tool, ToolCall, ToolResult

_KNOWN = ("model", "messages", "tools", "functions", "metadata")


def read(body: dict[str, Any], limits: Limits) -> Conversation:
    messages = limits.objects(body.get("messages"), MAX_MESSAGES)
    first = instructing(messages)
    return Conversation(
        api="openai-chat",
        model=text_of(body.get("model")) or None,
        system=tuple(text for each in messages[:first] for text in texts_in(each.get("content"), limits)),
        messages=tuple(_message(each, limits) for each in messages[first:]),
        tools=tuple(_tool(each) for each in limits.objects(body.get("tools") or body.get("functions"), MAX_TOOLS)),
        settings=settings_of(body, _KNOWN),
    )


def _tool(value: dict[str, Any]) -> Tool:
    inner = next((value[key] for key in ("function", "custom") if isinstance(value.get(key), dict)), value)
    return tool(inner.get("name") or value.get("type"), inner.get("description"), inner.get("parameters", inner.get("format")))


def _message(message: dict[str, Any], limits: Limits) -> Message:
    role = text_of(message.get("role"))
    parts = _parts(message.get("content"), limits)
    if role in ("tool", "function"):
        return Message(role, (ToolResult(text_of(message.get("tool_call_id")), only_content(parts), text_of(message.get("name"))),))
    thinking = text_of(message.get("reasoning_content")) or text_of(message.get("reasoning"))
    found: list[Part] = [Thinking(thinking)] if thinking else []
    found += parts
    if refusal := text_of(message.get("refusal")):
        found.append(Text(refusal))
    found += [_call(each) for each in limits.objects(message.get("tool_calls"), MAX_PARTS)]
    if isinstance(call := message.get("function_call"), dict):
        found.append(ToolCall("", text_of(call.get("name")), arguments_of(call.get("arguments"))))
    return Message(role, tuple(found))


def _call(value: dict[str, Any]) -> ToolCall:
    inner = next((value[key] for key in ("function", "custom") if isinstance(value.get(key), dict)), value)
    given = inner.get("arguments") if "arguments" in inner else inner.get("input")
    return ToolCall(text_of(value.get("id")), text_of(inner.get("name")), arguments_of(given))


def _parts(content: Any, limits: Limits) -> list[Part]:
    return parts_in(content, limits, _part)


def _part(part: Any) -> Part:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in ("text", "refusal"):
        return Text(text_of(part.get(kind)))
    if kind == "image_url":
        image = part.get(kind)
        return media("image", name=image.get("url") if isinstance(image, dict) else image)
    if kind == "input_audio" and isinstance(audio := part.get(kind), dict):
        return media("audio", audio.get("format"), audio.get("data"))
    if kind == "file" and isinstance(file := part.get(kind), dict):
        return media("file", "", file.get("file_data"), file.get("filename") or file.get("file_id"))
    return other(part)
