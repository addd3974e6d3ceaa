"""Content codings: every piece can be decoded when it arrives."""

import zlib

import brotli
import pytest
import zstandard

from amp_addons.sim.coding import CODINGS, accepted, encoded

PIECES = [b"event: a\n", "data: größer 🚀\n\n".encode(), b"x" * 100_000, b"\n"]


def _drained(decompressor):
    # brotli 1.2 hands out 32 KiB a call and keeps the rest for the next one.
    return lambda data: decompressor.process(data) + b"".join(iter(lambda: decompressor.process(b""), b""))


DECODERS = {
    "gzip": lambda: zlib.decompressobj(31).decompress,
    "deflate": lambda: zlib.decompressobj(15).decompress,
    "br": lambda: _drained(brotli.Decompressor()),
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress,
}


def test_every_coding_is_tested():
    assert set(DECODERS) == set(CODINGS)


@pytest.mark.parametrize("coding", DECODERS)
def test_each_piece_is_flushed(coding):
    decode = DECODERS[coding]()
    *pieces, end = encoded(PIECES, [coding])
    assert [decode(piece) for piece in pieces] == PIECES
    assert decode(end) == b""


def test_codings_are_applied_in_order():
    body = b"".join(encoded(PIECES, ["gzip", "br"]))
    assert zlib.decompress(brotli.decompress(body), 31) == b"".join(PIECES)


def test_no_coding_changes_nothing():
    assert list(encoded(PIECES, [])) == PIECES


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip, deflate, br, zstd", ["gzip"]),
        ("br, gzip, deflate", ["br"]),
        ("identity, ZSTD;q=0.5", ["zstd"]),
        ("gzip;q=0, br", ["br"]),
        ("x-unknown", []),
        ("", []),
    ],
)
def test_first_known_coding_is_accepted(header, coding):
    assert accepted(header) == coding
