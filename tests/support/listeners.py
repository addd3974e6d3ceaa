"""Servers that are no good proxies, each on a port of its own."""

import asyncio
from contextlib import asynccontextmanager


@asynccontextmanager
async def answering(data, *, close=True):
    """Answers whatever comes first with these bytes. Gives the port."""

    async def talk(reader, writer):
        await reader.read(65536)
        writer.write(data)
        if not close:
            await reader.read(65536)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def http(status, body=b"", **headers):
    """An answer of HTTP."""
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
