"""Event streams in general: which answers are some, and what type an event has."""

from typing import Any

import msgspec

from amp_addons.core.sse import ServerSentEvent

MAX_TYPES = 256
"""Distinct event types counted by name in one stream; the richest API (OpenAI Responses) has about 60. Others count as `OTHER`."""

OTHER = "(other)"
DONE = "[DONE]"


def expects_events(status: int, content_type: str | None, asked: bool) -> bool:
    """Whether an answer is an event stream: by its content type, or because one was asked for and nothing speaks against it.

    Some servers forget the content type, or give a general one; an answer to a request for a stream that says it is JSON,
    or that is an error, is no event stream.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type == "text/event-stream":
        return True
    return asked and status == 200 and media_type in ("", "text/plain", "application/octet-stream", "binary/octet-stream")


type Chunk = tuple[float, bytes]
"""When a piece of a body arrived, and the piece, as it was on the wire."""


class _Payload(msgspec.Struct, gc=False):
    # Any: a payload whose `type` is not a string still has an `object`.
    type: Any = None
    object: Any = None


_payload = msgspec.json.Decoder(_Payload)


def event_type(event: ServerSentEvent) -> str:
    """The payload's `type`, else its `object`, else the event's own name; `[DONE]` for the marker that ends chat streams."""
    data = event.data
    if data[:1] == "{":
        try:
            payload = _payload.decode(data)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return event.event
        if isinstance(payload.type, str):
            return payload.type
        if isinstance(payload.object, str):
            return payload.object
    elif data == DONE:
        return DONE
    return event.event
