"""The time between the events of a stream."""

import asyncio


class Pace:
    """Waits so that events go out every `interval` seconds on the whole, however long each takes to write."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.time() + interval

    async def wait(self) -> None:
        """Wait for the next event's time; without an interval, let other connections have their turn."""
        await asyncio.sleep(max(0.0, self._next - self._loop.time()) if self._interval else 0)
        self._next = max(self._next, self._loop.time() - self._interval) + self._interval
