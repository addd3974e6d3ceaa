"""Where the data of an event stands in its lines."""

import re
from typing import NamedTuple

_DATA = re.compile(rb"(?:\A|(?<=[\r\n]))data:[ \t]*+([^\r\n]*)")
_NAME = re.compile(rb"(?:\A|(?<=[\r\n]))event:")
_FIELDS = re.compile(rb"(?:[\r\n]++|(?:data|event|id|retry)?:[^\r\n]*+|(?:data|event|id|retry)(?=[\r\n]|\Z))*+")


class DataLine(NamedTuple):
    """`block[start:end]` is the data; it is whole unless there are more lines of it, as no known provider sends them."""

    data: bytes
    start: int
    end: int
    is_whole: bool
    is_named: bool
    crlf: bool


def data_line(block: bytes) -> DataLine | None:
    """The first line of data in the lines of an event; None when there is none."""
    lines = _DATA.finditer(block)
    if (first := next(lines, None)) is None:
        return None
    return DataLine(first[1], *first.span(1), next(lines, None) is None, bool(_NAME.search(block)), 13 in block)


def has_fields_only(block: bytes) -> bool:
    """Whether every line is a comment or a field that the standard knows."""
    fields = _FIELDS.match(block)
    return fields is not None and fields.end() == len(block)
