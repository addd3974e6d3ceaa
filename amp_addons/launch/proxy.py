"""The proxy that `amp-addons exec` starts beside a client: `python -m amp_addons.launch.proxy`.

What it is to do comes as one line of JSON on standard input, so that nothing of it is in a command line; it ends when standard input does,
so that it never outlives who started it. When it listens it writes one line of JSON to standard output.
"""

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
from mitmproxy import ctx, options
from mitmproxy.tools.dump import DumpMaster
from mitmproxy.tools.web.master import WebMaster

from amp_addons.launch.beside import Orders, Ready

SUITE = Path(__file__).resolve().parents[1] / "suite.py"


class _Herald:
    """Says when the proxy listens."""

    def __init__(self, out: int) -> None:
        self._out = out

    def running(self) -> None:
        servers = ctx.master.addons.get("proxyserver").servers
        ports = [address[1] for server in servers for address in server.listen_addrs[:1]]
        page = getattr(ctx.master, "web_url", None)
        os.write(self._out, msgspec.json.encode(Ready(ports, page)) + b"\n")
        os.close(self._out)


async def _run(orders: Orders, out: int) -> None:
    opts = options.Options()
    master: Any = WebMaster(opts, with_termlog=True) if orders.web else DumpMaster(opts, with_termlog=True, with_dumper=False)
    master.addons.add(_Herald(out))
    known = {name: value for name, value in orders.options.items() if name in opts}
    opts.update(scripts=[str(SUITE)], **known)
    opts.update_defer(**{name: value for name, value in orders.options.items() if name not in known})
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, master.shutdown)
    threading.Thread(target=_await_end, args=(loop, master), daemon=True).start()
    await master.run()


def _await_end(loop: asyncio.AbstractEventLoop, master: Any) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(master.shutdown)


def main() -> None:
    line = b""
    while not line.endswith(b"\n"):  # byte by byte: what follows is for whoever waits for the end
        if not (byte := os.read(0, 1)):
            sys.exit("amp_addons: found no orders on standard input")
        line += byte
    out = os.dup(1)
    os.dup2(2, 1)  # what is printed goes where errors go
    os.umask(0o077)  # mitmproxy's own files too
    asyncio.run(_run(msgspec.json.decode(line, type=Orders), out))


if __name__ == "__main__":
    main()
