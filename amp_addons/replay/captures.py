"""Captures of every kind that is understood, flow by flow: files of mitmproxy's, HAR files, compressed or not, and standard input."""

import glob
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from amp_addons.replay.captured import Captured, Damage
from amp_addons.replay.flowfile import flow_of, frames
from amp_addons.replay.url import is_url, shown

STDIN = "-"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BOM = b"\xef\xbb\xbf"
_HEAD = 64
"""Bytes that tell what a file is: JSON may begin with white space."""

_ZSTD_INPUT = 512
"""Compressed bytes taken at once: four of them may become 128 KiB."""

type Tick = Callable[[int], object]


def found_files(names: Sequence[str], *, urls: bool = False) -> list[str]:
    """The files that are meant, patterns (`*.flows`) resolved. Raises FileNotFoundError for a name or pattern that nothing fits.

    `urls`: URLs too, which wants an extra.
    """
    found: list[str] = []
    for name in names:
        if urls and is_url(name):
            from amp_addons.replay import remote

            if not (matches := remote.found_urls(name)):
                raise FileNotFoundError(2, f"{shown(name)}: found no such file, expected a capture, or a pattern that fits some")
            found += matches
        elif name == STDIN or Path(name).is_file():
            found.append(name)
        elif matches := sorted(path for path in glob.glob(name, recursive=True) if Path(path).is_file()):
            found += matches
        else:
            raise FileNotFoundError(2, f"{name}: found no such file, expected a capture, a pattern that fits some, or - for standard input")
    return list(dict.fromkeys(found))


def size_of(name: str) -> int:
    """Bytes of a file; 0 where nobody knows. Raises OSError."""
    if name == STDIN:
        return 0
    if is_url(name):
        from amp_addons.replay import remote

        return remote.size_of(name)
    return Path(name).stat().st_size


def flows_of(name: str, tick: Tick = lambda count: None) -> Iterator[Captured]:
    """The HTTP flows of a capture, in order. `tick` is told of bytes read. Raises OSError, and Damage after what could be read."""
    with ExitStack() as stack:
        stream = _opened(name, stack, tick)
        start = stream.peek(_HEAD)[:_HEAD]
        if start.lstrip(b" \t\r\n").startswith((b"{", _BOM)):
            from amp_addons.replay.har import entries_of

            yield from entries_of(stream.read())
            return
        if start and not start[:1].isdigit():
            raise Damage(0, "found something that is no capture, expected flows of mitmproxy or a HAR file")
        for at, data in frames(stream):
            if (flow := flow_of(data, at)) is not None:
                yield flow


def _opened(name: str, stack: ExitStack, tick: Tick) -> "io.BufferedReader[io.RawIOBase]":
    raw: BinaryIO | io.BufferedIOBase
    if name == STDIN:
        raw = sys.stdin.buffer
    elif is_url(name):
        from amp_addons.replay import remote

        raw = remote.opened(name, stack)
    else:
        raw = stack.enter_context(open(name, "rb", buffering=0))
    counted = _buffered(_Counted(raw, tick))
    start = counted.peek(4)
    if start.startswith(_GZIP):
        return _buffered(_Decompressed(gzip.GzipFile(fileobj=counted)))
    if start.startswith(_ZSTD):
        return _buffered(_Decompressed(_Zstd(counted)))
    return counted


def _buffered(raw: io.RawIOBase) -> "io.BufferedReader[io.RawIOBase]":
    return io.BufferedReader(raw, 1024 * 1024)


class _Counted(io.RawIOBase):
    """Tells of what is read."""

    def __init__(self, raw: "BinaryIO | io.BufferedIOBase", tick: Tick) -> None:
        self._raw, self._tick = raw, tick

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._tick(len(data))
        return len(data)


class _Zstd:
    """Frames one after another. The library's own reader takes a frame that stops early for one that ends."""

    def __init__(self, source: Any) -> None:
        import zstandard

        self._source = source
        self._new_frame = zstandard.ZstdDecompressor().decompressobj
        self._frame = self._new_frame()
        self._ready = self._input = b""
        self._between = True

    def read(self, size: int) -> bytes:
        while not self._ready:
            data = self._input or self._source.read(_ZSTD_INPUT)
            if not data:
                if self._between:
                    return b""
                raise EOFError
            self._ready, self._between = self._frame.decompress(data), False
            self._input = self._frame.unused_data
            if self._frame.eof:
                self._frame, self._between = self._new_frame(), True
        piece, self._ready = self._ready[:size], self._ready[size:]
        return piece


class _Decompressed(io.RawIOBase):
    """What is decompressed until it is damaged: that is told as damage, not as the end."""

    def __init__(self, inner: Any) -> None:
        self._inner, self._given = inner, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(len(buffer))
        except (EOFError, OSError, zlib.error) as error:
            raise Damage(self._given, f"found compressed data that is damaged or stops early ({type(error).__name__})") from None
        except Exception as error:
            if type(error).__name__ != "ZstdError":
                raise
            raise Damage(self._given, "found compressed data that is damaged (ZstdError)") from None
        buffer[: len(data)] = data
        self._given += len(data)
        return len(data)
