"""Bodies as a Content-Encoding describes them: lists, bounds against bombs made here, and what cannot be decoded."""

import gzip
import io
import random
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial, reduce

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from amp_addons.core.encoding import MAX_CALL_BYTES, ContentDecoder, decode_body, encode_body

MIB = 1024 * 1024
TEXT = b"".join(b'data: {"index": %d}\n\n' % i for i in range(20))
ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=5),
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}  # fmt: skip
LISTS = ["gzip", "deflate", "br", "zstd", "gzip, br", "br, gzip", "zstd, deflate", "gzip, gzip, gzip", "deflate, br, zstd"]


def encode(data: bytes, content_encoding: str) -> bytes:
    return reduce(lambda body, name: ENCODE[name](body), content_encoding.split(", "), data)


def decode(content_encoding: str | None, *pieces: bytes, **bounds: int) -> tuple[bytes, str | None]:
    decoder = ContentDecoder(content_encoding, **bounds)
    return b"".join(map(decoder.feed, pieces)) + decoder.close(), decoder.error


@pytest.mark.parametrize("content_encoding", LISTS)
def test_cut_at_every_position(content_encoding: str) -> None:
    """Codings are undone from the last to the first, wherever the body is cut."""
    body = encode(TEXT, content_encoding)
    for cut in range(len(body) + 1):
        assert decode(content_encoding, body[:cut], b"", body[cut:]) == (TEXT, None)
    assert decode(content_encoding, *(bytes([byte]) for byte in body)) == (TEXT, None)


@pytest.mark.parametrize("content_encoding", [None, "", "identity", " Identity ,, identity"])
def test_identity(content_encoding: str | None) -> None:
    """Bytes that are not encoded are passed on, whatever their number."""
    assert decode(content_encoding, TEXT, TEXT, max_bytes=1, max_call_bytes=1) == (TEXT + TEXT, None)


@pytest.mark.parametrize("content_encoding", ["GZIP", " gzip ", "x-gzip", "gzip, identity", "identity,gzip,", ",X-GZip"])
def test_spelling(content_encoding: str) -> None:
    """Names are compared without case and white space; identity and empty elements are nothing."""
    assert decode(content_encoding, gzip.compress(TEXT)) == (TEXT, None)


@pytest.mark.parametrize("content_encoding", ["gzip, br", "br, zstd"])
def test_flushed_event_comes_at_once(content_encoding: str) -> None:
    """Also through two codings, each flushed by its maker."""
    makers: dict[str, Callable[[bytes], bytes]] = {}
    z, b, s = zlib.compressobj(wbits=31), brotli.Compressor(), zstandard.ZstdCompressor().compressobj()
    makers["gzip"] = lambda data: z.compress(data) + z.flush(zlib.Z_SYNC_FLUSH)
    makers["br"] = lambda data: b.process(data) + b.flush()
    makers["zstd"] = lambda data: s.compress(data) + s.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    decoder = ContentDecoder(content_encoding)
    for i in range(50):
        event = b"data: %d\n\n" % i
        assert decoder.feed(reduce(lambda body, name: makers[name](body), content_encoding.split(", "), event)) == event


UNKNOWN = "the Content-Encoding is none of gzip, deflate, br, zstd and identity"
DAMAGED = "the body is damaged, or is not {} as its Content-Encoding says"
UNDECODABLE = [
    ("unknown", "compress", b"x", UNKNOWN),
    ("one unknown", "gzip, unheard-of", b"x", UNKNOWN),
    ("too many", "gzip, gzip, gzip, gzip", b"x", "the Content-Encoding lists 4 codings; at most 3 are decoded"),
    ("far too many", ", ".join(["gzip"] * 5000), b"x", "the Content-Encoding lists 5000 codings; at most 3 are decoded"),
    ("not gzip", "gzip", b"<html>", DAMAGED.format("gzip")),
    ("not deflate", "deflate", b"\xff<html>", DAMAGED.format("deflate")),
    ("not br", "br", b"<html>" * 9, DAMAGED.format("br")),
    ("not zstd", "zstd", b"<html>", DAMAGED.format("zstd")),
    ("not the inner one", "br, gzip", gzip.compress(b"<html>" * 9), DAMAGED.format("br in gzip")),
    ("not the outer one", "br, gzip", brotli.compress(TEXT), DAMAGED.format("br in gzip")),
]


