"""Ending connections of mitmproxy's from outside of its layers: there is no command for it, so its handlers' tasks are cancelled.

https://github.com/mitmproxy/mitmproxy/blob/v12.2.3/mitmproxy/proxy/server.py: a cancelled handler tells its layer that the connection
is closed, or could not be made, and the client is told of that like of any other failure.
"""

import asyncio
from collections.abc import Iterator

from mitmproxy import ctx
from mitmproxy.connection import Client, Connection, Server


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
    proxyserver = ctx.master.addons.get("proxyserver")
    for handler in list(proxyserver.connections.values()) if proxyserver else ():
        if handler.client is client:
            yield from [(connection, io.handler) for connection, io in list(handler.transports.items())]
