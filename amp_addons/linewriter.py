"""Writing lines without ever making their producer wait: a backlog whose thread encodes and writes.

When the disk is slow or full, lines are dropped and counted. A file never holds half a line: what a failed write left of one is
cut off.
"""

import os
import stat
from collections.abc import Callable, Sequence

from amp_addons.backlog import Backlog

MAX_QUEUED = 32_768
"""Items that may wait, about 8 MB of events: a disk that hangs for half a second in a flood of 45,000 events a second loses none."""

PAUSE = 0.05
"""Seconds that lines are gathered before they are written together."""

BATCH = 2_000
"""Items encoded in one go: under a millisecond in which the producer has to wait for the interpreter."""

RETRY = 1.0
"""Seconds between attempts while the disk is full."""


class LineWriter[T](Backlog[T]):
    """Writes items as lines to a descriptor, which it owns from then on unless `keep_open`.

    Args:
        encode: turns items into whole lines; called in the thread.
        complain: called in the thread with a sentence when lines are lost, once for each time it begins, and when it is over.
    """

    def __init__(
        self, descriptor: int, encode: Callable[[Sequence[T]], bytes], complain: Callable[[str], None], *, keep_open: bool = False
    ) -> None:
        self._descriptor = descriptor
        self._encode = encode
        self._complain = complain
        self._regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._broken: str | None = None
        super().__init__(
            lambda items: self._write(self._encode(items)),
            self._say_dropped,
            name="amp_addons line writer",
            limit=MAX_QUEUED,
            batch=BATCH,
            pause=PAUSE,
            finish=None if keep_open else lambda: os.close(descriptor),
        )

    def _write(self, data: bytes) -> int:
        """Write whole lines; on failure cut off what was written of the last one. -> lines that were not written"""
        start = os.fstat(self._descriptor).st_size if self._regular else 0
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:  # a standard output that somebody made non-blocking, and that nobody reads just now
                if self.stopping.wait(PAUSE):
                    return bytes(view).count(b"\n")
            except OSError as error:
                return self._fail(error, start, data, len(data) - len(view))
        if self._broken:
            self._broken = None
            self._complain("lines are written again")
        return 0

    def _fail(self, error: OSError, start: int, data: bytes, written: int) -> int:
        whole = data.rfind(b"\n", 0, written) + 1
        if self._regular:
            os.ftruncate(self._descriptor, start + whole)
        if self._broken is None:
            self._broken = error.strerror or type(error).__name__
            self._complain(f"lines cannot be written ({self._broken}) and are dropped until they can")
        self.stopping.wait(RETRY)
        return data.count(b"\n", whole)

    def _say_dropped(self, dropped: int) -> bool:
        if self._broken is None:
            self._complain(f"{dropped} lines were dropped because writing them was too slow")
        return self._broken is None
