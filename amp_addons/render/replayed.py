"""What a capture amounts to, as tables."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from amp_addons.core.scrub import visible
from amp_addons.render.units import counted, duration, figure, size

MAX_ROWS = 40
MAX_TYPES = 12


def replayed(
    found: dict[str, Any], captures: Sequence[str], rest: str = " (--json has all)", what: str = "no HTTP flow was found"
) -> Iterator[RenderableType]:
    """`found` is `Totals.as_json()`. `rest` says where the rows are that are too many, `what` that there are none."""
    if not found["flows"]:
        yield Text(what + (f" in {visible(captures[0])}" if len(captures) == 1 else ""))
        return
    yield _rows(found["rows"], rest)
    yield from _remarks(found)
    if found["slowest_streams"]:
        yield from _slowest(found["slowest_streams"])
    if found["rules"]:
        yield from _rules(found)
    if found["unknown"]:
        yield from _unknown(found, rest)


def _table(*columns: tuple[str, bool]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", border_style="dim")
    for name, left in columns:
        table.add_column(name, justify="left" if left else "right", no_wrap=True, overflow="ellipsis")
    return table


def _rows(rows: Sequence[dict[str, Any]], rest: str) -> Table:
    names = ("endpoint", "provider", "model")
    numbers = (
        "requests",
        "errors",
        "streams",
        "sent",
        "received",
        "tokens in",
        "out",
        "cost",
        "first p50",
        "p95",
        "time p50",
        "p95",
        "p99",
    )
    table = _table(*((name, True) for name in names), *((name, False) for name in numbers))
    for row in rows[:MAX_ROWS]:
        tokens, first, took = row["tokens"], row["ttft_ms"], row["duration_ms"]
        table.add_row(
            *_texts(row, *names),
            figure(row["requests"]),
            Text(figure(row["errors"]) if row["errors"] else "", "red"),
            figure(row["streams"]) if row["streams"] else "",
            size(row["request_bytes"]),
            size(row["response_bytes"]),
            figure(tokens["input"]) if "input" in tokens else "",
            figure(tokens["output"]) if "output" in tokens else "",
            f"${row['cost_usd']:.4f}" if row["cost_usd"] else "",
            *(_time(first[name]) for name in ("p50", "p95")),
            *(_time(took[name]) for name in ("p50", "p95", "p99")),
        )
    if len(rows) > MAX_ROWS:
        table.add_row(Text(f"{counted(len(rows) - MAX_ROWS, 'row')} more{rest}", "dim"))
    return table


def _texts(row: dict[str, Any], *names: str) -> list[Text]:
    """Cells: a recording, or whoever made it, may have written anything; and plain text would be read as markup."""
    return [Text(visible(row[name] or "")) for name in names]


def _time(milliseconds: float | None) -> str:
    return "" if milliseconds is None else duration(milliseconds)


def _remarks(found: dict[str, Any]) -> Iterator[Text]:
    problems = ", ".join(f"{count:,} {'failed' if name == 'error' else visible(name)}" for name, count in found["problems"].items())
    failed = f", {counted(sum(found['problems'].values()), 'error')} ({problems})" if problems else ""
    endings: dict[str, int] = {}
    cost = 0.0
    for row in found["rows"]:
        cost += row["cost_usd"] or 0.0
        for name, count in row["endings"].items():
            endings[visible(name)] = endings.get(visible(name), 0) + count
    yield Text()
    first, last = visible(found["first"]), visible(found["last"])
    yield Text(f"{counted(found['flows'], 'flow')}, {first} to {last}{failed}{f', ${cost:.4f}' if cost else ''}.")
    if endings:
        yield Text(f"Streams ended: {', '.join(f'{count:,} {name}' for name, count in sorted(endings.items()))}.")
    if types := list(found["event_types"].items()):
        shown = ", ".join(f"{figure(count)} {visible(name)}" for name, count in types[:MAX_TYPES])
        yield Text(f"Events: {shown}{f', {len(types) - MAX_TYPES} more types' if len(types) > MAX_TYPES else ''}.")


def _slowest(streams: Sequence[dict[str, Any]]) -> Iterator[RenderableType]:
    yield Text("\nSlowest streams", "bold")
    table = _table(
        ("began", True),
        ("endpoint", True),
        ("model", True),
        ("first", False),
        ("time", False),
        ("events", False),
        ("ended", True),
        ("flow", True),
    )
    for each in streams[:5]:
        table.add_row(
            *_texts(each, "time", "endpoint", "model"),
            _time(each["ttft_ms"]),
            duration(each["duration_ms"]),
            figure(each["events"]),
            *_texts(each, "ended"),
            Text(visible(each["flow"]), "dim"),
        )
    yield table


def _rules(found: dict[str, Any]) -> Iterator[RenderableType]:
    yield Text("\nRules", "bold")
    table = _table(("rule", True), ("mode", True), ("action", True), ("flows", False))
    for each in found["rules"]:
        table.add_row(*_texts(each, "rule", "mode", "action"), figure(each["count"]))
    yield table
    if found["redactions"]:
        table = _table(("redacted by", True), ("where", True), ("kind", True), ("count", False))
        for each in found["redactions"]:
            table.add_row(*_texts(each, "rule", "where", "kind"), figure(each["count"]))
        yield Text()
        yield table


def _unknown(found: dict[str, Any], rest: str) -> Iterator[RenderableType]:
    yield Text("\nIn no catalog", "bold")
    for each in found["unknown"][:10]:
        yield Text(f"{each['count']:>7,}  {visible(each['method'])} {visible(each['url'])}")
    left = len(found["unknown"]) - 10
    if left > 0 or found["unknown_left_out"]:
        yield Text(f"         {max(left, 0):,} more{rest}")
    yield Text("Add rows to a catalog of your own (--catalog, amp_catalog), for example:", "dim")
    from amp_addons.replay.suggested import suggested_rows

    yield Text(suggested_rows(found["unknown"][:3]))
