"""Rows for a catalog of one's own, made from requests that no catalog knows. What comes from traffic is quoted as YAML (THREATS 7)."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.core.target import split_target

_WORD = re.compile(r"[a-z0-9]+")
_METHOD = re.compile(r"[A-Z][A-Z-]*")
_PLAIN = re.compile(r"[\w.~@:+,=-]+", re.ASCII)
_HOST = re.compile(r"[a-z0-9_.-]+(?::\d{1,5})?")
_VARIES = re.compile(r"(?=.*\d).{8,}|\d+|\*\*\*|[A-Z]-.+")
"""Parts of a path that are likely to be another for each request: numbers, long words with digits in them, thread ids, masked keys."""


def suggested_rows(unknown: Sequence[dict[str, Any]], amp_url: str = DEFAULT_AMP_URL) -> str:
    """A catalog file with a row for each request that a row can be made of. `unknown` is as in `Totals.as_json()`."""
    amp_host, base, _ = split_target(amp_url)
    rows: dict[tuple[str, str, str], None] = {}
    for each in unknown:
        host, path, _ = split_target(each["url"])
        if not host or not _METHOD.fullmatch(each["method"]):
            continue
        own = host == amp_host and path.startswith(base.rstrip("/") + "/")
        pattern = _pattern(path.removeprefix(base.rstrip("/")) if own else path)
        if pattern is None or not (own or (host != amp_host and _HOST.fullmatch(host))):
            continue  # beside amp.url's own path on its host no row is looked for
        rows.setdefault((each["method"], "" if own else host, pattern))
    if not rows:
        return ""
    names = _names([pattern for _, _, pattern in rows])
    lines = ["catalog: mine", "title: My endpoints", "endpoints:"]
    for (method, host, pattern), name in zip(rows, names, strict=True):
        lines += [f"  - id: {name}", "    category: other", f"    method: {_quoted(method)}", f"    path: {_quoted(pattern)}"]
        lines += [f"    host: {_quoted(host)}"] if host else []
    return "\n".join(lines)


def _pattern(path: str) -> str | None:
    """The path with what varies as templates; None for one that is too odd to be written as a pattern."""
    parts, names = [], 0
    segments = path.split("/")[1:]
    if "" in segments[:-1] or "." in segments or ".." in segments:
        return None  # another path for whoever reads it
    for part in segments:
        if _VARIES.fullmatch(part):
            names += 1
            parts.append("{id}" if names == 1 else f"{{id{names}}}")
        elif part and not _PLAIN.fullmatch(part):
            return None
        else:
            parts.append(part)
    return "/" + "/".join(parts)


def _names(patterns: Sequence[str]) -> list[str]:
    """An id for each row; those that would have the same get numbers: a catalog takes each once."""
    found: dict[str, None] = {}
    for pattern in patterns:
        name, number = f"my.{_id(pattern) or 'root'}", 1
        while (name if number == 1 else f"{name}.{number}") in found:
            number += 1
        found[name if number == 1 else f"{name}.{number}"] = None
    return list(found)


def _id(pattern: str) -> str:
    return ".".join(_WORD.findall(pattern.lower().replace("{", "").replace("}", "")))[:60].rstrip(".")


def _quoted(text: str) -> str:
    """JSON strings are YAML, and the catalog reader takes them."""
    return msgspec.json.encode(text).decode()
