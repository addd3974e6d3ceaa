"""Whether a body is JSON that every reader reads alike, asked before a rule trusts what it found in it or changes it."""

import re
from collections.abc import Collection
from functools import lru_cache
from itertools import accumulate

import msgspec

from amp_addons.core.json_pointer import AmbiguousJson, locate, parse
from amp_addons.core.json_text import MAX_DEPTH, JsonText

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BRACKETS = b"[]{}"
_NO_BRACKET = bytes(set(range(256)) - set(_BRACKETS))
_STEPS = [(byte in b"[{") - (byte in b"]}") for byte in range(256)]
HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")

# Checks the syntax of everything and builds nothing: 1.5 ms a megabyte. It does not look whether strings are UTF-8.
_outermost = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_check_syntax = msgspec.json.Decoder(msgspec.Raw).decode


def problem_of(data: bytes, keys: Collection[str] = (), pointers: Collection[str] = ()) -> str | None:
    """Why the body cannot be trusted to mean one thing, as a sentence that holds nothing of it; None when it can.

    `keys` are those of the outermost object that must not stand twice in it; `pointers` those whose every key must not. Half a surrogate
    pair, escaped, is no problem: clients that cut texts send it, and servers take it.
    """
    if problem := _problem_of_encoding(data):
        return problem
    if not pointers and _is_plain(data, keys):
        return None
    text = JsonText(data)
    if _depth(text.masked) > MAX_DEPTH:
        return f"the body has more than {MAX_DEPTH} arrays and objects within each other"
    if not _is_json(data):
        return "the body is not valid JSON"
    paths = {(key,) for key in keys} | {parse(pointer) for pointer in pointers}
    try:
        locate(text, paths)
    except AmbiguousJson as error:
        return f"in the body {error}"
    return None


def _is_plain(data: bytes, keys: Collection[str]) -> bool:
    """Whether it is easily seen that there is no problem, at a fifth of the cost of a closer look: so it is with most bodies.

    A key is written once, and no other one may be meant by it: not even with escapes, which there are none of, or in other letters.
    """
    if b"\\u" in data or data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        return False
    try:
        found = _outermost(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    names = {name.casefold() for name in found}
    if len(names) < len(found):
        return False
    quoted, lower = _quoted(frozenset(keys)), data.lower()
    for name in names & quoted.keys():
        key, text = quoted[name]
        if key not in found or lower.count(text) != 1:
            return False
    return True


@lru_cache(maxsize=16)
def _quoted(keys: frozenset[str]) -> dict[str, tuple[str, bytes]]:
    """Keys, and how they stand in a body that was put in lower case, by their folded names."""
    return {key.casefold(): (key, b'"%b"' % key.encode().lower()) for key in keys}


def _problem_of_encoding(data: bytes) -> str | None:
    if not data:
        return "the body is empty"
    if data.startswith(_UTF8_MARK):
        return "the body begins with a byte order mark, which some readers of JSON refuse"
    if data.startswith(_UTF16_MARKS) or b"\0" in data[:4]:
        return "the body is not UTF-8, but UTF-16 or UTF-32 by its first bytes"
    try:
        data.isascii() or data.decode()
    except UnicodeDecodeError:
        return "the body is not valid UTF-8"
    return None


def _depth(masked: bytes) -> int:
    """How many brackets are open at most, those in strings left out."""
    brackets = b"".join(masked.split(b'"')[::2]).translate(None, _NO_BRACKET)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _is_json(data: bytes) -> bool:
    # msgspec refuses half a surrogate pair. Another escape in its place changes nothing else, even where the backslash is itself escaped.
    return _has_syntax(data) or (b"\\u" in data and _has_syntax(HALF_PAIR.sub(rb"\\n", data)))


def _has_syntax(data: bytes) -> bool:
    try:
        _check_syntax(data)
    except msgspec.DecodeError:
        return False
    return True
