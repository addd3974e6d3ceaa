"""A request of Google's generateContent (https://ai.google.dev/api/generate-content). Both spellings of its names are taken."""

from typing import Any

from amp_addons.core.conversation.body import MAX_MESSAGES, MAX_PARTS, MAX_TOOLS, Limits, json_of, media, other, settings_of, text_of, tool
from amp_addons.core.conversation.parts import Conversation, Message, Part, Text, Thinking, Tool, ToolCall, ToolResult

_KNOWN = ("model", "contents", "systemInstruction", "system_instruction", "tools", "labels")


def read(body: dict[str, Any], limits: Limits) -> Conversation:
    given = _either(body, "systemInstruction", "system_instruction")
    return Conversation(
        api="google-generatecontent",
        model=text_of(body.get("model")) or None,
        system=tuple(part.text for part in _message(given, limits).parts if isinstance(part, Text)) if isinstance(given, dict) else (),
        messages=tuple(_message(each, limits) for each in limits.objects(body.get("contents"), MAX_MESSAGES)),
        tools=_tools(body, limits),
        settings=settings_of(body, _KNOWN),
    )


def _tools(body: dict[str, Any], limits: Limits) -> tuple[Tool, ...]:
    found: list[Tool] = []
    for group in limits.objects(body.get("tools"), MAX_TOOLS):
        declared = _either(group, "functionDeclarations", "function_declarations")
        if isinstance(declared, list):
            for each in limits.objects(declared, MAX_TOOLS):
                found.append(
                    tool(
                        each.get("name"),
                        each.get("description"),
                        _either(each, "parametersJsonSchema", "parameters_json_schema", "parameters"),
                    )
                )
        else:
            found += [Tool(name) for name in list(group)[:MAX_PARTS]]
    return tuple(found[:MAX_TOOLS])


def _message(content: dict[str, Any], limits: Limits) -> Message:
    # A request of one turn may leave the role out.
    return Message(text_of(content.get("role")) or "user", tuple(_part(each) for each in limits.first(content.get("parts"), MAX_PARTS)))


def _part(part: Any) -> Part:
    if not isinstance(part, dict):
        return other(part)
    if isinstance(text := part.get("text"), str):
        return Thinking(text_of(text)) if part.get("thought") is True else Text(text_of(text))
    if isinstance(call := _either(part, "functionCall", "function_call"), dict):
        return ToolCall(text_of(call.get("id")), text_of(call.get("name")), call.get("args"))
    if isinstance(result := _either(part, "functionResponse", "function_response"), dict):
        given = result.get("response")
        only = given.get("output") if isinstance(given, dict) and list(given) == ["output"] else None
        text = text_of(only) or json_of(given)
        is_error = isinstance(given, dict) and "error" in given
        return ToolResult(text_of(result.get("id")), (Text(text),) if text else (), text_of(result.get("name")), is_error)
    if isinstance(inline := _either(part, "inlineData", "inline_data"), dict):
        return media(_kind(inline), _either(inline, "mimeType", "mime_type"), inline.get("data"))
    if isinstance(file := _either(part, "fileData", "file_data"), dict):
        return media(_kind(file), _either(file, "mimeType", "mime_type"), name=_either(file, "fileUri", "file_uri"))
    return other(part)


def _kind(data: dict[str, Any]) -> str:
    kind = text_of(_either(data, "mimeType", "mime_type")).partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "file"


def _either(value: dict[str, Any], *names: str) -> Any:
    return next((value[name] for name in names if value.get(name) is not None), None)
