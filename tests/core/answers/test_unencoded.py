"""Decoding before a transform."""

import gzip
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from amp_addons.core.answers.models import ModelBack
from amp_addons.core.answers.unencoded import Decoded

BODY = b'data: {"model":"sent"}\n\n' * 50
BACK = BODY.replace(b"sent", b"mine")
ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "identity": bytes,
}


def decoded(coding: str | None) -> Decoded:
    return Decoded(coding, ModelBack("openai-chat", "sent", "mine"))


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("coding", ENCODE)
def test_the_transform_sees_the_body_decoded(coding: str, size: int) -> None:
    encoded = ENCODE[coding](BODY)
    transform = decoded(coding)
    pieces = [piece for at in range(0, len(encoded), size) for piece in transform.feed(encoded[at : at + size])]
    assert b"".join(pieces + transform.close()) == BACK
    assert transform.failed is None


def test_an_event_that_was_flushed_goes_on_at_once() -> None:
    compressor = zlib.compressobj(wbits=31)
    flushed = compressor.compress(b'data: {"model":"sent"}\n\n') + compressor.flush(zlib.Z_SYNC_FLUSH)
    assert decoded("gzip").feed(flushed) == [b'data: {"model":"mine"}\n\n']


def test_a_coding_that_is_not_known_fails_at_once() -> None:
    transform = decoded("compress")
    assert transform.failed is not None
    assert transform.feed(BODY) == transform.close() == []


def test_a_damaged_body_fails_and_nothing_more_comes_out() -> None:
    """What came before the damage does, as it would without us."""
    transform = decoded("gzip")
    compressor = zlib.compressobj(wbits=31)
    assert b"".join(transform.feed(compressor.compress(BODY) + compressor.flush(zlib.Z_SYNC_FLUSH))) == BACK
    assert transform.feed(b"\xff" * 100) == []
    assert transform.failed == "the body is damaged, or is not gzip as its Content-Encoding says"
    assert transform.feed(gzip.compress(BODY)) == transform.close() == []


def test_a_body_that_was_cut_off_fails_at_its_end() -> None:
    transform = decoded("gzip")
    compressor = zlib.compressobj(wbits=31)
    transform.feed(compressor.compress(b'data: {"x"') + compressor.flush(zlib.Z_SYNC_FLUSH))
    assert transform.failed is None
    assert transform.close() == [b'data: {"x"']
    assert transform.failed == "the body stops before its gzip data ends"
