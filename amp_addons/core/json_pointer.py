"""RFC 6901 pointers into the bytes of a JSON text. The text is taken as valid: `json_problem.problem_of` says whether it is.

Readers differ in which of two equal keys they take, and some (Go's) in whether `Model` is `model`, a long s in it an s: a key on the
way that stands twice, or in other letters, is refused instead of guessed.
"""

import re
from collections.abc import Collection, Iterator

import msgspec

from amp_addons.core.json_text import JsonText, Span

MAX_MATCHES = 100_000
"""Most values looked at for one `*`: fifty times the messages of a very long chat. It bounds memory."""

MAX_KEY = 1024
"""Longest key that stands for a `*` (characters); the pointers of a long key's many values would be longer than the text."""

type Path = tuple[str, ...]

_BAD_ESCAPE = re.compile("~(?![01])")


class AmbiguousJson(ValueError):
    """A key on the way of a pointer stands twice in its object, so that readers may differ in what they read there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"a key on the way of {pointer_of(path)} stands twice in its object, or in other letters")


class Gap(msgspec.Struct, frozen=True):
    """Where a missing member of an object, or the next item of an array, would go."""

    at: int
    follows: bool
    """Whether another one is before it."""
    keyed: bool


def parse(pointer: str) -> Path:
    """The keys of a pointer, their escapes undone. ValueError when it is none."""
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"found the JSON pointer {pointer!r}, expected nothing or a / first, as in /{pointer}")
    if _BAD_ESCAPE.search(pointer):
        raise ValueError(f"found the JSON pointer {pointer!r}, expected ~0 (for ~) or ~1 (for /) wherever it has a ~")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def escape(key: str) -> str:
    """A key as a part of a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def pointer_of(path: Path) -> str:
    return "".join(f"/{escape(key)}" for key in path)


def is_within(pointer: str, places: Collection[str]) -> bool:
    """Whether a pointer leads to one of the places, or into it."""
    return any(pointer == place or pointer.startswith(f"{place}/") for place in places)


def find(data: bytes, pointer: str) -> Span | None:
    """The value that the pointer names, or None. AmbiguousJson when readers may differ in it."""
    return find_all(data, [pointer])[pointer]


def find_all(data: bytes, pointers: Collection[str]) -> dict[str, Span | None]:
    """`find` for several pointers at once: an object that several lead through is read once."""
    paths = {pointer: parse(pointer) for pointer in pointers}
    found = locate(JsonText(data), paths.values())
    spans = {pointer: found.get(path) for pointer, path in paths.items()}
    return {pointer: span if isinstance(span, Span) else None for pointer, span in spans.items()}


def locate(text: JsonText, paths: Collection[Path]) -> dict[Path, Span | Gap]:
    """Where each path leads. A path whose last key alone is missing leads to a gap; one that breaks off earlier is left out."""
    found: dict[Path, Span | Gap] = {}
    root = text.root()
    todo = [(root, 0, paths)] if root else []
    while todo:
        span, depth, here = todo.pop()
        wanted: dict[str, list[Path]] = {}
        for path in here:
            if len(path) == depth:
                found[path] = span
            else:
                wanted.setdefault(path[depth], []).append(path)
        if not wanted:
            continue
        inside = _look_into(text, span, wanted)
        if inside.twice is not None:
            raise AmbiguousJson(wanted[inside.twice][0])
        todo += [(child, depth + 1, wanted[key]) for key, child in inside.found.items()]
        for key in wanted.keys() - inside.found.keys():
            if inside.gap and (inside.gap.keyed or key == "-"):
                found |= {path: inside.gap for path in wanted[key] if len(path) == depth + 1}
    return found


def find_each(data: bytes, pattern: str) -> Iterator[tuple[str, Span]]:
    """The values that a pointer names in which a part `*` is every key or item, each with its own pointer, in their order.

    AmbiguousJson as for `find`; below a `*`, when any key of an object stands twice. ValueError past MAX_MATCHES or MAX_KEY. Either may
    come after some values, so a caller that must see all of them collects them first.
    """
    parts = parse(pattern)
    text = JsonText(data)
    root = text.root()
    todo = [("", root, 0)] if root else []
    while todo:
        pointer, span, depth = todo.pop()
        if depth == len(parts):
            yield pointer, span
            continue
        inside = _look_into(text, span, None if parts[depth] == "*" else parts[depth : depth + 1])
        if inside.twice is not None:
            raise AmbiguousJson(parts)
        todo += [(f"{pointer}/{escape(key)}", child, depth + 1) for key, child in reversed(inside.found.items())]


class _Inside(msgspec.Struct):
    """What is directly in an array or object: the wanted values by key, where another would go, and a wanted key that stands twice."""

    found: dict[str, Span]
    gap: Gap | None = None
    twice: str | None = None


def _look_into(text: JsonText, span: Span, wanted: Collection[str] | None) -> _Inside:
    """Read an array or object; `wanted` None is all of it. Other values have nothing in them, and no gap."""
    inside = _Inside({})
    keyed = text.is_object(span)
    folded = {key.casefold(): key for key in wanted or ()}
    last = None
    for index, last in enumerate(text.children(span)):
        key = text.key(last) if keyed else str(index)
        if wanted is None:
            _check_bounds(index, key)
        elif key not in wanted:
            if keyed and (meant := folded.get(key.casefold())) is not None:
                inside.twice = meant
            continue
        if key in inside.found:
            inside.twice = key
        inside.found[key] = last
    if keyed or text.is_array(span):
        inside.gap = Gap(last.end if last else span.start + 1, last is not None, keyed)
    return inside


def _check_bounds(index: int, key: str) -> None:
    if index >= MAX_MATCHES:
        raise ValueError(f"more than {MAX_MATCHES} values stand where a pointer has a *")
    if len(key) > MAX_KEY:
        raise ValueError(f"a key of more than {MAX_KEY} characters stands where a pointer has a *")
