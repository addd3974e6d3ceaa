"""What the ledger keeps of a flow: its columns, and a flow's events as their values. No URL, no content, no credential."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from amp_addons.core.events import FlowEnd, FlowRequest, FlowResponse, StreamEnd
from amp_addons.core.scrub import visible

MAX_TEXT = 256
"""Characters of a text that are kept: names of models, threads and hosts are shorter, what traffic may put there is not."""

MAX_INTEGER = 2**63 - 1
"""The largest that a column holds. A provider that claims more tokens than that is not believed."""

type Value = str | int | float | None


class Column(NamedTuple):
    name: str
    type: str
    """`string`, `int64`, `double` or `bool`: names of Arrow and Parquet. Every column but `time`, `flow` and the like may be null."""


COLUMNS = (
    Column("time_ms", "int64"),
    Column("flow", "string"),
    Column("endpoint", "string"),
    Column("category", "string"),
    Column("provider", "string"),
    Column("route", "string"),
    Column("api", "string"),
    Column("known", "bool"),
    Column("method", "string"),
    Column("host", "string"),
    Column("status", "int64"),
    Column("outcome", "string"),
    Column("model", "string"),
    Column("stream", "bool"),
    Column("ended", "string"),
    Column("stop_reason", "string"),
    Column("thread", "string"),
    Column("tokens_input", "int64"),
    Column("tokens_output", "int64"),
    Column("tokens_cache_read", "int64"),
    Column("tokens_cache_write", "int64"),
    Column("tokens_reasoning", "int64"),
    Column("cost_usd", "double"),
    Column("ttft_ms", "double"),
    Column("ttfb_ms", "double"),
    Column("duration_ms", "double"),
    Column("request_bytes", "int64"),
    Column("response_bytes", "int64"),
    Column("events", "int64"),
    Column("rules", "string"),
    Column("upstream", "string"),
)


class Flow(NamedTuple):
    """The events of a flow that is over, as far as the ledger looks at them."""

    request: FlowRequest
    response: FlowResponse | None
    stream: StreamEnd | None
    end: FlowEnd


def row_of(flow: Flow) -> tuple[Value, ...]:
    """The values of COLUMNS, in that order."""
    request, response, stream, end = flow
    tokens = stream.tokens if stream else None
    return (
        round(datetime.fromisoformat(request.time).timestamp() * 1000),
        end.flow,
        request.endpoint,
        request.category,
        request.provider,
        request.route,
        request.api,
        int(request.known),
        _text(request.method),
        _text(_host(request.url)),
        end.status,
        end.outcome,
        _text((stream and stream.model) or request.model),
        None if request.stream is None else int(request.stream),
        stream.ended if stream else None,
        _text(stream.stop_reason) if stream else None,
        _text(request.thread),
        _number(tokens.input) if tokens else None,
        _number(tokens.output) if tokens else None,
        _number(tokens.cache_read) if tokens else None,
        _number(tokens.cache_write) if tokens else None,
        _number(tokens.reasoning) if tokens else None,
        stream.cost_usd if stream else None,
        stream.ttft_ms if stream else None,
        response.ttfb_ms if response else None,
        end.duration_ms,
        end.request_bytes,
        end.response_bytes,
        sum(stream.events.values()) if stream else None,
        _text(",".join(end.rules)) or None,
        _text(end.upstream),
    )


def _text(text: str | None) -> str | None:
    # Events are scrubbed, but a rule's name comes from a file: what SQLite could not encode would cost the whole batch.
    if text is None:
        return None
    text = visible(text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _number(number: int | None) -> int | None:
    return number if number is not None and -MAX_INTEGER <= number <= MAX_INTEGER else None


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower() or None
    except ValueError:
        return None
