"""The simulated Amp service: one port on 127.0.0.1 that speaks TLS, plain HTTP/1.1 and, as a proxy, CONNECT for any name.

    async with SimulatedAmp(pace=0.01, encoding="gzip") as sim:
        ...  # sim.url, sim.ca_path, sim.requests

No name is ever looked up and nothing is forwarded: whatever host a client asks for, this service answers in its place.
"""

import asyncio
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from amp_addons.sim import http1, http2, routes
from amp_addons.sim.behaviour import Behaviour, asked
from amp_addons.sim.certificates import Authority
from amp_addons.sim.channel import Channel, Plain, Tls
from amp_addons.sim.http1 import Answer, Peer
from amp_addons.sim.message import Received, Reply, json_reply

LOOPBACK = "127.0.0.1"

MAX_CONNECTIONS = 1024
"""Connections at a time; more are closed at once. A common limit of open files is 1,024 as well."""

MAX_TUNNELS = 3
"""CONNECTs inside each other."""

MAX_REQUESTS = 1000
"""Requests kept for looking at; the oldest go first."""

MAX_BODIES = 256 * 1024 * 1024
"""Bytes of all their bodies."""

type Scenario = Callable[[Received], Mapping[str, object]]

_TLS_HANDSHAKE = b"\x16"


class Service:
    """A service whose answers `answer` gives, from `async with` on."""

    def __init__(self, answer: Answer, *, port: int = 0) -> None:
        self.port = port
        self._answer = answer
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def url(self) -> str:
        """The service itself, for clients that trust `ca_path`."""
        return f"https://{LOOPBACK}:{self.port}"

    @property
    def proxy_url(self) -> str:
        """The service as a proxy that answers for every host."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def ca_path(self) -> Path:
        """The certificate to trust, as a PEM file."""
        return self._authority.path

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="simulated-amp-")
        self._authority = Authority(Path(self._folder.name))
        try:
            self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port, backlog=MAX_CONNECTIONS)
        except OSError:
            self._folder.cleanup()
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing = True
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._folder.cleanup()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        channel = Plain(reader, writer)
        task = asyncio.current_task()
        if task is None or self._closing or len(self._tasks) >= MAX_CONNECTIONS:
            return await channel.abort()
        self._tasks.add(task)
        try:
            await self._converse(channel, Peer())
            await channel.close()
        except (OSError, ssl.SSLError):
            # The client left, broke off the handshake, or said nothing for too long (TimeoutError).
            pass
        except asyncio.CancelledError:
            # When the service closes; asyncio's streams would report a cancelled task as an error (3.12).
            if not self._closing:
                raise
        finally:
            self._tasks.discard(task)
            await channel.abort()

    async def _converse(self, channel: Channel, peer: Peer, depth: int = 0) -> None:
        first = await channel.read()
        channel.unread(first)
        if first.startswith(_TLS_HANDSHAKE):
            await self._converse_tls(channel, peer, depth)
        else:
            await self._converse_http1(channel, peer, depth)

    async def _converse_tls(self, channel: Channel, peer: Peer, depth: int) -> None:
        tls = Tls(channel, self._authority.entry)
        protocol = await tls.handshake()
        peer = Peer(scheme="https", sni=tls.sni, tunnel=peer.tunnel)
        if protocol == "h2":
            await http2.Session(tls, peer, self._answer).serve()
        else:
            await self._converse_http1(tls, peer, depth)
        await tls.close()

    async def _converse_http1(self, channel: Channel, peer: Peer, depth: int) -> None:
        tunnel = await http1.serve(channel, peer, self._answer)
        if tunnel and depth < MAX_TUNNELS:
            await self._converse(channel, Peer(tunnel=tunnel), depth + 1)


class SimulatedAmp(Service):
    """The simulated service.

    `options` are the fields of `Behaviour`, for every request; `scenario` gives for a request the options that it changes;
    the request's own `x-sim-…` headers have the last word. `requests` holds what was received, the newest last.
    """

    def __init__(self, *, host: str = LOOPBACK, port: int = 0, scenario: Scenario | None = None, **options: object) -> None:
        if host != LOOPBACK:
            raise ValueError(f"host is {host!r}, expected {LOOPBACK}: the simulated service is for this machine alone")
        super().__init__(self._reply_to, port=port)
        self.requests: list[Received] = []
        self._behaviour = Behaviour().changed(options)
        self._scenario = scenario
        self._bodies = 0

    def _keep(self, request: Received) -> None:
        self.requests.append(request)
        self._bodies += len(request.body)
        while len(self.requests) > MAX_REQUESTS or (self._bodies > MAX_BODIES and len(self.requests) > 1):
            self._bodies -= len(self.requests.pop(0).body)

    def _reply_to(self, request: Received) -> Reply:
        self._keep(request)
        try:
            behaviour = self._behaviour
            if self._scenario:
                behaviour = behaviour.changed(self._scenario(request))
            behaviour = behaviour.changed(asked(request.headers))
        except ValueError as error:
            return json_reply({"error": {"code": 400, "message": str(error)}}, 400)
        return routes.answer(request, behaviour)


@contextmanager
def simulator(**options: Any) -> Iterator[SimulatedAmp]:
    """The service in a thread of its own, for code that is not asynchronous; arguments as for `SimulatedAmp`."""
    started: Future[Callable[[], object]] = Future()
    sim = SimulatedAmp(**options)
    thread = threading.Thread(target=lambda: asyncio.run(_run(sim, started)), name="simulated-amp")
    thread.start()
    stop = started.result()
    try:
        yield sim
    finally:
        stop()
        thread.join()


async def _run(sim: SimulatedAmp, started: Future[Callable[[], object]]) -> None:
    stopped = asyncio.Event()
    try:
        async with sim:
            started.set_result(partial(asyncio.get_running_loop().call_soon_threadsafe, stopped.set))
            await stopped.wait()
    except OSError as error:
        # A port in use: for the caller to know.
        if started.done():
            raise
        started.set_exception(error)
