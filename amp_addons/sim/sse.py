"""Server-sent events, written (WHATWG HTML, section 9.2)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

encode = msgspec.json.Encoder().encode

type Payload = dict[str, Any]

DONE = b"data: [DONE]\n\n"


def unnamed(payload: Payload) -> bytes:
    """An event without a name, as chat completions have them."""
    return b"data: %b\n\n" % encode(payload)


def named(payload: Payload) -> bytes:
    """An event named by its payload's type, as Responses have them."""
    return b"event: %b\ndata: %b\n\n" % (payload["type"].encode(), encode(payload))


def count(payloads: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Events by the payload's type, else its object, else "message", the name of events without one."""
    return dict(Counter(payload.get("type") or payload.get("object") or "message" for payload in payloads))
