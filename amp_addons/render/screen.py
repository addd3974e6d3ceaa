"""The terminal: how large it is, what becomes of lines and rows on it, and writing that may block only the writing thread.

What stays at the bottom (the region) is drawn below the cursor: after each frame the cursor goes back to the region's first row,
which is empty. So nothing has to be counted or restored: a resize that wraps rows differently, or a stray print of somebody
else, is painted over with the next frame, and what was printed keeps its place among the finished lines.
"""

import io
import os
import select
from collections.abc import Sequence
from typing import TextIO

SLICE = 2048
"""Bytes written in one go, so that a slow reader is seen to make progress; Linux splits what goes to a terminal alike."""

MIN_WIDTH = 19
FALLBACK = os.terminal_size((80, 24))

CLEAR_LINE = "\x1b[K"
CLEAR_BELOW = "\x1b[J"


def frame(lines: Sequence[str], region: Sequence[str], *, drawn: bool) -> str:
    """What to send for finished lines and the region below them; `drawn` says whether there is a region now."""
    text = "".join([line + "\n" for line in lines])
    if drawn and (lines or not region):
        text = f"\r{CLEAR_BELOW}{text}"
    if region:
        back = f"\x1b[{len(region) - 1}A" if len(region) > 1 else ""
        text += "\r" + f"{CLEAR_LINE}\n".join(region) + f"{CLEAR_LINE}{CLEAR_BELOW}{back}\r"
    return text


class Screen:
    """An open text stream, written past its buffer: a thread that waits in a buffer's lock would keep the process from ending."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._descriptor = _descriptor_of(stream)
        self.written = 0
        """Bytes so far: how others see that the reader still reads."""

    def size(self) -> os.terminal_size:
        """Columns and rows as they are now; the last column is left free, where terminals disagree about wrapping."""
        try:
            columns, lines = os.get_terminal_size(self._stream.fileno())
        except (OSError, AttributeError):  # no terminal, or no file at all
            columns, lines = 0, 0
        return os.terminal_size((max(MIN_WIDTH, (columns or FALLBACK.columns) - 1), lines or FALLBACK.lines))

    def write(self, text: str) -> None:
        """Write all of the text, waiting for the reader. Raises OSError when there is no reader any more."""
        if self._descriptor < 0:
            self._stream.write(text)
            self._stream.flush()
            self.written += len(text)
            return
        data = memoryview(text.encode(self._stream.encoding or "utf-8", "replace"))
        while data:
            try:
                count = os.write(self._descriptor, data[:SLICE])
            except BlockingIOError:  # somebody made this stream non-blocking
                select.select([], [self._descriptor], [], 1.0)
                continue
            self.written += count
            data = data[count:]


def _descriptor_of(stream: TextIO) -> int:
    """The stream's descriptor, or -1: none behind it, or a Windows console, which takes text only."""
    if os.name == "nt":
        return -1
    try:
        return stream.fileno()
    except (io.UnsupportedOperation, AttributeError):
        return -1
