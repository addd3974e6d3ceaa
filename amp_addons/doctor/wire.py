"""Talking to a proxy as a client does: CONNECT and TLS, or plain HTTP with the whole URL. Small, so that nothing is retried or hidden."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

LOOPBACK = "127.0.0.1"
STEP = 6.0
"""Seconds that any exchange may take."""
MAX_BODY = 64 * 1024

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Way(NamedTuple):
    """The proxy to go through. `auth` is the value of the header that it may ask for."""

    port: int
    auth: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {"Proxy-Authorization": self.auth} if self.auth else {}


class Answer(NamedTuple):
    """Headers have lower-case names. `body` is its first part."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def by_mitmproxy(self) -> bool:
        """Whether mitmproxy answered itself, in place of the service."""
        return self.headers.get("server", "").startswith("mitmproxy")


class Refused(Exception):
    """The proxy did not open a tunnel."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"status {answer.status}")
        self.answer = answer


@asynccontextmanager
async def connected(way: Way) -> AsyncIterator[Streams]:
    """A connection to the proxy. Raises OSError."""
    reader, writer = await asyncio.open_connection(LOOPBACK, way.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()  # nothing is left to be said, and a peer that is stuck cannot hold us up


@asynccontextmanager
async def tunnelled(way: Way, host: str, port: int, context: ssl.SSLContext) -> AsyncIterator[Streams]:
    """TLS with a host through the proxy. Raises OSError (ssl.SSLError among them), ValueError, Refused."""
    name = f"[{host}]" if ":" in host else host
    async with connected(way) as (reader, writer):
        await ask(writer, "CONNECT", f"{name}:{port}", f"{name}:{port}", way.headers)
        answer = await head(reader)
        if answer.status != 200:
            raise Refused(answer._replace(body=await some_body(reader, answer)))
        await writer.start_tls(context, server_hostname=host)
        yield reader, writer


async def ask(writer: asyncio.StreamWriter, method: str, target: str, host: str, headers: Mapping[str, str]) -> None:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()


async def head(reader: asyncio.StreamReader) -> Answer:
    """The head of an answer. Raises ValueError when it is none of HTTP, OSError when the connection ends."""
    try:
        data = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial and not error.partial.startswith(b"HTTP/"):
            raise ValueError("no HTTP") from None
        raise ConnectionResetError("the connection ended before an answer") from None
    except asyncio.LimitOverrunError:
        raise ValueError("no HTTP") from None
    first, *lines = data.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if not first.startswith("HTTP/1") or len(words) < 2 or not words[1].isdigit():
        raise ValueError("no HTTP")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return Answer(int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs})


async def some_body(reader: asyncio.StreamReader, answer: Answer) -> bytes:
    """The body, as far as its length is told and it is not large; for messages of errors."""
    length = answer.headers.get("content-length", "")
    if not length.isdigit():
        return b""
    try:
        return await asyncio.wait_for(reader.readexactly(min(int(length), MAX_BODY)), STEP)
    except (asyncio.IncompleteReadError, TimeoutError, OSError):
        return b""
