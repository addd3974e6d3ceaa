"""Paths that can be read in more than one way, and the one reading that a server at the far end may choose.

A row matches a path only if it matches in every reading. So percent-encoding, `//`, `/./`, `;params` and backslashes cannot carry a
path from one row into another, and a path that climbs (`..`, however encoded) is in no row at all.
"""

import re
from urllib.parse import unquote

MAX_ENCODINGS = 4
"""How often a path may be percent-encoded over; proxies and frameworks decode once, careless ones twice."""

_ODD = re.compile(r"[%\\;\x00-\x20\x7f]|//|/\.")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_odd(path: str) -> bool:
    """Whether a path has anything in it that another reader may read in another way."""
    return _ODD.search(path) is not None


def canonical(path: str) -> str | None:
    """The path as the most obliging server reads it: decoded, normalised, without parameters. None: it climbs, or is no path."""
    segments = _segments(path)
    return None if segments is None or ".." in segments else _joined(segments)


def resolved(path: str) -> str | None:
    """The same, with the way up taken as well, as servers do that let a path climb. None: it is no path."""
    segments = _segments(path)
    kept: list[str] = []
    for segment in segments or ():
        if segment != "..":
            kept.append(segment)
        else:
            while kept and kept.pop() in ("", "."):
                pass
    return None if segments is None else _joined(kept)


def is_same(path: str, reading: str) -> bool:
    """Whether two readings differ in percent-encoding alone, segment for segment: then no server takes one for another path."""
    return unquote(path) == reading and path.count("/") == reading.count("/")


def _segments(path: str) -> list[str] | None:
    for _ in range(MAX_ENCODINGS):
        path, before = unquote(path), path
        if path == before:
            break
    else:
        return None
    if _CONTROL.search(path):
        return None
    return [segment.partition(";")[0] for segment in path.replace("\\", "/").split("/")]


def _joined(segments: list[str]) -> str:
    kept = [segment for segment in segments if segment not in ("", ".")]
    return f"/{'/'.join(kept)}{'/' if kept and segments[-1] in ('', '.') else ''}"
