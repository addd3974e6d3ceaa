"""The ledger's rows as lines of CSV or JSON, made harmless for the program that opens them (THREATS 7)."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from amp_addons.core.scrub import visible
from amp_addons.ledger.report import EXPORTED

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet takes for a formula."""


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A heading and the rows. Null is empty; a text that a spreadsheet would compute begins with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(EXPORTED)
    yield _take(buffer)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        yield _take(buffer)


def json_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Each row as a JSON object."""
    encode = msgspec.json.Encoder().encode
    for row in rows:
        values = [visible(value) if isinstance(value, str) else value for value in row]
        yield encode(dict(zip(EXPORTED, values, strict=True))).decode() + "\n"


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _take(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
