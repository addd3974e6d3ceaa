"""A connection as two calls, read and write, with TLS laid over it as often as a tunnel wants.

TLS runs over memory buffers instead of asyncio's transports: bytes that were read to find out what the client speaks can
be handed on, TLS inside a CONNECT tunnel is nothing special, and a fault can end the connection below it.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from typing import Protocol

from amp_addons.sim.certificates import Named

READ = 64 * 1024

IDLE = 75.0
"""Seconds without a byte after which a client is taken for gone: nginx's keep-alive time-out."""

FAREWELL = 5.0
"""Seconds that a client has to take the rest of an answer when the connection is closed."""


class Channel(Protocol):
    """What the protocols need of a connection. `read` gives b"" at the end and raises TimeoutError after `IDLE` seconds."""

    async def read(self, timeout: float | None = IDLE) -> bytes: ...
    def unread(self, data: bytes) -> None: ...
    def write(self, data: bytes) -> None: ...
    async def drain(self) -> None: ...
    async def close(self) -> None: ...
    def cut(self, reset: bool = False) -> None: ...


class Plain:
    """TCP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ahead = b""
        self.write = writer.write
        self.drain = writer.drain

    async def read(self, timeout: float | None = IDLE) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        async with asyncio.timeout(timeout):
            return await self._reader.read(READ)

    def unread(self, data: bytes) -> None:
        """Put bytes back, to be read first."""
        self._ahead = data + self._ahead

    async def close(self) -> None:
        """Close after what was written, but do not wait for long for a client that does not read it.

        What the client still sends is read first: closing with bytes unread is a reset, which can take the answer with it.
        """
        with contextlib.suppress(OSError):
            async with asyncio.timeout(FAREWELL):
                self._writer.write_eof()
                while await self._reader.read(READ):
                    pass
                self._writer.close()
                await self._writer.wait_closed()
        await self.abort()

    async def abort(self) -> None:
        """Close now."""
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def cut(self, reset: bool = False) -> None:
        """End the connection now, without TLS's farewell; with a TCP reset if wanted, else after what was written."""
        if reset:
            connection: socket.socket = self._writer.get_extra_info("socket")
            # Closing with a linger time of 0 makes the kernel send a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        else:
            self._writer.close()


class Tls:
    """TLS over another channel, as the server."""

    def __init__(self, below: Channel, context: ssl.SSLContext) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._ahead = b""

    @property
    def sni(self) -> str | None:
        """The name that the client gave."""
        return self._tls.sni if isinstance(self._tls, Named) else None

    async def handshake(self) -> str | None:
        """Agree with the client, give the protocol chosen (ALPN). Raises ssl.SSLError, ConnectionError."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                if not await self._more():
                    raise ConnectionError("The client left during the TLS handshake") from None
            else:
                return self._tls.selected_alpn_protocol()
            finally:
                self._flush()

    async def read(self, timeout: float | None = IDLE) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        while True:
            try:
                return self._tls.read(READ)
            except ssl.SSLWantReadError:
                self._flush()
                if not await self._more(timeout):
                    return b""
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def unread(self, data: bytes) -> None:
        self._ahead = data + self._ahead

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            # OpenSSL may take less than all; asyncio's own TLS counts as well.
            view = view[self._tls.write(view) :]
        self._flush()

    async def drain(self) -> None:
        await self._below.drain()

    async def close(self) -> None:
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        self._flush()
        await self._below.close()

    def cut(self, reset: bool = False) -> None:
        self._below.cut(reset)

    async def _more(self, timeout: float | None = IDLE) -> bool:
        self._flush()
        data = await self._below.read(timeout)
        self._incoming.write(data)
        return bool(data)

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._below.write(self._outgoing.read())
