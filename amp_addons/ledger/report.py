"""Reading the ledger: sums by model, provider, thread, day or endpoint, and the rows themselves."""

import sqlite3
from array import array
from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from amp_addons.ledger.row import COLUMNS

GROUPS = {
    "model": "model",
    "provider": "provider",
    "thread": "thread",
    "day": "date(time_ms / 1000, 'unixepoch', 'localtime')",
    "endpoint": "endpoint",
}

EXPORTED = ("time", *(column.name for column in COLUMNS))
"""The columns of an export, in order."""

_BOOLS = [EXPORTED.index(column.name) for column in COLUMNS if column.type == "bool"]
_FAILED = "outcome <> 'ok' OR ifnull(status, 0) >= 400 OR ifnull(ended, 'complete') <> 'complete'"
_RANGE = "time_ms >= ? AND time_ms < ?"


class Span(NamedTuple):
    """Flows that began from `since` on and before `until`, in milliseconds since the epoch."""

    since: int = 0
    until: int = 2**62


class Group:
    """Sums over flows. `tokens` are the providers' own numbers, `cost` is None where no flow had one."""

    __slots__ = ("cost", "duration", "errors", "flows", "key", "tokens_input", "tokens_output", "ttft")

    def __init__(self, key: str | None) -> None:
        self.key = key
        self.flows = self.errors = self.tokens_input = self.tokens_output = 0
        self.cost: float | None = None
        self.ttft = array("d")
        self.duration = array("d")

    def add(
        self, failed: int, tokens_input: int | None, tokens_output: int | None, cost: float | None, ttft: float | None, duration: float
    ) -> None:
        self.flows += 1
        self.errors += failed
        self.tokens_input += tokens_input or 0
        self.tokens_output += tokens_output or 0
        if cost is not None:
            self.cost = (self.cost or 0.0) + cost
        if ttft is not None:
            self.ttft.append(ttft)
        self.duration.append(duration)

    def merge(self, other: "Group") -> None:
        self.flows += other.flows
        self.errors += other.errors
        self.tokens_input += other.tokens_input
        self.tokens_output += other.tokens_output
        if other.cost is not None:
            self.cost = (self.cost or 0.0) + other.cost
        self.ttft.extend(other.ttft)
        self.duration.extend(other.duration)

    @property
    def ttft_p50(self) -> float | None:
        """Milliseconds to the first token that half of the streams did not exceed."""
        return median(self.ttft) if self.ttft else None

    @property
    def duration_p50(self) -> float | None:
        """Milliseconds that half of the flows did not exceed."""
        return median(self.duration) if self.duration else None

    def facts(self) -> dict[str, Any]:
        """The group as JSON has it."""
        return {
            "key": self.key,
            "flows": self.flows,
            "errors": self.errors,
            "tokens_input": self.tokens_input,
            "tokens_output": self.tokens_output,
            "cost_usd": None if self.cost is None else round(self.cost, 6),
            "ttft_ms_p50": self.ttft_p50,
            "duration_ms_p50": self.duration_p50,
        }


class Report(NamedTuple):
    groups: list[Group]
    total: Group


def report(connection: sqlite3.Connection, by: str, span: Span) -> Report:
    """Sum up the flows of a span. Days come in their order, other groups with the dearest first, then by flows."""
    found: dict[str | None, Group] = {}
    query = (
        f"SELECT {GROUPS[by]}, {_FAILED}, tokens_input, tokens_output, cost_usd, ttft_ms, ifnull(duration_ms, 0) FROM flows WHERE {_RANGE}"
    )
    for key, *values in connection.execute(query, span):
        group = found.get(key)
        if group is None:
            group = found[key] = Group(key)
        group.add(*values)
    total = Group(None)
    for group in found.values():
        total.merge(group)
    if by == "day":
        return Report(sorted(found.values(), key=lambda group: group.key or ""), total)
    return Report(sorted(found.values(), key=lambda group: (-(group.cost or 0), -group.flows, group.key or "")), total)


def rows(connection: sqlite3.Connection, span: Span) -> Iterator[tuple[Any, ...]]:
    """The flows of a span by their beginning, as values of EXPORTED."""
    for row in connection.execute(f"SELECT {', '.join(EXPORTED)} FROM flows WHERE {_RANGE} ORDER BY time_ms, id", span):
        values = list(row)
        for index in _BOOLS:
            values[index] = None if values[index] is None else bool(values[index])
        yield tuple(values)
