"""What mitmproxy has no command or option for: ending connections from outside of its layers, and how many there may be.

https://github.com/mitmproxy/mitmproxy/blob/v12.2.3/mitmproxy/proxy/server.py: a handler that is cancelled tells its layer that the
connection is closed, or could not be made, and the client is told of that like of any other failure.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from mitmproxy import ctx
from mitmproxy.connection import Client, Connection, Server
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.layers.http import HttpLayer, HttpStream
from mitmproxy.proxy.mode_specs import RegularMode, UpstreamMode


def handlers_of(client: Client) -> list[Any]:
    """What handles a client in mitmproxy: `ConnectionHandler`s."""
    return [handler for handler in all_handlers() if handler.client is client]


def all_handlers() -> list[Any]:
    """What handles the clients that are connected."""
    proxyserver = ctx.master.addons.get("proxyserver")
    return list(proxyserver.connections.values()) if proxyserver else []


def layers_of(handler: Any) -> Iterator[Layer]:
    """What a client's connection is made of in mitmproxy, the tunnels that it has within each other included."""
    layers, seen = [*handler.layer.context.layers], set()
    while layers:
        layer = layers.pop()
        if layer in seen:
            continue
        seen.add(layer)
        yield layer
        if isinstance(layer, HttpLayer):
            layers += [inner for stream in layer.streams.values() for inner in stream.context.layers]


def is_with_proxy(context: Context) -> bool:
    """Whether TLS that begins is with the proxy itself (HTTPS_PROXY=https://…): it is in no request (CONNECT) that names a host."""
    explicit = isinstance(context.client.proxy_mode, RegularMode | UpstreamMode)
    return explicit and not any(isinstance(layer, HttpStream) for layer in context.layers)


def end_client(handler: Any) -> None:
    """End the connection of a client."""
    io = handler.transports.get(handler.client)
    if io is not None and io.handler is not None:
        io.handler.cancel()


def cut_server(client: Client, server: Server) -> bool:
    """End a connection that has just been made, before a byte is sent. -> whether it was there

    What mitmproxy writes from now on is dropped, as on any connection that is closing.
    """
    for handler in handlers_of(client):
        io = handler.transports.get(server)
        if io is not None and io.writer is not None:
            io.writer.close()
            return True
    return False


def end_servers(client: Client, address: tuple[str, int] | None = None) -> bool:
    """End the connections to servers (of one address, or all) that were made, or are being made, for a client. -> whether there was one"""
    ended = False
    for connection, handler in _transports(client):
        if handler is None or not isinstance(connection, Server):
            continue
        if address is None or (connection.address and connection.address[:2] == address):
            handler.cancel()
            ended = True
    return ended


def _transports(client: Client) -> Iterator[tuple[Connection, asyncio.Task[None] | None]]:
    for handler in handlers_of(client):
        yield from [(connection, io.handler) for connection, io in list(handler.transports.items())]


def allow_connections(client: Client, most: int) -> bool:
    """Let a client have so many connections to each address at a time. -> whether that could be set

    mitmproxy has no option for it: its handler of a client counts them in `max_conns`, five for each address.
    """
    for handler in handlers_of(client):
        if isinstance(getattr(handler, "max_conns", None), defaultdict):
            handler.max_conns.default_factory = lambda: asyncio.Semaphore(most)
            return True
    return False
