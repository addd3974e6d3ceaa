"""What all APIs share in reading a request's body: values of JSON, taken forgivingly and up to a number.

Nothing here raises on what a body holds: a field of another type than expected counts as not there.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from amp_addons.core.conversation.parts import Media, Other, Part, Text, Tool
from amp_addons.core.json_problem import HALF_PAIR
from amp_addons.core.partial_json import parse
from amp_addons.core.payload import dumps, loads, well_formed

MAX_BODY = 32 * 1024 * 1024
"""Largest body read (bytes): what the providers take at most, images included."""

MAX_MESSAGES = 10_000
MAX_PARTS = 1_000
"""Most messages of a request, most parts of a message. The longest threads of agents have some thousand messages of a few parts."""

MAX_TOOLS = 1_000
MAX_SETTING = 64 * 1024
"""Characters of a setting and of its name: they are numbers and short words, or a schema."""


class Limits:
    """Counts what was left out while one body is read."""

    def __init__(self) -> None:
        self.left_out = 0

    def first(self, values: Any, most: int) -> list[Any]:
        """The first of a list; of anything else none."""
        if not isinstance(values, list):
            return []
        self.left_out += max(0, len(values) - most)
        return values[:most]

    def objects(self, values: Any, most: int) -> list[dict[str, Any]]:
        """The objects among the first of a list."""
        return [value for value in self.first(values, most) if isinstance(value, dict)]


def object_of(body: bytes) -> dict[str, Any] | None:
    """A body as an object; None when it is none, or too large."""
    if len(body) > MAX_BODY:
        return None
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        # Half a surrogate pair is taken by servers; msgspec refuses it, and nothing could be encoded with it again.
        found = loads(HALF_PAIR.sub(rb"\\ufffd", body).decode("utf-8", "replace"))
    return found if isinstance(found, dict) else None


def text_of(value: Any) -> str:
    """A text; of anything else none."""
    return well_formed(value) if isinstance(value, str) else ""


def texts_in(value: Any, limits: Limits) -> list[str]:
    """The texts of a text, or of a list of texts and of objects with one."""
    if isinstance(value, str):
        return [well_formed(value)] if value else []
    found = (text_of(item.get("text") if isinstance(item, dict) else item) for item in limits.first(value, MAX_PARTS))
    return [text for text in found if text]


def parts_in(content: Any, limits: Limits, read: Callable[[Any], Part]) -> list[Part]:
    """The parts of a message's content: of a text, or of a list, each item as `read` reads it."""
    if isinstance(content, str):
        return [Text(well_formed(content))] if content else []
    return [read(each) for each in limits.first(content, MAX_PARTS)]


def instructing(messages: list[dict[str, Any]]) -> int:
    """How many messages at the beginning of OpenAI's are instructions: what other APIs have in a field of its own. Later ones belong
    where they stand."""
    return next((at for at, each in enumerate(messages) if each.get("role") not in ("system", "developer")), len(messages))


def json_of(value: Any) -> str:
    """A value as JSON again."""
    return well_formed(dumps(value))


def arguments_of(value: Any) -> Any:
    """Arguments of a call: an object, or the text of one."""
    return parse(well_formed(value)) if isinstance(value, str) else value


def other(value: Any) -> Other:
    """A part that is not known."""
    kind = text_of(value.get("type")) if isinstance(value, dict) else ""
    return Other(kind or "part", json_of(value))


def media(kind: str, media_type: Any = "", data: Any = "", name: Any = "") -> Media:
    """A part that is no text. `data` in base64, or a `data:` URL, is only measured."""
    text = data if isinstance(data, str) else ""
    url = text_of(name)
    if url.startswith("data:"):
        head, _, text = url.partition(",")
        media_type, url = media_type or head[5:].partition(";")[0], ""
    return Media(kind, text_of(media_type)[:100], len(text) * 3 // 4, url)


def tool(name: Any, description: Any, schema: Any) -> Tool:
    return Tool(text_of(name), text_of(description), "" if schema is None else json_of(schema))


def settings_of(body: dict[str, Any], known: Iterable[str]) -> dict[str, str]:
    """All fields that are not read otherwise, each as short JSON."""
    found = {}
    for key in list(body)[:MAX_PARTS]:
        if key not in known and body[key] is not None:
            value = json_of(body[key])
            found[well_formed(key)[:MAX_SETTING]] = value if len(value) <= MAX_SETTING else value[:MAX_SETTING] + "…"
    return found


def only_content(parts: Iterable[Part]) -> tuple[Text | Media | Other, ...]:
    """The parts that a tool's result may have."""
    return tuple(part for part in parts if isinstance(part, Text | Media | Other))
