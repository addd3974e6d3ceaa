"""Content codings (RFC 9110, section 8.4.1) for streams: each piece is flushed, so that the client can decode it at once."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # the package has no annotations
import zstandard


class Encoder(Protocol):
    """Encodes one stream, piece by piece."""

    def piece(self, data: bytes) -> bytes: ...

    def end(self) -> bytes: ...


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._stream = zlib.compressobj(wbits=wbits)

    def piece(self, data: bytes) -> bytes:
        return self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._stream.flush()


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Compressor(quality=4)

    def piece(self, data: bytes) -> bytes:
        return bytes(self._stream.process(data) + self._stream.flush())

    def end(self) -> bytes:
        return bytes(self._stream.finish())


class _Zstandard:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdCompressor().compressobj()

    def piece(self, data: bytes) -> bytes:
        return self._stream.compress(data) + self._stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._stream.flush()


CODINGS: dict[str, Callable[[], Encoder]] = {
    "gzip": lambda: _Zlib(31),
    "deflate": lambda: _Zlib(15),
    "br": _Brotli,
    "zstd": _Zstandard,
}


def encoded(pieces: Iterable[bytes], codings: Sequence[str]) -> Iterator[bytes]:
    """Apply the codings, in order, to a body; one piece out for each piece in, and one for the end."""
    for coding in codings:
        pieces = _encoded(pieces, CODINGS[coding]())
    return iter(pieces)


def accepted(header: str) -> list[str]:
    """The coding to use for a client with this Accept-Encoding: the first it names that is known."""
    for offer in header.lower().split(","):
        coding, _, weight = offer.replace(" ", "").partition(";q=")
        if coding in CODINGS and weight not in ("0", "0.0", "0.00", "0.000"):
            return [coding]
    return []


def _encoded(pieces: Iterable[bytes], encoder: Encoder) -> Iterator[bytes]:
    for piece in pieces:
        yield encoder.piece(piece)
    yield encoder.end()
