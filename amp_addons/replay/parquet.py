"""Flows and stream events as Parquet files, below a folder or a URL: `flows/day=2026-11-28/….parquet`, and `events/…` likewise.

Each part of a capture writes files of its own, named by the capture and by where the part begins. So a part that is done twice
replaces what it wrote before, and a capture that has grown replaces its last part. The names hold nothing of the traffic's.
"""

import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from amp_addons.core.events import Event, FlowEnd, FlowRequest, FlowResponse, StreamEnd, StreamEvent
from amp_addons.core.scrub import visible
from amp_addons.files import replace_private
from amp_addons.ledger.row import COLUMNS, MAX_INTEGER, Flow, row_of
from amp_addons.replay.captures import STDIN
from amp_addons.replay.parts import Part
from amp_addons.replay.url import is_url, shown

ROWS = 100_000
"""Rows that are held before they are written: a capture that cannot be split is as long as it likes."""

_ARROW = {"string": pa.string(), "int64": pa.int64(), "double": pa.float64(), "bool": pa.bool_()}
_TIME = pa.field("time", pa.timestamp("ms"), nullable=False)

FLOWS = pa.schema(
    [
        _TIME,
        *(pa.field(column.name, _ARROW[column.type]) for column in COLUMNS[1:]),
        pa.field("url", pa.string()),
        pa.field("client", pa.string()),
        pa.field("error", pa.string()),
        pa.field("capture", pa.string()),
    ]
)
"""A row a flow: the ledger's columns, where the request went, who sent it, what went wrong, and the capture it is from."""

EVENTS = pa.schema(
    [
        _TIME,
        pa.field("flow", pa.string(), nullable=False),
        pa.field("seq", pa.int64()),
        pa.field("event", pa.string()),
        pa.field("bytes", pa.int64()),
        pa.field("t_ms", pa.float64()),
        pa.field("text", pa.string()),
    ]
)
"""A row a stream event, on the day of its flow."""

type Rows = dict[str, list[tuple[Any, ...]]]
"""By day."""


class NotWritten(OSError):
    """A table cannot be written. Unlike a capture that cannot be read, that is the end."""


class Tables:
    """Takes the events of a part's flows, flow by flow. What it writes is the same whoever does it."""

    def __init__(self, folder: str, part: Part) -> None:
        self._folder = folder
        whole = part.file if is_url(part.file) or part.file == STDIN else os.path.abspath(part.file)
        self._capture = visible(shown(whole))
        self._name = f"{hashlib.sha256(os.fsencode(whole)).hexdigest()[:20]}-{part.start:014}"
        self._number = self._count = 0
        self._flows: Rows = {}
        self._events: Rows = {}
        self._request: FlowRequest | None = None
        self._response: FlowResponse | None = None
        self._stream: StreamEnd | None = None

    def take(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, StreamEvent):
                self._add_event(event)
            elif isinstance(event, FlowRequest):
                self._request, self._response, self._stream = event, None, None
            elif isinstance(event, FlowResponse):
                self._response = event
            elif isinstance(event, StreamEnd):
                self._stream = event
            elif isinstance(event, FlowEnd) and self._request is not None:
                self._add_flow(self._request, event)
        if self._count >= ROWS:
            self.flush()

    def _add_event(self, event: StreamEvent) -> None:
        day = (self._request or event).time[:10]
        text = None if event.text is msgspec.UNSET else event.text
        self._events.setdefault(day, []).append((event.time, event.flow, event.seq, event.event, event.bytes, event.t_ms, text))
        self._count += 1

    def _add_flow(self, request: FlowRequest, end: FlowEnd) -> None:
        row = row_of(Flow(request, self._response, self._stream, end))
        more = visible(request.url), request.client and visible(request.client), end.error and visible(end.error), self._capture
        self._flows.setdefault(request.time[:10], []).append((request.time, *row[1:], *more))
        self._count += 1

    def flush(self) -> None:
        """Write what is held. Raises NotWritten."""
        for table, schema, rows in (("flows", FLOWS, self._flows), ("events", EVENTS, self._events)):
            for day, found in sorted(rows.items()):
                out = io.BytesIO()
                pq.write_table(_table(schema, found), out, compression="zstd")
                self._write((table, f"day={day}", f"{self._name}-{self._number:04}.parquet"), out.getvalue())
            rows.clear()
        self._number += 1
        self._count = 0

    def _write(self, path: Sequence[str], data: bytes) -> None:
        try:
            if is_url(self._folder):
                from amp_addons.replay import remote

                return remote.write("/".join((self._folder.rstrip("/"), *path)), data)
            for depth in range(len(path)):
                os.makedirs(os.path.join(self._folder, *path[:depth]), 0o700, exist_ok=True)
            replace_private(os.path.join(self._folder, *path), data)
        except OSError as error:
            raise NotWritten(str(error)) from None


def _table(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table([_column(field, values) for field, values in zip(schema, columns, strict=True)], schema=schema)


def _column(field: pa.Field, values: Iterable[Any]) -> pa.Array:
    if pa.types.is_timestamp(field.type):
        return pa.array(list(values), pa.string()).cast(pa.timestamp("ms", "UTC")).cast(field.type)
    if pa.types.is_boolean(field.type):  # the ledger's are 0 and 1
        return pa.array([None if value is None else bool(value) for value in values], field.type)
    if pa.types.is_integer(field.type):  # a capture may claim any number
        return pa.array([value if value is not None and abs(value) <= MAX_INTEGER else None for value in values], field.type)
    if pa.types.is_string(field.type):  # and have halves of characters in its texts
        return pa.array([None if value is None else value.encode("utf-8", "replace").decode() for value in values], field.type)
    return pa.array(list(values), field.type)
