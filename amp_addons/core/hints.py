"""What a request to a model says about itself before it is answered: which model, and whether a stream is asked for.

Known from the JSON body, or from the path for Google and for Claude on Vertex (`…/models/{model}:streamGenerateContent`).
"""

import re
from typing import Any
from urllib.parse import unquote

import msgspec

from amp_addons.core.encoding import decode_body

MAX_BODY = 8 * 1024 * 1024
"""Largest request body looked into (bytes). Picking fields out of 1 MiB takes about a millisecond of the event loop."""

_MODEL_IN_PATH = re.compile(r"/models/([^/?#:]+):(\w+)")


class RequestHints(msgspec.Struct, frozen=True, gc=False):
    """`model` and `stream` are None where the request does not say, or cannot be read."""

    model: str | None = None
    stream: bool | None = None


class _Body(msgspec.Struct, gc=False):
    # Any: a wrong type in one field does not hide the other.
    model: Any = None
    stream: Any = None


_decoder = msgspec.json.Decoder(_Body)


def read_hints(path: str, body: bytes | None, content_encoding: str | None = None) -> RequestHints:
    """Read the hints of one request. `path` is the request target; never raises: what cannot be read is None."""
    if found := _MODEL_IN_PATH.search(path):
        return RequestHints(model=unquote(found[1]), stream=found[2].startswith("stream"))
    if not body or len(body) > MAX_BODY:
        return RequestHints()
    if content_encoding:
        body = decode_body(body, content_encoding, MAX_BODY)
        if body is None:
            return RequestHints()
    try:
        fields = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return RequestHints()
    return RequestHints(
        model=fields.model if isinstance(fields.model, str) else None,
        stream=fields.stream if isinstance(fields.stream, bool) else None,
    )
