"""A request of OpenAI's Responses (https://platform.openai.com/docs/api-reference/responses): a list of items, not of messages."""

from typing import Any

from amp_addons.core.conversation.body import (
    MAX_MESSAGES,
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
from amp_addons.core.conversation.parts import Conversation, Message, Part, Text, Thinking, ToolCall, ToolResult

_KNOWN = ("model", "input", "instructions", "tools", "metadata")
_CALLS = ("function_call", "custom_tool_call", "local_shell_call", "computer_call", "mcp_call", "apply_patch_call", "shell_call")


def read(body: dict[str, Any], limits: Limits) -> Conversation:
    given = body.get("input")
    items: list[Any] = [{"role": "user", "content": given}] if isinstance(given, str) else limits.objects(given, MAX_MESSAGES)
    first = instructing(items)
    instructions = [*texts_in(body.get("instructions"), limits)]
    instructions += [text for each in items[:first] for text in texts_in(each.get("content"), limits)]
    return Conversation(
        api="openai-responses",
        model=text_of(body.get("model")) or None,
        system=tuple(instructions),
        messages=tuple(_item(each, limits) for each in items[first:]),
        tools=tuple(
            tool(each.get("name") or each.get("server_label") or each.get("type"), each.get("description"), each.get("parameters"))
            for each in limits.objects(body.get("tools"), MAX_TOOLS)
        ),
        settings=settings_of(body, _KNOWN),
    )


def _item(item: dict[str, Any], limits: Limits) -> Message:
    kind = text_of(item.get("type")) or "message"
    if kind == "message":
        return Message(text_of(item.get("role")), tuple(_parts(item.get("content"), limits)))
    if kind == "reasoning":
        told = texts_in(item.get("summary"), limits) + texts_in(item.get("content"), limits)
        return Message("assistant", (Thinking("\n\n".join(told), hidden=len(text_of(item.get("encrypted_content")))),))
    call = text_of(item.get("call_id")) or text_of(item.get("id"))
    if kind in _CALLS:
        given = next((item[key] for key in ("arguments", "input", "action", "operation") if key in item), None)
        return Message("assistant", (ToolCall(call, text_of(item.get("name")) or kind.removesuffix("_call"), arguments_of(given)),))
    if kind.endswith("_output"):
        return Message("tool", (ToolResult(call, only_content(_parts(item.get("output"), limits))),))
    return Message(text_of(item.get("role")) or "item", (other(item),))


def _parts(content: Any, limits: Limits) -> list[Part]:
    return parts_in([content] if isinstance(content, dict) else content, limits, _part)


def _part(part: Any) -> Part:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in ("input_text", "output_text", "text", "summary_text"):
        return Text(text_of(part.get("text")))
    if kind == "refusal":
        return Text(text_of(part.get("refusal")))
    if kind in ("input_image", "computer_screenshot"):
        return media("image", name=part.get("image_url") or part.get("file_id"))
    if kind == "input_file":
        return media("file", "", part.get("file_data"), part.get("filename") or part.get("file_id") or part.get("file_url"))
    return other(part)
