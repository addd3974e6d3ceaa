"""`python -m amp_addons.sim`: the simulated service as a process.

Prints one line of JSON when it is ready and ends on SIGTERM, SIGINT, or when a pipe on its standard input is closed.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import stat
import sys
import threading
from collections.abc import Sequence

import msgspec

from amp_addons.sim.behaviour import Behaviour
from amp_addons.sim.server import SimulatedAmp


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until told to stop. Exits with 2 when an option or the port cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m amp_addons.sim", description="Serve a simulated Amp service on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 picks a free one")
    for field in msgspec.structs.fields(Behaviour):
        parser.add_argument(f"--{field.name}", help=f"default: {field.default!r}")
    options = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    try:
        asyncio.run(_serve(SimulatedAmp(**options)))
    except (ValueError, OSError) as error:
        parser.error(str(error))


async def _serve(sim: SimulatedAmp) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with sim:
        _watch_input(stopped)
        ready = {"port": sim.port, "url": sim.url, "proxy_url": sim.proxy_url, "ca_path": str(sim.ca_path), "pid": os.getpid()}
        print(json.dumps(ready), flush=True)
        await stopped.wait()


def _watch_input(stopped: asyncio.Event) -> None:
    # A parent that dies closes its end of a pipe. A terminal or a file says nothing about the parent.
    mode = os.fstat(0).st_mode if sys.stdin else 0
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        threading.Thread(target=_await_end, args=(asyncio.get_running_loop(), stopped), daemon=True).start()


def _await_end(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    with contextlib.suppress(RuntimeError):
        # Raised when the service ended first.
        loop.call_soon_threadsafe(stopped.set)


if __name__ == "__main__":
    main()
