"""Handing work to a thread without ever making its producer wait: a bounded queue, and one thread that works it off in batches.

The producer (an event loop) appends; the thread wakes at most once in `pause` seconds and works off what has gathered. When the
work is too slow, items are dropped and counted. What the work itself loses it counts, so that one number tells all.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

logger = logging.getLogger(__name__)


class _Weighed[T](NamedTuple):
    """Items of a weight that was given. Others stand in the queue by themselves: a put every few microseconds makes no object more."""

    items: Sequence[T]
    weight: int


class Backlog[T]:
    """Gives items to `work`, in order, in a thread of its own that ends with `close`.

    All callables are called in the thread. `put` and `close` are for one thread, the producer's.

    Args:
        work: does something with a batch of items, and tells how many of them it could not (None: it could with all).
        report: is told how many items were dropped since it was last told; False when it is not to be said now: it is asked again.
        name: of the thread.
        limit: weight that may wait, the batch that is being worked on included.
        batch: items handed over at once; what was put together stays together. With 1, each `put` is a batch of its own.
        pause: seconds that items are gathered.
        finish: the last that the thread does, however long `close` waits for it.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], int | None],
        report: Callable[[int], bool | None],
        *,
        name: str,
        limit: int,
        batch: int,
        pause: float,
        finish: Callable[[], None] | None = None,
    ) -> None:
        self._work = work
        self._report = report
        self._limit = limit
        self._batch = batch
        self._pause = pause
        self._finish = finish
        self._queue: deque[Sequence[T] | _Weighed[T]] = deque()
        self._taken = 0  # weight put in, changed by the producer only
        self._given = 0  # weight worked off, changed by the thread only
        self._refused = 0  # items, changed by the producer only
        self._lost = 0  # items, changed by the thread only
        self._held = 0  # items of the batch that is being worked on
        self._reported = 0
        self._failed: set[type[Exception]] = set()
        self._wake = threading.Event()
        self.stopping = threading.Event()
        """Set by `close`: work that waits for better times gives up instead."""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Items that were not worked off: no room, work that could not, or given up by `close`."""
        return self._refused + self._lost

    def put(self, items: Sequence[T], weight: int | None = None) -> None:
        """Have items worked off soon; drop them when too much waits. Never blocks, never raises. They weigh 1 each unless told."""
        heavy = len(items) if weight is None else weight
        if self._taken - self._given + heavy > self._limit:
            self._refused += len(items)
            return
        self._taken += heavy
        self._queue.append(items if weight is None else _Weighed(items, weight))
        if not self._wake.is_set():
            self._wake.set()

    def close(self, timeout: float = 3.0) -> bool:
        """Work off what waits and end. False when that took too long: what is left is given up, and counts as dropped."""
        self._limit = -1  # what is put from now on is dropped
        self.stopping.set()
        self._wake.set()
        self._thread.join(timeout)
        if self._thread.is_alive():
            self._refused += self._held + sum(len(_weighed(entry).items) for entry in tuple(self._queue))
            return False
        return True

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self.stopping.wait(self._pause)
            self._wake.clear()
            while self._queue:
                self._next()
            if self.dropped > self._reported:
                self._tell()
            if self.stopping.is_set() and not self._queue:
                break
        if self._finish is not None:
            self._finish()

    def _next(self) -> None:
        batch: list[T] = []
        weight = 0
        while self._queue and len(batch) < self._batch:
            items, heavy = _weighed(self._queue.popleft())
            batch.extend(items)
            weight += heavy
            self._held = len(batch)
        try:
            self._lost += self._work(batch) or 0
        except Exception as error:
            self._lost += len(batch)
            if type(error) not in self._failed:
                self._failed.add(type(error))
                logger.error("amp_addons: %s failed with %s; %d items are lost.", self._thread.name, type(error).__name__, len(batch))
        self._held = 0
        self._given += weight

    def _tell(self) -> None:
        dropped = self.dropped
        if self._report(dropped - self._reported) is not False:
            self._reported = dropped


def _weighed[T](entry: Sequence[T] | _Weighed[T]) -> _Weighed[T]:
    return entry if isinstance(entry, _Weighed) else _Weighed(entry, len(entry))
