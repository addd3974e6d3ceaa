"""Answers that come event by event: a server on loopback that mitmproxy asks instead of an upstream, so that the answer streams.

mitmproxy sends an answer that an addon sets in one go. Each answer is given once, to whoever names its token.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from http import HTTPStatus

MAX_WAITING = 1000
"""Answers that may wait to be fetched; mitmproxy fetches one within a turn of the loop."""

FETCH_WITHIN = 30.0
"""Seconds that a connection may take to name its token."""

HOST = "127.0.0.1"


class Pacer:
    """Started with the first answer."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._answers: dict[str, tuple[bytes, Sequence[bytes], float]] = {}

    async def offer(self, status: int, headers: Sequence[tuple[str, str]], events: Sequence[bytes], pace: float) -> tuple[int, str]:
        """Have an answer given, `pace` seconds between its events. -> (port, path) where it is to be fetched"""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, HOST, 0)
        head = [f"HTTP/1.1 {status} {_phrase(status)}", *(f"{name}: {value}" for name, value in headers)]
        path = f"/{secrets.token_urlsafe(24)}"
        if len(self._answers) >= MAX_WAITING:
            self._answers.pop(next(iter(self._answers)))
        self._answers[path] = "\r\n".join([*head, "transfer-encoding: chunked", "connection: close", "", ""]).encode(), events, pace
        return int(self._server.sockets[0].getsockname()[1]), path

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            request = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), FETCH_WITHIN)
            answer = self._answers.pop(request.split(b" ", 2)[1].decode("latin-1"), None)
            if answer is None:
                writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            else:
                await _give(writer, *answer)
            await writer.drain()
        writer.close()


async def _give(writer: asyncio.StreamWriter, head: bytes, events: Sequence[bytes], pace: float) -> None:
    writer.write(head)
    for number, event in enumerate(events):
        if number:
            await asyncio.sleep(pace)
        writer.write(b"%x\r\n%b\r\n" % (len(event), event))
        await writer.drain()
    writer.write(b"0\r\n\r\n")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Answer"
