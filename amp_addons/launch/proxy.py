"""The proxy that `amp-addons exec` starts beside a client: `python -m amp_addons.launch.proxy`.

What it is to do comes as one line of JSON on standard input, so that nothing of it is in a command line; it ends when standard input does,
so that it never outlives who started it. When it listens it writes one line of JSON to standard output.
"""

import asyncio
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from mitmproxy import exceptions, options
from mitmproxy.master import Master
from mitmproxy.tools.dump import DumpMaster

from amp_addons.core.text import did_you_mean
from amp_addons.launch.beside import Orders, Ready

SUITE = Path(__file__).resolve().parents[1] / "suite.py"


async def _tell(master: Master, out: int) -> None:
    """Say that the proxy listens, and where, unless something went wrong on the way there: then this ends it."""
    await master.addons.get("errorcheck").shutdown_if_errored()
    for name in master.options.deferred:
        sys.exit(
            f"amp_addons: found the option {name}, expected one of mitmproxy's or the suite's.{did_you_mean(name, master.options.keys())}"
        )
    servers = master.addons.get("proxyserver").servers
    ports = [address[1] for server in servers for address in server.listen_addrs[:1]]
    page = getattr(master, "web_url", None)
    os.write(out, msgspec.json.encode(Ready(ports, page)) + b"\n")
    os.close(out)


async def _run(orders: Orders, out: int) -> None:
    opts = options.Options()
    kind: Any = _web_master() if orders.web else partial(DumpMaster, with_dumper=False)
    master = kind(opts, with_termlog=True)
    known = {name: value for name, value in orders.options.items() if name in opts}
    opts.update(scripts=[str(SUITE)], **known)
    opts.update_defer(**{name: value for name, value in orders.options.items() if name not in known})
    opts.set(*orders.settings, defer=True)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, master.shutdown)
    threading.Thread(target=_await_end, args=(loop, master), daemon=True).start()
    started = master.running

    async def running() -> None:
        await started()
        await _tell(master, out)

    master.running = running  # no hook comes after all that may go wrong
    await master.run()


def _web_master() -> Any:
    from mitmproxy.tools.web.master import WebMaster  # with a web server: only who wants a page waits for it

    return WebMaster


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
    try:
        asyncio.run(_run(msgspec.json.decode(line, type=Orders), out))
    except exceptions.OptionsError as error:
        sys.exit(f"amp_addons: {error}")
    except OSError as error:  # of mitmweb, whose port is taken
        sys.exit(f"amp_addons: {error.strerror or error}")


if __name__ == "__main__":
    main()
