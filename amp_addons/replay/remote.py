"""Captures behind URLs, by fsspec (s3 and what else it knows): read in blocks, and split without reading all of them.

Credentials and addresses are the environment's (`AWS_…`, `FSSPEC_…`), on every machine that reads.
"""

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import fsspec

from amp_addons.replay.flowfile import ReadAt
from amp_addons.replay.url import shown

SMALL, LARGE = 64 * 1024, 8 * 1024 * 1024
"""Bytes asked for at once. Small where flows are far apart and few bytes of each are wanted; up to large where they follow closely:
then a request for each costs more than the bytes between."""


@contextmanager
def _told(url: str, what: str = "read") -> Iterator[None]:
    """Whatever a file system raises, as an OSError that names the URL and no more: what it says may have a signature in it."""
    try:
        yield
    except ImportError as error:
        raise OSError(f"{shown(url)} cannot be {what}: {error}") from None
    except Exception as error:
        raise OSError(f"{shown(url)} cannot be {what} ({type(error).__name__})") from None


def _at(url: str) -> tuple[Any, str]:
    # Without a memory for listings: a worker lives long, and a file may have grown.
    fs, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    return fs, path


def found_urls(url: str) -> list[str]:
    """What a URL means, patterns (`s3://bucket/*.flows`) resolved. Raises OSError; the list may be empty."""
    with _told(url):
        fs, path = _at(url)
        if not any(mark in path for mark in "*?["):
            return [url] if fs.isfile(path) else []
        return [fs.unstrip_protocol(found) for found in sorted(fs.glob(path)) if fs.isfile(found)]


def size_of(url: str) -> int:
    """Bytes; 0 where that is not known. Raises OSError."""
    with _told(url):
        fs, path = _at(url)
        return fs.size(path) or 0


def opened(url: str, stack: ExitStack, start: int = 0, stop: int | None = None) -> "io.BufferedReader[io.RawIOBase]":
    """A file from one byte to another. Raises OSError."""
    return io.BufferedReader(stack.enter_context(_Range(url, start, stop)), SMALL)


def scanned(url: str, stack: ExitStack) -> tuple[ReadAt, int]:
    """What reads here and there in a file, and its size. Raises OSError."""
    with _told(url):
        fs, path = _at(url)
        stream = stack.enter_context(fs.open(path, "rb", cache_type="none"))
        if not stream.seekable():
            raise OSError("read from its beginning only")
        return Blocks(url, stream).read, int(fs.size(path) or 0)


class Blocks:
    """Reads a few bytes here and there, forward."""

    def __init__(self, url: str, stream: Any) -> None:
        self._url, self._stream = url, stream
        self._block, self._start, self._size = b"", 0, SMALL // 2

    def read(self, at: int, count: int) -> bytes:
        end = self._start + len(self._block)
        if not self._start <= at or at + count > end:
            near = self._start <= at < end + self._size
            self._size = min(LARGE, self._size * 2) if near else SMALL
            with _told(self._url):
                self._stream.seek(at)
                self._block, self._start = self._stream.read(self._size), at
        return self._block[at - self._start :][:count]


class _Range(io.RawIOBase):
    """The bytes of a file from `start` to `stop` (None: its end), asked for in large blocks."""

    def __init__(self, url: str, start: int, stop: int | None) -> None:
        self._url, self._at, self._stop = url, start, stop
        self._block, self._used = b"", 0
        self._stream: Any = None
        with _told(url):
            fs, path = _at(url)
            self._stream = fs.open(path, "rb", cache_type="none")
            if start:
                self._stream.seek(start)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if self._used == len(self._block):
            size = LARGE if self._stop is None else min(LARGE, self._stop - self._at)
            with _told(self._url):
                self._block, self._used = self._stream.read(size) if size > 0 else b"", 0
            self._at += len(self._block)
        data = self._block[self._used : self._used + len(buffer)]
        buffer[: len(data)] = data
        self._used += len(data)
        return len(data)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        super().close()


def write(url: str, data: bytes) -> None:
    """Write a file as a whole. Raises OSError."""
    with _told(url, "written"):
        fs, path = _at(url)
        fs.makedirs(fs._parent(path), exist_ok=True)
        fs.pipe_file(path, data)