@pytest.mark.parametrize(("content_encoding", "body", "error"), [pytest.param(*case, id=name) for name, *case in UNDECODABLE])
def test_undecodable(content_encoding: str, body: bytes, error: str) -> None:
    """One sentence, once, and nothing more comes out."""
    decoder = ContentDecoder(content_encoding)
    decoder.feed(body)
    assert decoder.error == error
    assert (decoder.feed(gzip.compress(TEXT)), decoder.feed(b""), decoder.close(), decoder.error) == (b"", b"", b"", error)
    assert decode_body(body, content_encoding, MIB) is None


def test_what_was_decoded_before_the_damage_is_returned() -> None:
    """Events that arrived well are not lost with those behind them."""
    good = gzip.compress(TEXT)
    damaged = good[:-8] + bytes(8)
    assert decode("gzip", good + damaged)[0].startswith(TEXT)


@pytest.mark.parametrize("content_encoding", LISTS)
def test_truncated(content_encoding: str) -> None:
    """What came is decoded; at the end the decoder says that something is missing."""
    body = encode(TEXT, content_encoding)
    for length in range(1, len(body)):
        decoded, error = decode(content_encoding, body[:length])
        assert TEXT.startswith(decoded)
        assert error == f"the body stops before its {content_encoding.replace(', ', ' in ')} data ends"
        assert decode_body(body[:length], content_encoding, MIB) is None


def test_no_body() -> None:
    """An answer to HEAD, or a 304, names an encoding and has no body."""
    assert decode("gzip") == (b"", None)
    assert decode("gzip", b"") == (b"", None)
    assert decode_body(b"", "gzip", MIB) == b""


def zeros() -> Iterator[bytes]:
    for _ in range(200):
        yield bytes(MIB)


@cache
def zeros_in(name: str) -> bytes:
    """200 MiB of zeros, in less than 200 KiB, without ever having them in memory."""
    if name == "br":
        compressor = brotli.Compressor(quality=1)
        return b"".join([*map(compressor.process, zeros()), compressor.finish()])
    compressobj = zstandard.ZstdCompressor().compressobj() if name == "zstd" else zlib.compressobj(wbits=31 if name == "gzip" else 15)
    return b"".join(map(compressobj.compress, zeros())) + compressobj.flush()


BOMBS: list[tuple[str, Callable[[], bytes]]] = [
    *((name, partial(zeros_in, name)) for name in ENCODE),
    ("gzip, gzip", lambda: gzip.compress(zeros_in("gzip"))),
    ("gzip, gzip, gzip", lambda: gzip.compress(gzip.compress(zeros_in("gzip")))),
    ("gzip, br", lambda: brotli.compress(zeros_in("gzip"))),
    ("br, zstd", lambda: ENCODE["zstd"](zeros_in("br"))),
    ("zstd, zstd", lambda: ENCODE["zstd"](zeros_in("zstd"))),
    # Nothing but beginnings and ends: no output to count, but work.
    ("gzip", lambda: gzip.compress(b"") * 5000),
    ("zstd", lambda: ENCODE["zstd"](b"") * 5000),
    ("gzip, gzip", lambda: gzip.compress(gzip.compress(b"") * 200_000)),
    ("zstd, zstd", lambda: ENCODE["zstd"](b"\x50\x2a\x4d\x18\0\0\0\0" * 500_000)),
    # The densest zstd: blocks of one repeated byte, 128 KiB in four bytes.
    ("zstd", lambda: b"\x28\xb5\x2f\xfd\x00\x68" + b"\x02\x00\x10\x00" * 16_000),
]  # fmt: skip


@pytest.mark.parametrize(("content_encoding", "make"), [pytest.param(*bomb, id=f"{i}-{bomb[0]}") for i, bomb in enumerate(BOMBS)])
def test_bomb(content_encoding: str, make: Callable[[], bytes]) -> None:
    """One call takes little time and memory, gives no more than its bound, and ends the decoding."""
    read = make()[: 64 * 1024]
    seconds = []
    for _ in range(3):
        decoder = ContentDecoder(content_encoding)
        started = time.process_time()
        assert len(decoder.feed(read)) <= MAX_CALL_BYTES
        seconds.append(time.process_time() - started)
        assert decoder.error is not None
        assert decoder.error.startswith("one piece of the body ")
    assert min(seconds) < 0.1, "it takes up to 0.03 s, without bounds 0.3 to 2 s"
    decoder = ContentDecoder(content_encoding)
    tracemalloc.start()
    try:
        decoder.feed(read)
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_CALL_BYTES
    finally:
        tracemalloc.stop()


def test_bound_of_a_call() -> None:
    """It is for one call: the same in two is decoded. What fits is returned even when more follows."""
    body = encode(bytes(1000), "zstd")
    assert decode("zstd", body, body, max_call_bytes=1000) == (bytes(2000), None)
    assert decode("zstd", body + body, max_call_bytes=1999) == (
        bytes(1000),
        "one piece of the body decodes to more than 1999 bytes; the rest was not decoded",
    )


