"""What changed from one JSON body to another, by JSON pointer: as a conversation grows, is rewritten, or loses something.

Lists are compared from their beginning, as a prompt cache does: what stands at the same place and is the same is kept, what follows at the
end was added. Anything else before the end was rewritten, and a provider's cache of the prompt holds up to there only.
"""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

MAX_CHANGES = 1000
"""Changes listed; further ones are counted by nobody: two bodies so different have little in common."""

MAX_DEPTH = 64

_MISSING: Any = object()
_MARKERS = ("cache_control",)
"""Keys that only say what is to be cached; they move on with every request."""

_CACHED = ("model", "tools", "system", "instructions", "messages", "input", "contents", "systemInstruction", "system_instruction")
"""What providers put into a prompt, and so into its cache, which is the model's own."""

type Kind = Literal["added", "removed", "rewritten", "marker"]


class Change(NamedTuple):
    """One change at a JSON pointer. `before` and `after` are values, None where there was or is none. `breaks_cache`: it changes a part
    of the prompt that was sent before."""

    kind: Kind
    path: str
    before: Any
    after: Any
    breaks_cache: bool


def changes(before: Any, after: Any) -> list[Change]:
    """The changes between two values of JSON, in the order of the later one."""
    found: list[Change] = []
    for change in _compare(before, after, "", MAX_DEPTH):
        if len(found) >= MAX_CHANGES:
            break
        found.append(change)
    return found


def _compare(before: Any, after: Any, path: str, depth: int) -> Iterator[Change]:
    if same(before, after):
        return
    if depth and isinstance(before, dict) and isinstance(after, dict):
        for key in [*after, *(key for key in before if key not in after)]:
            place = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
            old, new = before.get(key, _MISSING), after.get(key, _MISSING)
            if key in _MARKERS:
                if not same(old, new):
                    yield Change("marker", place, _shown(old), _shown(new), False)
            elif old is _MISSING or new is _MISSING:
                yield _whole(old, new, place, _is_prompt(place))
            else:
                yield from _compare(old, new, place, depth - 1)
    elif depth and isinstance(before, list) and isinstance(after, list):
        for number in range(min(len(before), len(after))):
            yield from _compare(before[number], after[number], f"{path}/{number}", depth - 1)
        for number in range(len(before), len(after)):
            # What is added to the conversation's end is what a cache is for; within an earlier message it is a rewriting.
            yield _whole(_MISSING, after[number], f"{path}/{number}", _is_prompt(path) and path.count("/") > 1)
        for number in range(len(after), len(before)):
            yield _whole(before[number], _MISSING, f"{path}/{number}", _is_prompt(path))
    else:
        yield Change("rewritten", path, before, after, _is_prompt(path))


def _whole(old: Any, new: Any, path: str, breaks_cache: bool) -> Change:
    return Change("added" if old is _MISSING else "removed", path, _shown(old), _shown(new), breaks_cache)


def _shown(value: Any) -> Any:
    return None if value is _MISSING else value


def _is_prompt(path: str) -> bool:
    return path.count("/") > 0 and path.split("/", 2)[1] in _CACHED


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where `true` is not 1."""
    return one is other or (type(one) is type(other) and one == other and not _mixed(one, other))


def _mixed(one: Any, other: Any) -> bool:
    """Whether somewhere inside a truth value equals a number, which Python allows."""
    if isinstance(one, dict):
        return any(type(one[key]) is not type(other[key]) or _mixed(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return any(type(a) is not type(b) or _mixed(a, b) for a, b in zip(one, other, strict=True))
    return False
