"""What a request to a model asks for, in the words of each API."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """`tools` are the names of those that may be called; none after a tool's result, so that a conversation ends."""

    model: str
    stream: bool = False
    thinking: bool = False
    tools: Sequence[str] = ()


def anthropic(body: Mapping[str, Any]) -> Wishes:
    last = _last(body.get("messages")).get("content")
    answered = any(_object(block).get("type") == "tool_result" for block in _list(last))
    return Wishes(
        model=_model(body),
        stream=body.get("stream") is True,
        thinking=_object(body.get("thinking")).get("type") in ("enabled", "adaptive"),
        tools=() if answered else _names(body.get("tools")),
    )


def openai_chat(body: Mapping[str, Any]) -> Wishes:
    functions = [_object(tool).get("function") for tool in _list(body.get("tools"))]
    answered = _last(body.get("messages")).get("role") == "tool"
    return Wishes(
        model=_model(body),
        stream=body.get("stream") is True,
        thinking=bool(body.get("reasoning_effort") or body.get("reasoning")),
        tools=() if answered else _names(functions),
    )


def openai_responses(body: Mapping[str, Any]) -> Wishes:
    answered = _last(body.get("input")).get("type") == "function_call_output"
    return Wishes(
        model=_model(body),
        stream=body.get("stream") is True,
        thinking=bool(body.get("reasoning")),
        tools=() if answered else _names(body.get("tools")),
    )


def google(body: Mapping[str, Any]) -> Wishes:
    """The model and whether to stream are in the path, and not known here."""
    thinking = _object(_object(body.get("generationConfig")).get("thinkingConfig"))
    functions = [item for tool in _list(body.get("tools")) for item in _list(_object(tool).get("functionDeclarations"))]
    answered = any("functionResponse" in _object(part) for part in _list(_last(body.get("contents")).get("parts")))
    return Wishes(
        model="gemini-2.5-flash",
        # Google reads names in either spelling, and its own SDK for Python writes this one with an underscore.
        thinking=thinking.get("includeThoughts", thinking.get("include_thoughts")) is True,
        tools=() if answered else _names(functions),
    )


def said(body: Mapping[str, Any]) -> str:
    """What the user said last, whatever the API."""
    messages = body.get("messages") or body.get("contents") or body.get("input")
    if isinstance(messages, str):
        return messages
    last = _last(messages)
    content = last.get("content") or last.get("parts")
    if isinstance(content, str):
        return content
    return "".join(text for part in _list(content) if isinstance(text := _object(part).get("text"), str))


def _model(body: Mapping[str, Any]) -> str:
    model = body.get("model")
    return model if isinstance(model, str) else "simulated"


def _names(tools: object) -> list[str]:
    names = (_object(tool).get("name") for tool in _list(tools))
    return [name for name in names if isinstance(name, str)]


def _last(items: object) -> Mapping[str, Any]:
    listed = _list(items)
    return _object(listed[-1]) if listed else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
