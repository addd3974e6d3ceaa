"""Events and flows made by hand for the display, and a terminal that keeps what it would show."""

import re

from rich.cells import cell_len

from amp_addons.core.events import FlowEnd, FlowRequest, FlowResponse, StreamEnd
from amp_addons.core.trace import FlowTrace
from amp_addons.render.line import Finished

TIME = "2025-11-23T22:13:20.123Z"
HOSTILE = "[red]x[/red]\x1b]0;pwned\x07\u202e"
HARMLESS = r"[red]x[/red]\x1b]0;pwned\x07\u202e"
MESSAGES = "https://ampcode.com/api/provider/anthropic/v1/messages"


def request(**fields):
    """An Anthropic stream's request, or whatever `fields` make of it."""
    return FlowRequest(
        **{
            "time": TIME,
            "flow": "f1",
            "method": "POST",
            "url": MESSAGES,
            "endpoint": "provider.anthropic",
            "category": "inference",
            "provider": "anthropic",
            "route": "proxied",
            "known": True,
            "model": "claude-opus-4-5",
        }
        | fields
    )


def small_request(**fields):
    """A request for the user, which is no stream."""
    named = {"method": "GET", "url": "https://ampcode.com/api/user", "endpoint": "user.get", "category": "user"}
    return request(**{**named, "provider": None, "model": None} | fields)


def response(**fields):
    return FlowResponse(**{"time": TIME, "flow": "f1", "status": 200, "content_type": "text/event-stream", "ttfb_ms": 312.0} | fields)


def stream_end(**fields):
    named = {"ended": "complete", "events": {"ping": 1, "content_block_delta": 40}, "bytes": 12_345, "chunks": 9, "duration_ms": 2310.4}
    return StreamEnd(**{"time": TIME, "flow": "f1", **named} | fields)


def flow_end(**fields):
    named = {"status": 200, "outcome": "ok", "request_bytes": 321, "response_bytes": 12_345, "duration_ms": 2310.4}
    return FlowEnd(**{"time": TIME, "flow": "f1", **named} | fields)


def stream_flow(stream=None, end=None, **fields):
    return Finished(request(**fields), stream_end(**stream or {}), flow_end(**end or {}))


def small_flow(end=None, **fields):
    return Finished(small_request(**fields), None, flow_end(**{"response_bytes": 312, "duration_ms": 12.7} | (end or {})))


class Watch:
    """The tallies of a stream under way."""

    def __init__(self, **counts):
        self.counts = counts
        self.events = sum(counts.values())
        self.last = self.first_token = None


def trace(started=1000.0, watch=None, answer=None, **fields):
    """A flow under way."""
    found = FlowTrace(fields.get("flow", "f1"), started, lambda *_: None)
    found.request, found.response, found.watch = request(**fields), answer, watch
    return found


class Terminal:
    """As much of a terminal as the display uses: printing with wrapping and scrolling, and the control sequences it may send."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.rows, self.row, self.column = [""], 0, 0
        self.top = 0

    def feed(self, text):
        for sequence, character in re.findall(r"\x1b\[([\d;]*[A-Za-z])|(.)", text, re.DOTALL):
            if character:
                self._print(character)
            else:
                self._obey(sequence)

    def shown(self):
        """The rows of the screen."""
        return [row.rstrip() for row in self.rows[self.top :]]

    def all(self):
        """The rows of the screen and those that have scrolled off above."""
        return [row.rstrip() for row in self.rows]

    def _print(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self._next_row()
        else:
            assert character.isprintable(), f"a terminal would obey {character!r}"
            if self.column + cell_len(character) > self.width:
                self._next_row()
            row = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = row[: self.column] + character + row[self.column + 1 :]
            self.column += cell_len(character)

    def _next_row(self):
        self.row, self.column = self.row + 1, 0
        if self.row == len(self.rows):
            self.rows.append("")
        self.top = max(self.top, len(self.rows) - self.height)

    def _obey(self, sequence):
        kind, number = sequence[-1], int(sequence[:-1] or 1) if sequence[:-1].isdigit() else 1
        if kind == "A":
            self.row = max(self.top, self.row - number)
        elif kind in "JK":
            self.rows[self.row] = self.rows[self.row][: self.column]
            if kind == "J":
                del self.rows[self.row + 1 :]
        else:
            assert kind == "m", f"the display does not send {sequence}"
