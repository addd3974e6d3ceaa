"""Running a stand-in: one port on loopback, as the service itself (AMP_URL) and as a proxy that answers for every host."""

import asyncio
import signal
from collections.abc import Callable

from amp_addons.replay.standin import StandIn
from amp_addons.sim.server import Service


async def serve(standin: StandIn, port: int, ready: Callable[[Service], object]) -> None:
    """Serve until SIGINT or SIGTERM. `ready` is told of the service when it listens. Raises OSError when it cannot."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with Service(standin.answer, port=port) as service:
        ready(service)
        await stopped.wait()
