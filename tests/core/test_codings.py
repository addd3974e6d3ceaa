"""Every coding, cut at every position, flushed by the event, ended early, and followed by garbage."""

import gzip
import random
import zlib
from collections.abc import Callable
from functools import partial

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from amp_addons.core.codings import CODINGS, STEP, Coding
from amp_addons.core.codings import ENCODERS as IN_PIECES

EVENTS = [
    b'event: content_block_delta\ndata: {"index": %d, "text": "%s"}\n\n' % (i, bytes([97 + i % 26]) * (i * 7 % 40)) for i in range(12)
]
TEXT = b"".join(EVENTS)


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def stored_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(0, wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


# Name of the test, coding, how to make a whole body of it.
ENCODERS: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("gzip", "gzip", gzip.compress),
    ("x-gzip", "x-gzip", gzip.compress),
    ("zlib as gzip", "gzip", zlib.compress),
    ("deflate", "deflate", zlib.compress),
    ("deflate, best", "deflate", lambda data: zlib.compress(data, 9)),
    ("deflate, raw", "deflate", raw_deflate),
    ("deflate, raw and stored", "deflate", stored_deflate),
    ("br", "br", brotli.compress),
    ("zstd", "zstd", zstd),
]  # fmt: skip
each_encoder = pytest.mark.parametrize(("coding", "encode"), [pytest.param(*rest, id=name) for name, *rest in ENCODERS])


def read(coding: Coding, *pieces: bytes) -> list[bytes]:
    """What each piece decodes to."""
    return [b"".join(coding.decode(piece)) for piece in pieces]


@each_encoder
def test_cut_at_every_position(coding: str, encode: Callable[[bytes], bytes]) -> None:
    """Cuts change nothing, and nothing is missing before `finished`."""
    body = encode(TEXT)
    for cut in range(len(body) + 1):
        decoder = CODINGS[coding]()
        first, second = read(decoder, body[:cut], body[cut:])
        assert first + second == TEXT
        assert decoder.finished


@each_encoder
def test_byte_by_byte(coding: str, encode: Callable[[bytes], bytes]) -> None:
    """`finished` comes with the last byte, not before."""
    body = encode(TEXT)
    decoder = CODINGS[coding]()
    before = read(decoder, *(body[i : i + 1] for i in range(len(body) - 1)))
    assert not decoder.finished
    assert b"".join(before + read(decoder, body[-1:])) == TEXT
    assert decoder.finished


@each_encoder
def test_empty_body(coding: str, encode: Callable[[bytes], bytes]) -> None:
    """Nothing, encoded, is a body too."""
    decoder = CODINGS[coding]()
    assert not decoder.finished
    assert read(decoder, encode(b"")) == [b""]
    assert decoder.finished


