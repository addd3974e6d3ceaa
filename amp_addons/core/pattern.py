"""The notation of paths in catalogs.

/api/user                           this path
/api/threads/{threadId}             any one segment, kept as a field of the classification
/api/threads/{threadId}.md          the same with an ending that starts with `.` or `:`
/api/provider/groq/**               this path and everything below it; `/**` alone is a whole host
/api/threads?createdByUserID={id}   the query must have this key, whatever its value
/api/threads?archived=false         the query must have this pair
/api/internal?{method}              the query's first part must be a bare word (`?getUserInfo`)
/api/internal?getUserInfo           the query must have this bare word
"""

import re
from typing import NamedTuple

_FIELD = re.compile(r"\{([A-Za-z_]\w*)\}([.:][\w-]+)?", re.ASCII)
_LITERAL = re.compile(r"[^\x00-\x20\x7f{}*?#\\]*")
_BARE_WORD = re.compile(r"([A-Za-z_][\w.-]{0,63})=?", re.ASCII)


class Segment(NamedTuple):
    """One segment of a pattern: `text` itself, or with `field` any text that ends with `text`."""

    text: str
    field: str | None = None


class Condition(NamedTuple):
    """What the query must have: `key` (None: any bare word at its start) with `value` (None: any). `field` keeps what was found."""

    key: str | None
    value: str | None = None
    field: str | None = None


class Pattern(NamedTuple):
    """A parsed path pattern. `below` is the `/**` at its end, `has_fields` says whether anything is kept of a path or query."""

    text: str
    segments: tuple[Segment, ...]
    below: bool
    conditions: tuple[Condition, ...]
    has_fields: bool

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """Read the notation above. Raises ValueError, whose message completes "expected …"."""
        path, mark, query = text.partition("?")
        if not path.startswith("/"):
            raise ValueError("a path that starts with /")
        below = path.endswith("/**")
        segments = tuple(map(_segment, path.removesuffix("/**").split("/")[1:]))
        if any(segment in (("", None), (".", None), ("..", None)) for segment in (segments if below else segments[:-1])):
            raise ValueError("a path without empty segments, /./ and /../")
        conditions = tuple(map(_condition, query.split("&"))) if mark else ()
        return cls(text, segments, below, conditions, any(part.field for part in segments) or any(part.field for part in conditions))

    def query_fields(self, query: str) -> dict[str, str] | None:
        """The fields that the conditions find in a query, or None where one of them does not hold."""
        parts = query.split("&")
        fields: dict[str, str] = {}
        for condition in self.conditions:
            found = _find(condition, parts)
            if found is None:
                return None
            if condition.field:
                fields[condition.field] = found
        return fields


def _segment(text: str) -> Segment:
    if match := _FIELD.fullmatch(text):
        return Segment(match[2] or "", match[1])
    if not _LITERAL.fullmatch(text):
        raise ValueError("segments that are plain text, {name}, {name}.ending, or ** at the end")
    return Segment(text)


def _condition(text: str) -> Condition:
    key, equals, value = text.partition("=")
    if not equals and (match := _FIELD.fullmatch(key)):
        return Condition(None, None, match[1])
    if not key or not _LITERAL.fullmatch(key):
        raise ValueError("a query of parts such as key, key=value, key={name} or {name}")
    if match := _FIELD.fullmatch(value):
        return Condition(key, None, match[1])
    return Condition(key, value)


def _find(condition: Condition, parts: list[str]) -> str | None:
    if condition.key is None:
        word = _BARE_WORD.fullmatch(parts[0])
        return word[1] if word else None
    for part in parts:
        key, _, value = part.partition("=")
        if key == condition.key and condition.value in (None, value):
            return value
    return None
