"""The shape of a request: what of it stays when the same is asked on another day, and what decides which answer fits."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from amp_addons.core.encoding import decode_body
from amp_addons.core.hints import MAX_BODY, read_hints
from amp_addons.core.payload import loads

MAX_FEATURES = 5000
"""Features of a body that are looked at."""

_VARIES = re.compile(r"(?=.*\d).{8,}|\d+|\*\*\*|[A-Z]-.+")
"""Parts of a path that are likely to be another for each request: numbers, long words with digits in them, thread ids, masked keys."""


class Shape(NamedTuple):
    """`method` and `path` (with what varies as `{}`, and the keys of the query) must be the same, `stream` and `model` too; of several
    such requests the one is meant whose `features` are most alike."""

    method: str
    path: str
    stream: bool
    model: str | None
    features: frozenset[str]


def shape_of(method: str, target: str, body: bytes | None, coding: str) -> Shape:
    """The shape of a request. `target` is path and query. Never raises."""
    path, _, query = target.partition("?")
    keys = sorted(part.partition("=")[0] for part in query.split("&") if part)
    hints = read_hints(target, body, coding)
    return Shape(method, varied(path) + ("?" + "&".join(keys) if keys else ""), bool(hints.stream), hints.model, _features(body, coding))


def varied(path: str) -> str:
    """A path with the parts that vary left open."""
    return "/".join("{}" if varies(part) else part for part in path.split("/"))


def varies(part: str) -> bool:
    return _VARIES.fullmatch(part) is not None


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """How alike, from 0 to 1: the share of the features that both have."""
    return len(one & other) / len(one | other) if one or other else 1.0


def _features(body: bytes | None, coding: str) -> frozenset[str]:
    plain = decode_body(body or b"", coding, MAX_BODY) if coding else body
    found: set[str] = set()
    for feature in _walk(loads(plain), "") if plain else ():
        if len(found) >= MAX_FEATURES:
            break
        found.add(feature)
    return frozenset(found)


def _walk(value: Any, place: str, depth: int = 12) -> Iterator[str]:
    if isinstance(value, dict) and depth:
        for key, inside in value.items():
            yield from _walk(inside, f"{place}/{key}", depth - 1)
    elif isinstance(value, list) and depth:
        yield f"{place}[{len(value)}]"
        for number, inside in enumerate(value):
            yield from _walk(inside, f"{place}/{number}", depth - 1)
    else:
        yield f"{place}:{type(value).__name__}"
        if isinstance(value, str | int | bool):
            yield f"{place}={str(value)[:80]}"
