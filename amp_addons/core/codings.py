"""The content codings gzip, deflate, br and zstd (RFC 9110, section 8.4.1), each decoded in small steps.

The contract: `decode` is a generator that makes one bounded piece after another and only when asked for it, so the caller can stop
before memory or time is spent. What the sender flushed has come out when the generator ends.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

STEP = 64 * 1024
"""Bytes asked of zlib and brotli at once. Brotli rounds up to its own blocks (at most twice as much)."""

_ZSTD_INPUT = 128
"""Bytes given to zstd at once. It has no limit of output, and four bytes may stand for a block of 128 KiB: 4 MiB at most."""

_ZSTD_WINDOW = 8 * 1024 * 1024
"""The largest window that RFC 9659 allows in this place (bytes). The format allows terabytes."""


class Coding(Protocol):
    """Decodes one body. `decode` may raise `failure`, after which the object is of no more use.

    An empty piece marks the end of a gzip member or zstd frame, of which a body may have any number. `finished` says whether the body
    may end here.
    """

    name: str
    failure: type[Exception]

    @property
    def finished(self) -> bool: ...

    def decode(self, data: bytes) -> Iterator[bytes]: ...


class _Gzip:
    """Members one after another (RFC 1952). What follows the last one and is no member is ignored, as gzip and browsers do."""

    name = "gzip"
    failure: type[Exception] = zlib.error
    _WBITS = 32 + zlib.MAX_WBITS  # gzip, and zlib too, which some servers send under this name

    def __init__(self) -> None:
        self._member = zlib.decompressobj(self._WBITS)
        self._over = False
        self.finished = False  # true between members

    def decode(self, data: bytes) -> Iterator[bytes]:
        while data and not self._over:
            try:
                for piece in _inflate(self._member, data):
                    self.finished = False
                    yield piece
            except zlib.error:
                if not self.finished:
                    raise
                self._over = True
            data = self._member.unused_data
            if self._member.eof:
                self.finished = True
                self._member = zlib.decompressobj(self._WBITS)
                yield b""


class _Deflate:
    """A zlib stream (RFC 1950), or the bare deflate data that some servers send instead: the first two bytes tell."""

    name = "deflate"
    failure: type[Exception] = zlib.error

    def __init__(self) -> None:
        self._head = b""
        self._inflater: zlib._Decompress | None = None

    @property
    def finished(self) -> bool:
        return self._inflater is not None and self._inflater.eof

    def decode(self, data: bytes) -> Iterator[bytes]:
        if self._inflater is None:
            data = self._head = self._head + data
            if len(data) < 2:
                return
            is_zlib = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2]) % 31 == 0
            self._inflater = zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
        if not self._inflater.eof:  # after its end zlib would collect what follows
            yield from _inflate(self._inflater, data)


def _inflate(inflater: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    while True:
        piece = inflater.decompress(data, STEP)
        if piece:
            yield piece
        data = inflater.unconsumed_tail
        if not data and len(piece) < STEP:  # after a full piece zlib may hold more, though all input is consumed
            return


class _Brotli:
    """Brotli (RFC 7932). The library refuses bytes behind the end that come in one call with it; later ones are ignored."""

    name = "br"

    def __init__(self) -> None:
        import brotli  # type: ignore[import-untyped]

        self.failure: type[Exception] = brotli.error
        self._decompressor = brotli.Decompressor()

    @property
    def finished(self) -> bool:
        return bool(self._decompressor.is_finished())

    def decode(self, data: bytes) -> Iterator[bytes]:
        if self.finished:
            return
        # Until there is no more: `can_accept_more_data` tells of input left, not of output left.
        while piece := self._decompressor.process(data, output_buffer_limit=STEP):
            yield piece
            data = b""


class _Zstd:
    """Frames one after another (RFC 8878). What follows the last one and is no frame is ignored."""

    name = "zstd"

    def __init__(self) -> None:
        import zstandard

        self.failure: type[Exception] = zstandard.ZstdError
        self._new_frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj
        self._frame = self._new_frame()
        self._over = False
        self.finished = False  # true between frames

    def decode(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_INPUT):
            rest = data[start : start + _ZSTD_INPUT]
            while rest and not self._over:
                if piece := self._step(rest):
                    self.finished = False
                    yield piece
                rest = self._frame.unused_data
                if self._frame.eof:
                    self.finished = True
                    self._frame = self._new_frame()
                    yield b""

    def _step(self, data: bytes) -> bytes:
        try:
            return self._frame.decompress(data)
        except self.failure:
            if not self.finished:
                raise
            self._over = True
            return b""


CODINGS: dict[str, Callable[[], Coding]] = {"gzip": _Gzip, "x-gzip": _Gzip, "deflate": _Deflate, "br": _Brotli, "zstd": _Zstd}
"""How to begin decoding each coding, by its name in lower case. brotli and zstandard are imported when first needed."""


_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


def coding_of(data: bytes) -> str | None:
    """The coding that a body's first bytes tell of; deflate and br have none of their own."""
    return next((name for magic, name in _MAGIC.items() if data.startswith(magic)), None)


def encode(name: str, data: bytes) -> bytes:
    """Encode a whole body in the coding of this name (a key of `CODINGS`)."""
    if name == "br":
        import brotli

        return bytes(brotli.compress(data, quality=4))
    if name == "zstd":
        import zstandard

        return zstandard.ZstdCompressor().compress(data)
    return zlib.compress(data, level=6, wbits=15 if name == "deflate" else 31)


class Encoder(Protocol):
    """Encodes one body piece by piece: whatever went in has come out, so that a decoder gets the same pieces."""

    def feed(self, data: bytes) -> bytes: ...

    def close(self) -> bytes: ...


class _Deflating:
    def __init__(self, wbits: int) -> None:
        self._deflater = zlib.compressobj(6, zlib.DEFLATED, wbits)

    def feed(self, data: bytes) -> bytes:
        return self._deflater.compress(data) + self._deflater.flush(zlib.Z_SYNC_FLUSH)

    def close(self) -> bytes:
        return self._deflater.flush()


class _Brotling:
    def __init__(self) -> None:
        import brotli

        self._compressor = brotli.Compressor(quality=4)

    def feed(self, data: bytes) -> bytes:
        return bytes(self._compressor.process(data) + self._compressor.flush())

    def close(self) -> bytes:
        return bytes(self._compressor.finish())


class _Zstding:
    def __init__(self) -> None:
        import zstandard

        self._block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        self._compressor = zstandard.ZstdCompressor().compressobj()

    def feed(self, data: bytes) -> bytes:
        return self._compressor.compress(data) + self._compressor.flush(self._block)

    def close(self) -> bytes:
        return self._compressor.flush()


ENCODERS: dict[str, Callable[[], Encoder]] = {
    "gzip": lambda: _Deflating(31),
    "x-gzip": lambda: _Deflating(31),
    "deflate": lambda: _Deflating(15),
    "br": _Brotling,
    "zstd": _Zstding,
}
"""How to begin encoding a body piece by piece, by the coding's name in lower case."""
