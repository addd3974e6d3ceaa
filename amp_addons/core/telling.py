"""Events with what they say: for who wants the words, not only what happened."""

from collections.abc import Iterator
from typing import Any

import msgspec

from amp_addons.core.reader import StreamEvent, StreamReader
from amp_addons.core.sse import Run, ServerSentEvent

MAX_SEARCHED = 64 * 1024
"""Characters of an event's data looked through for its text."""

_SAYING = ("text", "thinking", "partial_json", "content", "reasoning", "reasoning_content", "refusal", "arguments", "message", "name")
_AROUND = (
    "delta",
    "error",
    "choices",
    "candidates",
    "parts",
    "content",
    "content_block",
    "tool_calls",
    "function",
    "functionCall",
    "response",
)


class TellingReader(StreamReader):
    """A StreamReader that keeps the data of the events that one `feed` returns. What is skimmed is not kept."""

    def __init__(self, api: str | None, *, text: bool = True) -> None:
        super().__init__(api, text=text)
        self._data: list[str] = []
        self._skims = False

    def pairs(self, piece: bytes) -> Iterator[tuple[StreamEvent, str]]:
        """The events that the next bytes complete, each with its data."""
        self._data.clear()
        yield from zip(self.feed(piece), self._data, strict=True)

    def skim(self, data: bytes) -> int:
        self._skims = True
        try:
            return super().skim(data)
        finally:
            self._skims = False

    def _read(self, events: list[ServerSentEvent]) -> list[StreamEvent]:
        if not self._skims:
            self._data += [event.data for event in events]
        return super()._read(events)

    def _take_run(self, run: Run) -> list[StreamEvent]:
        return super()._take_run(run) if self._skims else self._take(run.events())


def said(data: str) -> str | None:
    """The text in an event's data, or None where none is found."""
    try:
        return _find(msgspec.json.decode(data[:MAX_SEARCHED]), 8)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _find(value: Any, depth: int) -> str | None:
    """The first text under a key that says something, looked for in what may be around one."""
    if isinstance(value, list):
        return next((found for item in value[:20] if (found := _find(item, depth - 1))), None) if depth else None
    if not isinstance(value, dict) or not depth:
        return None
    if isinstance(delta := value.get("delta"), str):
        return delta
    said = next((value[key] for key in _SAYING if isinstance(value.get(key), str) and value[key]), None)
    return said or next((found for key in _AROUND if (found := _find(value.get(key), depth - 1))), None)
