"""What was said, without secrets, in the form that the conventions have for it: `gen_ai.input.messages` and its like, as JSON.

All of it is made from scrubbed bodies (`core.redact.scrubber`). What a rule kept from the model is in none of it: the request is the one
that was sent, and an answer into which something was put back is left out.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from amp_addons.core.conversation.answer import answered
from amp_addons.core.conversation.parts import Media, Other, Part, Text, Thinking, ToolCall, ToolResult
from amp_addons.core.conversation.read import read_conversation
from amp_addons.core.encoding import decode_body
from amp_addons.core.events import RedactionDone
from amp_addons.core.payload import well_formed
from amp_addons.core.reader import StreamReader
from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.telemetry.attributes import Attributes
from amp_addons.telemetry.told import Bodies, Told

MAX_BODY = 2 * 1024 * 1024
"""Bytes of a body, as it is on the wire and decoded: a conversation that fills the context of most models. Of more nothing is told."""

MAX_TEXT = 4096
"""Characters of one text; backends cut attributes of 32 to 64 KiB."""

MAX_MESSAGES = 50
"""The newest messages of a request: what is older was told with the requests before it."""

MAX_JSON = 32 * 1024
"""Characters of an attribute: from the oldest on, messages are left out until it fits."""

type Json = dict[str, Any]


def messages_of(told: Told, scrubber: Scrubber) -> Attributes:
    """The attributes that hold messages."""
    bodies = told.bodies
    if bodies is None or told.end.outcome == "blocked":
        return {}
    found = _asked(bodies, told.request.api, scrubber)
    if not any(isinstance(each, RedactionDone) and each.kind == "restored" for each in told.said):
        found |= _answered(bodies, told.request.api, scrubber)
    return found


def _asked(bodies: Bodies, api: str | None, scrubber: Scrubber) -> Attributes:
    body = _clean(bodies.request, bodies.request_coding, api, scrubber, stream=False)
    conversation = read_conversation(body, api) if body else None
    if conversation is None:
        return {}
    messages = [{"role": each.role, "parts": _parts(each.parts)} for each in conversation.messages[-MAX_MESSAGES:]]
    found: Attributes = {}
    if conversation.system:
        found["gen_ai.system_instructions"] = _json([_text(each) for each in conversation.system[:MAX_MESSAGES]])
    if messages:
        found["gen_ai.input.messages"] = _json(messages)
    return found


def _answered(bodies: Bodies, api: str | None, scrubber: Scrubber) -> Attributes:
    body = _clean(bodies.answer, bodies.answer_coding, api, scrubber, stream=bodies.is_stream)
    if not body:
        return {}
    reader = StreamReader(api)
    reader.feed(body)
    reader.close()
    said = reader.summary()
    parts = _parts(answered(said))
    if not parts:
        return {}
    return {"gen_ai.output.messages": _json([{"role": "assistant", "parts": parts, "finish_reason": said.stop_reason or ""}])}


def _clean(data: bytes, coding: str, api: str | None, scrubber: Scrubber, *, stream: bool) -> bytes | None:
    """A body decoded and without secrets; None if it cannot be read, or is too large."""
    plain = decode_body(data, coding, MAX_BODY, whole=not stream) if coding else data
    if not plain or len(plain) > MAX_BODY:
        return None
    return scrubber.body(plain, "telemetry", api=api, stream=stream)


def _parts(parts: Iterable[Part]) -> list[Json]:
    return [_part(each) for each in parts]


def _part(part: Part) -> Json:
    match part:
        case Text(text):
            return _text(text)
        case Thinking(text):
            return {"type": "reasoning", "content": _short(text)}
        case ToolCall(id, name, args):
            return {"type": "tool_call", "id": _short(id), "name": _short(name), "arguments": _short(_plain(args))}
        case ToolResult(id, parts):
            return {"type": "tool_call_response", "id": _short(id), "response": _short("\n".join(map(_result, parts)))}
        case Media():
            return {"type": _short(part.kind), "mime_type": part.media_type, "size": part.size}
        case Other():
            return {"type": _short(part.kind)}


def _result(part: Text | Media | Other) -> str:
    return part.text if isinstance(part, Text) else f"({part.kind})"


def _text(text: str) -> Json:
    return {"type": "text", "content": _short(text)}


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _short(text: str) -> str:
    text = well_formed(text)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


def _json(messages: list[Json]) -> str:
    found = [msgspec.json.encode(each).decode() for each in messages]
    while len(found) > 1 and sum(map(len, found)) + len(found) > MAX_JSON:
        del found[0]
    return f"[{','.join(found)}]"
