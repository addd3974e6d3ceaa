"""Work that follows the bytes: done a little later and all at once, so that it never stands between upstream and client.

Decoding each chunk where it passes would cost the stream more than decoding what some milliseconds brought in one go, and the
last chunk's decoding would delay the end of the stream. Order is kept, so a flow's end comes after its chunks.
"""

import asyncio
import logging
from collections.abc import Callable

DELAY = 0.01
"""Seconds until the work is done: longer than a burst of the network, and over before the next event of a quick model comes."""

logger = logging.getLogger(__name__)


class Pump:
    def __init__(self) -> None:
        self._work: list[Callable[[], None]] = []
        self._timer: asyncio.Handle | None = None

    def add(self, work: Callable[[], None]) -> None:
        """Have `work` done soon, after all that was added before."""
        self._work.append(work)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self.run)

    def hasten(self) -> None:
        """Have it done in the loop's next turn instead: much waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_soon(self.run)

    def run(self) -> None:
        """Do all the work that waits, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        work, self._work = self._work, []
        for task in work:
            try:
                task()
            except Exception as error:
                logger.warning("amp_addons: looking at a flow failed with %s; the traffic goes on.", type(error).__name__)
