"""Which API an answer belongs to, told by the shape of an event's data or of a whole JSON body."""

from typing import Any

import msgspec

from amp_addons.core.payload import PayloadDecoder


class _Shape(msgspec.Struct):
    # Of the last ones it only matters whether they are there.
    type: Any = None
    object: Any = None
    content: Any = None
    choices: Any = None
    candidates: Any = None
    usageMetadata: Any = None
    promptFeedback: Any = None


_shape = PayloadDecoder(_Shape)

_BY_TYPE = {
    **dict.fromkeys(
        ("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"),
        "anthropic-messages",
    ),
    **dict.fromkeys(("user-message", "approve-tool", "reject-tool", "disconnect"), "amp-connect"),
}


def api_of(data: str | bytes, name: str = "message") -> str | None:
    """The API that sends such data in an event of this name, or None when several may (a ping, an error, other JSON)."""
    shape = _shape.decode(data)
    if shape is None:
        return _BY_TYPE.get(name)
    kind = shape.type if isinstance(shape.type, str) else name
    if kind.startswith("response.") or shape.object == "response":
        return "openai-responses"
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    if kind == "message" and shape.content is not None and shape.type == kind:
        return "anthropic-messages"
    if shape.choices is not None:
        return "openai-chat"
    if not (shape.candidates is None and shape.usageMetadata is None and shape.promptFeedback is None):
        return "google-generatecontent"
    return None