@each_encoder
@pytest.mark.parametrize("size", [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 300_000])
def test_pieces_are_small_and_lose_nothing(coding: str, encode: Callable[[bytes], bytes], size: int) -> None:
    """Around the step, where a decoder has consumed its input and holds output still."""
    text = random.Random(size).randbytes(100) * (size // 100) + b"x" * (size % 100)
    pieces = list(CODINGS[coding]().decode(encode(text)))
    assert b"".join(pieces) == text
    assert max(map(len, pieces)) <= (4 << 20 if coding == "zstd" else 128 * 1024)


LARGE = [random.Random(size).randbytes(100) * (size // 100) + b"x" * (size % 100) for size in (32_752, 64 * 1024, 98_272, 300_000)]


def deflate_flushes(wbits: int, events: list[bytes]) -> list[bytes]:
    compressor = zlib.compressobj(wbits=wbits)
    return [compressor.compress(event) + compressor.flush(zlib.Z_SYNC_FLUSH) for event in events]


def brotli_flushes(events: list[bytes]) -> list[bytes]:
    compressor = brotli.Compressor()
    return [compressor.process(event) + compressor.flush() for event in events]


def zstd_flushes(events: list[bytes]) -> list[bytes]:
    compressor = zstandard.ZstdCompressor().compressobj()
    return [compressor.compress(event) + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for event in events]


@pytest.mark.parametrize(
    ("coding", "encode"),
    [
        pytest.param("gzip", partial(deflate_flushes, 31), id="gzip"),
        pytest.param("deflate", partial(deflate_flushes, 15), id="deflate"),
        pytest.param("deflate", partial(deflate_flushes, -15), id="deflate, raw"),
        pytest.param("br", brotli_flushes, id="br"),
        pytest.param("zstd", zstd_flushes, id="zstd"),
        pytest.param("gzip", lambda events: [gzip.compress(event) for event in events], id="gzip members"),
        pytest.param("zstd", lambda events: [zstd(event) for event in events], id="zstd frames"),
    ],
)
@pytest.mark.parametrize("events", [pytest.param(EVENTS, id="small"), pytest.param(LARGE, id="large")])
def test_flushed_event_comes_at_once(coding: str, encode: Callable[[list[bytes]], list[bytes]], events: list[bytes]) -> None:
    """All of what the server flushed is there before the next piece arrives, in as many steps as it takes."""
    assert read(CODINGS[coding](), *encode(events)) == events


@pytest.mark.parametrize(("coding", "encode"), [("gzip", gzip.compress), ("zstd", zstd)])
def test_several_parts_cut_at_every_position(coding: str, encode: Callable[[bytes], bytes]) -> None:
    """Members and frames follow each other, empty ones included, and an empty piece marks the end of each."""
    body = encode(b"one ") + encode(b"") + encode(b"two ") + encode(b"three")
    for cut in range(len(body) + 1):
        decoder = CODINGS[coding]()
        pieces = [*decoder.decode(body[:cut]), *decoder.decode(body[cut:])]
        assert (b"".join(pieces), pieces.count(b""), decoder.finished) == (b"one two three", 4, True)


@each_encoder
@pytest.mark.parametrize(
    "garbage", [b"\0", b"\0" * 600, b"\n", b"garbage" * 99, b"\x1f", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"\x50\x2a"]
)
def test_garbage_behind_the_end_is_ignored(coding: str, encode: Callable[[bytes], bytes], garbage: bytes) -> None:
    """Padding and debris do not spoil what was decoded; brotli alone refuses it when it comes together with the end."""
    body = encode(TEXT)
    decoder = CODINGS[coding]()
    assert read(decoder, body, garbage, garbage) == [TEXT, b"", b""]
    assert decoder.finished
    if coding != "br":
        decoder = CODINGS[coding]()
        assert read(decoder, body + garbage, garbage) == [TEXT, b""]
        assert decoder.finished


@pytest.mark.parametrize(("coding", "encode"), [("gzip", gzip.compress), ("zstd", zstd)])
def test_part_behind_garbage_is_ignored(coding: str, encode: Callable[[bytes], bytes]) -> None:
    """Where the body ends does not depend on how it is cut."""
    body = encode(TEXT)
    for pieces in ([body, b"garbage", body], [body + b"garbage" + body]):
        assert b"".join(read(CODINGS[coding](), *pieces)) == TEXT


def test_garbage_behind_deflate_is_not_collected() -> None:
    """zlib keeps everything that follows an end; a stream that never stops would fill the memory."""
    decoder = CODINGS["deflate"]()
    read(decoder, zlib.compress(TEXT))
    read(decoder, *[b"x" * 1000] * 100)
    assert not decoder._inflater.unused_data  # type: ignore[attr-defined]


@pytest.mark.parametrize(("coding", "encode"), [("gzip", gzip.compress), ("zstd", zstd)])
def test_damaged_second_part_is_a_failure(coding: str, encode: Callable[[bytes], bytes]) -> None:
    """A part that has begun to decode is no garbage."""
    text = random.Random(1).randbytes(2000)
    decoder = CODINGS[coding]()
    body = encode(TEXT) + encode(text)[:-4] + b"\0\0\0\0"
    with pytest.raises(decoder.failure):
        read(decoder, *(body[i : i + 50] for i in range(0, len(body), 50)))
    assert not decoder.finished


@each_encoder
def test_truncated_body_is_not_finished(coding: str, encode: Callable[[bytes], bytes]) -> None:
    """What came is decoded, and the end is known to be missing."""
    body = encode(TEXT)
    for length in range(len(body)):
        decoder = CODINGS[coding]()
        assert TEXT.startswith(read(decoder, body[:length])[0])
        assert not decoder.finished


def test_bare_deflate_is_told_from_zlib() -> None:
    """Each of the two marks of a zlib header alone, as bare deflate data may have it by chance."""
    for number in range(300):  # every 31st has a first pair of bytes that is a multiple of 31
        text = b"%d" % number**5
        assert read(CODINGS["deflate"](), raw_deflate(text)) == [text]
    padded = b"\x08\x05\x00\xfa\xffhello"  # a stored block, its padding bits not zero: the low nibble of zlib
    assert read(CODINGS["deflate"](), padded) == [b"hello"]


@pytest.mark.parametrize("size", [STEP, STEP + 100, STEP + 258, 2 * STEP + 1])
def test_zlib_holds_nothing_back(size: int) -> None:
    """A full step may leave output inside of zlib when all input is consumed: it comes before the next piece."""
    body = gzip.compress(bytes(size))
    for cut in range(len(body)):
        assert read(CODINGS["gzip"](), body[:cut]) == [zlib.decompressobj(31).decompress(body[:cut])]


def test_densest_zstd_comes_in_small_pieces() -> None:
    """Blocks of one repeated byte, 128 KiB in four bytes each: 12.5 MiB in 400."""
    sizes = [len(piece) for piece in CODINGS["zstd"]().decode(b"\x28\xb5\x2f\xfd\x00\x68" + b"\x02\x00\x10\x00" * 100)]
    assert sum(sizes) == 100 * 128 * 1024
    assert max(sizes) <= 4 * 1024 * 1024


def test_window_beyond_the_standard_is_refused() -> None:
    """A zstd frame may ask for a window of gigabytes; RFC 9659 allows 8 MiB here, and that much is accepted."""
    for log, accepted in ((23, True), (24, False), (27, False)):
        compressor = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=log)).compressobj()
        body = compressor.compress(TEXT) + compressor.flush()
        decoder = CODINGS["zstd"]()
        if accepted:
            assert read(decoder, body) == [TEXT]
        else:
            with pytest.raises(decoder.failure):
                read(decoder, body)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(CODINGS)), st.lists(st.binary(max_size=300), max_size=5), st.integers(0, 30))
