"""The conversation of a request as plain values: messages of parts, instructions, tools, settings. Every text is well-formed Unicode.

Nothing here is scrubbed or cut to be shown; that is the business of whoever shows it.
"""

from typing import Any

import msgspec


class Text(msgspec.Struct, frozen=True, tag=True):
    """What somebody said."""

    text: str


class Thinking(msgspec.Struct, frozen=True, tag=True):
    """What a model thought. `text` is empty where it is encrypted or left out; `hidden` is how many characters that are."""

    text: str
    hidden: int = 0


class ToolCall(msgspec.Struct, frozen=True, tag=True):
    """A model calls a tool. `args` is any value of JSON, or the text as it was sent where that is none."""

    id: str
    name: str
    args: Any = None


class Media(msgspec.Struct, frozen=True, tag=True):
    """An image, a document, sound: what it is and how large, without its content. `name` is a file's name, identifier or URL."""

    kind: str
    media_type: str = ""
    size: int = 0
    name: str = ""


class Other(msgspec.Struct, frozen=True, tag=True):
    """A part of a kind that is not known here: its own name for itself, and its JSON."""

    kind: str
    json: str


class ToolResult(msgspec.Struct, frozen=True, tag=True):
    """What a call of a tool gave. `id` is the call's; `name` where the API repeats it."""

    id: str
    parts: tuple["Text | Media | Other", ...] = ()
    name: str = ""
    is_error: bool = False


type Part = Text | Thinking | ToolCall | ToolResult | Media | Other


class Message(msgspec.Struct, frozen=True):
    """One message. `role` in the API's own words (`user`, `assistant`, `model`, `tool`, …)."""

    role: str
    parts: tuple[Text | Thinking | ToolCall | ToolResult | Media | Other, ...] = ()


class Tool(msgspec.Struct, frozen=True):
    """A tool that is offered. `schema` is the JSON of what it takes."""

    name: str
    description: str = ""
    schema: str = ""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `system` are the instructions, wherever an API has them; `settings` the other fields, as short JSON.

    `left_out` counts the messages, parts and tools past the limits.
    """

    api: str | None = None
    model: str | None = None
    system: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    tools: tuple[Tool, ...] = ()
    settings: dict[str, str] = {}
    left_out: int = 0
