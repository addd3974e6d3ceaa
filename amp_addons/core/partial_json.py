"""JSON that a stream broke off: what was complete is read, as the SDKs do with the arguments of a call that was cut."""

import re
from typing import Any

from amp_addons.core.payload import dumps, loads, well_formed

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{\]},:]|[^\s\[\]{},:"]+', re.DOTALL)
_CLOSER = {"{": "}", "[": "]"}

MAX_BROKEN = 1024 * 1024
"""Characters of broken-off JSON that are looked through; longer ones stay text."""


def parse(text: str) -> Any:
    """The JSON value, the complete members of a broken-off object or array, or the text itself where it is neither. Linear."""
    value = loads(text)
    if value is None and len(text) <= MAX_BROKEN:
        value = loads(_completed(text))
    if value is not None and "\\ud" in text.lower():
        value = loads(well_formed(dumps(value)))  # an escape may be half a surrogate pair, which nothing can write down again
    return text if value is None else value


def _completed(text: str) -> str:
    """The text up to its last complete member, with the brackets that close what is open there."""
    open_: list[str] = []
    end = 0
    key = False  # whether a string here is the key of a member
    for token in _TOKEN.finditer(text):
        found = token.group()
        if found in _CLOSER:
            open_.append(_CLOSER[found])
        elif open_ and found == open_[-1]:
            open_.pop()
        elif not open_ or not _is_scalar(found):
            if found not in (",", ":"):
                break
            key = found == "," and open_[-1:] == ["}"]
            continue
        elif key:
            continue
        end, key = token.end(), found == "{"
        if not open_:
            break
    return text[:end] + "".join(reversed(open_))


def _is_scalar(token: str) -> bool:
    return token == "null" or not isinstance(loads(token), dict | list | None)
