"""What a model answered, as parts of a message like those of a request."""

from amp_addons.core.conversation.parts import Part, Text, Thinking, ToolCall
from amp_addons.core.reading import Summary


def answered(said: Summary) -> list[Part]:
    """Thoughts first, then texts, then calls of tools."""
    parts: list[Part] = [Thinking(said.thinking)] if said.thinking else []
    parts += [Text(text) for text in (said.text, said.refusal) if text]
    return parts + [ToolCall(call.get("id") or "", call.get("name") or "", call.get("args")) for call in said.tool_calls]
