"""The time between the events of a stream."""

import asyncio
from collections.abc import Iterable


class Pace:
    """Waits so that events go out every `interval` seconds on the whole, or as far apart as `waits` say, whatever writing takes."""

    def __init__(self, interval: float, waits: Iterable[float] = ()) -> None:
        self._interval = interval
        self._waits = iter(waits)
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.time() + self._step()

    async def wait(self) -> None:
        """Wait for the next event's time; without an interval, let other connections have their turn."""
        now = self._loop.time()
        await asyncio.sleep(max(0.0, self._next - now))
        step = self._step()
        self._next = max(self._next, now - step) + step

    def _step(self) -> float:
        return next(self._waits, self._interval)
