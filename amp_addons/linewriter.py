"""Writing lines without ever making their producer wait: a bounded queue, and a thread that encodes and writes.

The producer (an event loop) appends; the thread wakes at most `1 / PAUSE` times a second and writes what has gathered. When the
disk is slow or full, lines are dropped and counted. A file never holds half a line: what a failed write left of one is cut off.
"""

import os
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

MAX_QUEUED = 32_768
"""Items that may wait, about 8 MB of events: a disk that hangs for half a second in a flood of 45,000 events a second loses none."""

PAUSE = 0.05
"""Seconds that lines are gathered before they are written together."""

BATCH = 2_000
"""Items encoded in one go: under a millisecond in which the producer has to wait for the interpreter."""

RETRY = 1.0
"""Seconds between attempts while the disk is full."""


class LineWriter[T]:
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
        self._keep_open = keep_open
        self._regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._queue: deque[Sequence[T]] = deque()
        self._taken = 0  # items put in, changed by the producer only
        self._given = 0  # items taken out, changed by the thread only
        self.dropped = 0
        self._reported = 0
        self._broken: str | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="amp_addons line writer", daemon=True)
        self._thread.start()

    def put(self, items: Sequence[T]) -> None:
        """Have items written soon; drop them when too many wait. Never blocks, never raises."""
        if self._taken - self._given + len(items) > MAX_QUEUED:
            self.dropped += len(items)
            return
        self._taken += len(items)
        self._queue.append(items)
        if not self._wake.is_set():
            self._wake.set()

    def close(self, timeout: float = 3.0) -> bool:
        """Write what waits and close. False when that took too long (nobody reads the pipe): what is left is given up."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout)
        if self._thread.is_alive():
            self.dropped += self._taken - self._given
            return False
        return True

    def _work(self) -> None:
        while True:
            self._wake.wait()
            if not self._stopping:
                time.sleep(PAUSE)
            self._wake.clear()
            self._drain()
            self._report()
            if self._stopping and not self._queue:
                break
        if not self._keep_open:
            os.close(self._descriptor)

    def _drain(self) -> None:
        while self._queue:
            items: list[T] = []
            while self._queue and len(items) < BATCH:
                items.extend(self._queue.popleft())
            self.dropped += self._write(self._encode(items))
            self._given += len(items)

    def _write(self, data: bytes) -> int:
        """Write whole lines; on failure cut off what was written of the last one. -> lines that were not written"""
        start = os.fstat(self._descriptor).st_size if self._regular else 0
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:  # a standard output that somebody made non-blocking, and that nobody reads just now
                if self._stopping:
                    return bytes(view).count(b"\n")
                time.sleep(PAUSE)
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
        if not self._stopping:
            time.sleep(RETRY)
        return data.count(b"\n", whole)

    def _report(self) -> None:
        if self.dropped > self._reported and self._broken is None:
            self._complain(f"{self.dropped - self._reported} lines were dropped because writing them was too slow")
            self._reported = self.dropped
