"""The smallest edits of a JSON text: every byte that is not of an edited value stays as it was, white space and spellings included."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from amp_addons.core.json_pointer import Gap, locate, parse
from amp_addons.core.json_text import JsonText, Span


class Set(msgspec.Struct, frozen=True):
    """Replace the value at the pointer; where there is none, add it: a key to an object, an item (named `-`) to the end of an array."""

    pointer: str
    value: Any


class Remove(msgspec.Struct, frozen=True):
    """Remove a key or item, with its comma. Where there is none, there is nothing to do."""

    pointer: str


type Edit = Set | Remove
type Piece = tuple[int, int, bytes]
"""`data[start:end]` and what is to stand there."""


def edit(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Make all edits at once; pointers name places in `data` as it is.

    ValueError when one cannot be made (the parent is missing, two overlap, the value is not JSON), AmbiguousJson when readers may differ
    in what a pointer names. `data` must be JSON (`json_problem.problem_of`).
    """
    paths = [parse(each.pointer) for each in edits]
    places = locate(JsonText(data), paths)
    removed: list[Span] = []
    pieces: list[Piece] = []
    added: dict[Gap, list[Set]] = {}
    for path, each in zip(paths, edits, strict=True):
        place = places.get(path)
        if isinstance(each, Remove):
            if not path:
                raise ValueError("the whole body cannot be removed")
            removed += [place] if isinstance(place, Span) else []
        elif isinstance(place, Span):
            pieces.append((place.start, place.end, dumps(each.value)))
        elif place:
            added.setdefault(place, []).append(each)
        else:
            raise ValueError(f"nothing can be set at {each.pointer or 'the root'}: the body has no array or object that could hold it")
    cuts, emptied = _cuts(removed)
    pieces += cuts
    pieces += [(gap.at, gap.at, _members(gap, sets, gap.follows and gap.at not in emptied)) for gap, sets in added.items()]
    return splice(data, pieces)


def splice(data: bytes, pieces: Iterable[Piece]) -> bytes:
    """Put each piece in the place of what stands there. ValueError when two overlap."""
    parts: list[bytes] = []
    at = 0
    for start, end, piece in sorted(pieces):
        if start < at:
            raise ValueError("two edits of the body overlap")
        parts += (data[at:start], piece)
        at = end
    return b"".join([*parts, data[at:]])


def dumps(value: Any) -> bytes:
    """A value as compact JSON, non-ASCII kept. ValueError when JSON cannot say it."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        raise ValueError("a value to be set in a body is not JSON") from None
    return text.encode(errors="backslashreplace")  # all that UTF-8 cannot encode is half a surrogate pair, and so written as JSON does


def _cuts(removed: Iterable[Span]) -> tuple[list[Piece], set[int]]:
    """What goes with the removed: the comma after those that come first in their array or object, the comma before the others.

    So neighbours never ask for the same comma. Also the ends of those that come first: where nothing is left before.
    """
    cuts: list[Piece] = []
    first: set[int] = set()
    for span in sorted(removed, key=lambda span: span.start):
        if span.before is None or span.before in first:
            first.add(span.end)
            cuts.append((span.head, span.end if span.after is None else span.after, b""))
        else:
            cuts.append((span.before, span.end, b""))
    return cuts, first


def _members(gap: Gap, sets: Sequence[Set], comma: bool) -> bytes:
    keys = [dumps(parse(each.pointer)[-1]) + b":" if gap.keyed else b"" for each in sets]
    if gap.keyed and len(set(keys)) < len(keys):
        raise ValueError("two edits of the body add the same key")
    return (b"," if comma else b"") + b",".join(key + dumps(each.value) for key, each in zip(keys, sets, strict=True))
