"""From a request's body to its conversation, for every API.

Contract: nothing raises on any bytes. What is not of the shape that an API has counts as not there; what is past a limit is counted.
"""

from importlib import import_module
from typing import Any

from msgspec.structs import replace

from amp_addons.core.conversation.body import Limits, object_of
from amp_addons.core.conversation.parts import Conversation

READERS = {
    "anthropic-messages": "amp_addons.core.conversation.anthropic",
    "openai-chat": "amp_addons.core.conversation.openai_chat",
    "openai-responses": "amp_addons.core.conversation.openai_responses",
    "google-generatecontent": "amp_addons.core.conversation.google",
}


def read_conversation(body: bytes, api: str | None = None) -> Conversation | None:
    """The conversation of a request. `body` without content coding; without an `api` it is told by its fields.

    None when the body is no object, or is of no API that has conversations.
    """
    value = object_of(body)
    if value is None:
        return None
    name = api if api in READERS else _api_of(value) if api is None else None
    if name is None:
        return None
    limits = Limits()
    found: Conversation = import_module(READERS[name]).read(value, limits)
    return replace(found, left_out=limits.left_out)


def _api_of(body: dict[str, Any]) -> str | None:
    if isinstance(body.get("contents"), list):
        return "google-generatecontent"
    if "input" in body:
        return "openai-responses"
    messages = body.get("messages")
    if not isinstance(messages, list):
        return None
    return "anthropic-messages" if "system" in body or _is_anthropic(body, messages) else "openai-chat"


def _is_anthropic(body: dict[str, Any], messages: list[Any]) -> bool:
    """The two are alike when nothing but text was said; then it makes no difference."""
    tools = body.get("tools")
    if isinstance(tools, list) and any(isinstance(each, dict) and "input_schema" in each for each in tools):
        return True
    blocks = (block for each in messages if isinstance(each, dict) and isinstance(each.get("content"), list) for block in each["content"])
    kinds = {block.get("type") for block in blocks if isinstance(block, dict) and isinstance(block.get("type"), str)}
    return not kinds.isdisjoint(("tool_use", "tool_result", "thinking", "redacted_thinking", "document"))