def test_bound_of_a_body() -> None:
    """It is for all calls together, and inclusive."""
    body = encode(bytes(1000), "gzip")
    assert decode("gzip", body, body, max_bytes=2000) == (bytes(2000), None)
    assert decode("gzip", body, body, max_bytes=1999) == (
        bytes(1000),
        "the body decodes to more than 1999 bytes; the rest was not decoded",
    )


def test_bound_of_parts() -> None:
    """It is for one call: members without content give no output to count, but take time."""
    empty = gzip.compress(b"")
    assert decode("gzip", empty * 1000, empty * 1000) == (b"", None)
    assert decode("gzip", empty, empty * 1001) == (
        b"",
        "one piece of the body has more than 1000 compressed parts; the rest was not decoded",
    )


def test_bound_between_codings() -> None:
    """What is still encoded hardly grows; where it does, the inner coding would get work out of proportion."""
    body = brotli.compress(gzip.compress(b"") * 100_000)
    assert decode("gzip, br", body) == (
        b"",
        f"one piece of the body decodes to more than {64 * 1024 + 8 * len(body)} bytes; the rest was not decoded",
    )
    named = io.BytesIO()
    with gzip.GzipFile("x" * 5000, "wb", fileobj=named) as file:
        file.write(TEXT)
    assert decode("gzip, br", brotli.compress(named.getvalue())) == (TEXT, None)
    assert decode("gzip, br", brotli.compress(named.getvalue()), max_call_bytes=1000) == (
        b"",
        "one piece of the body decodes to more than 1000 bytes; the rest was not decoded",
    )


@pytest.mark.parametrize("content_encoding", [*LISTS, "identity"])
def test_decode_body(content_encoding: str) -> None:
    """A whole body at once, up to a bound, however well it was compressed."""
    for text in (b"", TEXT, bytes(6 * MIB)):
        body = text if content_encoding == "identity" else encode(text, content_encoding)
        assert decode_body(body, content_encoding, max(len(text), 2000)) == text
        assert not text or decode_body(body, content_encoding, len(text) - 1) is None


def test_decode_body_of_many_members() -> None:
    """The bounds of a call are for one read of a socket; a whole body may be larger than that."""
    member = random.Random(1).randbytes(80)
    assert decode_body(gzip.compress(member) * 2000, "gzip", MIB) == member * 2000


def test_libraries_are_imported_when_needed() -> None:
    """Who never meets brotli or zstd does not wait for them at the start."""
    code = """if True:
        import sys
        from amp_addons.core.encoding import ContentDecoder
        ContentDecoder("gzip, deflate")
        assert not {"brotli", "zstandard"} & sys.modules.keys()
    """
    subprocess.run([sys.executable, "-c", code], check=True)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([*LISTS, "none"]), st.integers(0, 60), st.lists(st.binary(max_size=300), max_size=5), st.integers(0, 2000))
def test_arbitrary_bytes(content_encoding: str, keep: int, pieces: list[bytes], bound: int) -> None:
    """Nothing is raised, the bounds hold, and an error stays as it is."""
    start = encode(TEXT, content_encoding)[:keep] if content_encoding != "none" else b""
    decoder = ContentDecoder(content_encoding, max_bytes=2 * bound, max_call_bytes=bound)
    total, error = 0, decoder.error
    for piece in (start, *pieces):
        decoded = decoder.feed(piece)
        total += len(decoded)
        assert len(decoded) <= bound
        assert not error or (decoded, decoder.error) == (b"", error)
        error = decoder.error
    assert total <= 2 * bound
    assert decoder.close() == b""
    assert not error or decoder.error == error


@given(st.binary(max_size=2000), st.lists(st.sampled_from(["gzip", "x-gzip", "deflate", "br", "zstd", "identity", "GZIP", ""]), max_size=3))
def test_a_body_encoded_and_decoded_is_the_same(data: bytes, codings: list[str]) -> None:
    header = " , ".join(codings)
    assert decode_body(encode_body(data, header), header, 10_000) == data


@pytest.mark.parametrize("coding", [None, "", "identity", " , "])
def test_a_body_without_a_coding_stays_as_it_is(coding: str | None) -> None:
    assert encode_body(b"x", coding) == b"x"


@pytest.mark.parametrize("coding", ["compress", "gzip, x", "gzip;q=1"])
def test_a_coding_that_is_not_known_is_not_encoded(coding: str) -> None:
    with pytest.raises(ValueError, match="none of gzip"):
        encode_body(b"x", coding)