def test_nothing_but_the_failure_is_raised(coding: str, pieces: list[bytes], keep: int) -> None:
    """Arbitrary bytes, also behind a valid beginning."""
    encode = next(encode for _, name, encode in ENCODERS if name == coding)
    decoder = CODINGS[coding]()
    try:
        read(decoder, encode(TEXT)[:keep], *pieces)
    except decoder.failure:
        pass


@pytest.mark.parametrize("coding", IN_PIECES)
def test_what_was_encoded_in_pieces_comes_out_in_the_same(coding: str) -> None:
    """Every piece, the first and an empty one too, before anything follows it; the last only ends the body."""
    encoder, decoder = IN_PIECES[coding](), CODINGS[coding]()
    pieces = [b"a", b"", *EVENTS, random.Random(1).randbytes(100_000)]
    assert read(decoder, *(encoder.feed(piece) for piece in pieces)) == pieces
    assert not decoder.finished
    assert read(decoder, encoder.close()) == [b""] and decoder.finished


@pytest.mark.parametrize("coding", IN_PIECES)
def test_no_piece_at_all_is_a_body_too(coding: str) -> None:
    decoder = CODINGS[coding]()
    assert read(decoder, IN_PIECES[coding]().close()) == [b""] and decoder.finished


def test_every_coding_can_be_encoded_in_pieces() -> None:
    assert IN_PIECES.keys() == CODINGS.keys()
