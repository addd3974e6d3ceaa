"""Flows for the ledger, and a look into its file."""

import sqlite3
from contextlib import closing

from amp_addons.core.clock import rfc3339
from amp_addons.core.events import FlowEnd, FlowRequest, FlowResponse, StreamEnd, Tokens
from amp_addons.ledger.row import Flow

NOON = 1_793_534_400.125
"""2026-11-01T12:00:00.125Z"""


def make_flow(at=NOON, *, flow="f", model="claude-sonnet-4-5", url="https://ampcode.com/api/x", request=None, stream=None, end=None):
    """A stream that went well, unless told; `stream=False`: an answer that was none."""
    time = rfc3339(at)
    asked = FlowRequest(
        **{
            "time": time, "flow": flow, "method": "POST", "url": url, "endpoint": "provider.anthropic", "category": "inference",
            "provider": "anthropic", "route": "proxied", "api": "anthropic-messages", "known": True, "model": model, "stream": True,
            "thread": "T-1", **(request or {}),
        }
    )  # fmt: skip
    over = {
        "time": time, "flow": flow, "ended": "complete", "events": {"ping": 2, "message_stop": 1}, "bytes": 9, "chunks": 1,
        "ttft_ms": 50.5, "duration_ms": 200.0, "model": model, "stop_reason": "end_turn",
        "tokens": Tokens(input=10, output=4, cache_read=3), "cost_usd": 0.25,
    }  # fmt: skip
    done = {"time": time, "flow": flow, "status": 200, "outcome": "ok", "request_bytes": 7, "response_bytes": 9, "duration_ms": 201.0}
    return Flow(
        asked,
        FlowResponse(time=time, flow=flow, status=200, ttfb_ms=20.0),
        None if stream is False else StreamEnd(**{**over, **(stream or {})}),
        FlowEnd(**{**done, **(end or {})}),
    )


def read(path, what="*", more=""):
    """Rows of the file, as dicts."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT {what} FROM flows {more}")]
