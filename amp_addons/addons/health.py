"""Tells a balancer, and who looks after several proxies, whether this one takes connections and which rules it has (`amp_health`).

A server on a port of its own with one page, `GET /health`. There is nothing secret in it.
"""

import asyncio
import contextlib
import logging
import socket
from ipaddress import ip_address

import msgspec
from mitmproxy import addonmanager, ctx

from amp_addons import __version__
from amp_addons.addons import script
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import refuse
from amp_addons.core.target import LOOPBACK

PATH = "/health"

MAX_CONNECTIONS = 50
"""Connections at a time: a balancer has one for each of its processes."""

MAX_REQUEST = 8 * 1024
"""Bytes of a request: a check has a line and a few headers."""

WITHIN = 5.0
"""Seconds that a connection may last."""

_PHRASES = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}

logger = logging.getLogger(__name__)


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says. `rules`: the digest of the rule files in force; `flows`: how many are under way."""

    version: str
    rules: str
    ready: bool
    draining: bool
    flows: int


class Health:
    name = "amp.health"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._running = False
        self._connections = 0

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option(
            "amp_health", str, "", "Tell at http://HOST:PORT/health whether the proxy takes connections; a port alone is one of loopback."
        )

    def configure(self, updated: set[str]) -> None:
        if "amp_health" not in updated:
            return
        new = None
        if ctx.options.amp_health:
            try:
                new = _listening(*_address_of(ctx.options.amp_health))
            except ValueError as error:
                return refuse(f"option amp_health: {error}")
        self._close()
        self._socket = new
        if self._running:
            self._start()

    def running(self) -> None:
        self._running = True
        self._start()

    def done(self) -> None:
        self._running = False
        self._close()

    def state(self) -> State:
        """How things are now."""
        proxyserver = ctx.master.addons.get("proxyserver")
        servers = list(proxyserver.servers) if proxyserver else []
        listens = bool(servers) and all(server.is_running for server in servers)
        return State(
            version=__version__,
            rules=getattr(self._hub.rules, "digest", ""),
            ready=self._running and listens and not self._hub.draining,
            draining=self._hub.draining,
            flows=len(self._hub.traces),
        )

    def _start(self) -> None:
        if self._socket is not None:
            self._starting = asyncio.get_running_loop().create_task(self._serve(self._socket))

    async def _serve(self, listener: socket.socket) -> None:
        self._server = await asyncio.start_server(self._talk, sock=listener, limit=MAX_REQUEST)
        host, port, *_ = listener.getsockname()
        logger.info("amp_addons: health at http://%s:%d%s.", f"[{host}]" if ":" in host else host, port, PATH)

    def _close(self) -> None:
        for open_ in (self._server, self._socket):
            if open_ is not None:
                open_.close()
        self._server = self._socket = None

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= MAX_CONNECTIONS:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
                    await asyncio.wait_for(self._answer(reader, writer), WITHIN)
        finally:
            self._connections -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, _, rest = head.partition(b" ")
        status, body = self._page(method, rest.partition(b" ")[0])
        lines = [
            f"HTTP/1.1 {status} {_PHRASES[status]}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            "cache-control: no-store",
            *(["allow: GET, HEAD"] if status == 405 else []),
            "connection: close",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + (b"" if method == b"HEAD" else body))
        await writer.drain()

    def _page(self, method: bytes, target: bytes) -> tuple[int, bytes]:
        if target.partition(b"?")[0] != PATH.encode():
            return 404, _error(f"the only page is {PATH}")
        if method not in (b"GET", b"HEAD"):
            return 405, _error(f"{PATH} is read with GET")
        state = self.state()
        return 200 if state.ready else 503, msgspec.json.encode(state) + b"\n"


def _error(message: str) -> bytes:
    return msgspec.json.encode({"error": message}) + b"\n"


def _address_of(text: str) -> tuple[str, int]:
    """Host and port of the option. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    host = host.strip("[]") if colon else LOOPBACK[1]
    if port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) < 65536 and _is_listened_on(host):
        return (LOOPBACK[1] if host == "localhost" else host), int(port)
    raise ValueError(f"found {text!r}, expected ADDRESS:PORT, as in 127.0.0.1:8090, or a port alone.")


def _is_listened_on(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _listening(host: str, port: int) -> socket.socket:
    """Raises ValueError when nobody can listen there."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = (error.strerror or "it cannot be listened on").lower()
        raise ValueError(f"found {host} port {port}, expected one that is free on this machine ({reason}).") from None


addons = script(__name__)
