"""Where a string stands in the bytes of a JSON object, so that nothing but the string need be changed."""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec

MAX_TOKENS = 200_000
"""Most strings and brackets that a scan passes: a tenth of a second. The largest answers have far fewer before their model's name."""

# A string that does not end goes on to the end of the bytes, so that no byte is looked at twice.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*+(?:"|\Z)|[{}\[\]]', re.DOTALL)
_STRING = re.compile(rb'[ \t\r\n]*+:[ \t\r\n]*+("[^"\\]*+(?:\\.[^"\\]*+)*+")', re.DOTALL)
_OBJECT = re.compile(rb"[ \t\r\n]*+:[ \t\r\n]*+\{")


def string_spans(text: bytes, keys: tuple[str, ...]) -> list[tuple[int, int]]:
    """The spans of the strings at this path of keys in the object that begins at the first `{`, quotes included.

    There are several where a key is repeated, and none where there is no such string. What is no JSON does no harm. A key that is spelled
    with escapes, as no encoder spells these, is not found, and neither is one past MAX_TOKENS.
    """
    quoted = _quoted(keys)
    for key in quoted:
        if key not in text:
            return []
    if at := _only_place(text, quoted, keys):
        return [value.span(1)] if (value := _STRING.match(text, at)) else []
    return _scan(text, quoted)


@lru_cache(64)
def _quoted(keys: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(f'"{key}"'.encode() for key in keys)


def _only_place(text: bytes, quoted: tuple[bytes, ...], keys: tuple[str, ...]) -> int:
    """Where the path's last key ends, when that is sure at a tenth of what a scan costs: the string is there, and this key but once."""
    if text.count(quoted[-1]) != 1 or b"\\u00" in text:
        return 0
    try:
        _decoder(keys)(text[text.find(b"{") :])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return 0
    return text.find(quoted[-1]) + len(quoted[-1])


@lru_cache(64)
def _decoder(keys: tuple[str, ...]) -> Callable[[bytes], Any]:
    """Decodes objects that have a string at the path, and no others."""
    kind: Any = str
    for key in reversed(keys):
        kind = msgspec.defstruct("At", [("value", kind)], rename={"value": key})
    return msgspec.json.Decoder(kind).decode


def _scan(text: bytes, quoted: tuple[bytes, ...]) -> list[tuple[int, int]]:
    spans = []
    depth = found = 0  # how deep we are, and how many keys of the path lead to where we are
    last = text.rfind(quoted[-1])
    for token in islice(_TOKEN.finditer(text, max(text.find(b"{"), 0)), MAX_TOKENS):
        start, end = token.span()
        if start > last:
            break
        mark = text[start]
        if mark in b"{[":
            depth += 1
        elif mark in b"}]":
            depth -= 1
            found = min(found, max(depth - 1, 0))
        elif depth == found + 1 and token[0] == quoted[found]:
            if found + 1 < len(quoted):
                found += _OBJECT.match(text, end) is not None
            elif value := _STRING.match(text, end):
                spans.append(value.span(1))
    return spans
