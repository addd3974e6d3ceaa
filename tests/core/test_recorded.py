import gzip
import zlib

import brotli
import pytest
import zstandard

from amp_addons.core.recorded import MAX_HEAD, PIECE, RecordedBody

SSE = b'event: ping\ndata: {"type":"ping"}\n\n' * 5
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n%s\r\n"
CHUNKED = HEAD % b"Transfer-Encoding: chunked\r\n"
GZIP = gzip.compress(SSE)


def chunked(data: bytes, size: int = 10) -> bytes:
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nTrailer: x\r\n\r\n"


CASES = [
    pytest.param(SSE, None, id="bare"),
    pytest.param(GZIP, None, id="gzip by magic"),
    pytest.param(zstandard.ZstdCompressor().compress(SSE), None, id="zstd by magic"),
    pytest.param(brotli.compress(SSE), "br", id="br as given"),
    pytest.param(zlib.compress(SSE), "deflate", id="deflate as given"),
    pytest.param(HEAD % b"" + SSE, None, id="head"),
    pytest.param((HEAD % b"").replace(b"\r", b"") + SSE, None, id="head with LF"),
    pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD % b"" + SSE, None, id="after 100"),
    pytest.param(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /x\r\n\r\nHTTP/2 200 \r\n\r\n" + SSE, None, id="after a redirect"),
    pytest.param(CHUNKED + chunked(SSE), None, id="chunked"),
    pytest.param(CHUNKED + SSE, None, id="chunked, already undone"),
    pytest.param(HEAD % b"Content-Encoding: gzip\r\n" + GZIP, None, id="gzip by its head"),
    pytest.param(HEAD % b"Content-Encoding: BR\r\n" + brotli.compress(SSE), None, id="br by its head"),
    pytest.param(HEAD % b"Content-Encoding: br\r\n" + SSE, None, id="br, already undone"),
    pytest.param(HEAD % b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n" + chunked(GZIP), None, id="gzip in chunks"),
]  # fmt: skip


def read(data: bytes, encoding: str | None, size: int) -> tuple[bytes, RecordedBody]:
    body = RecordedBody(encoding)
    found = [piece for at in range(0, len(data), size) for piece in body.feed(data[at : at + size])]
    found += body.close()
    assert all(0 < len(piece) <= PIECE for piece in found)
    return b"".join(found), body


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(("data", "encoding"), CASES)
def test_the_body_comes_out_however_it_is_cut(data: bytes, encoding: str | None, size: int) -> None:
    found, body = read(data, encoding, size)
    assert (found, body.problems) == (SSE, [])


@pytest.mark.parametrize("data", [b"", b"\n", b"H", b"{}", b"d", b"HTTP is a protocol\n", b"HTTP/", b"HTTP/1.1 x\r\n\r\n"])
def test_what_is_short_is_no_trouble(data: bytes) -> None:
    found, body = read(data, None, 1)
    assert (found == data) != (data.startswith(b"HTTP/"))
    assert bool(body.problems) == (data == b"HTTP/")


def test_status_and_fields_of_the_last_head() -> None:
    _, body = read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/2 529 \r\nContent-Type: Text/Event-Stream\r\n\r\n" + SSE, None, 5)
    assert body.head and (body.head.status, body.head.fields) == (529, {"content-type": "text/event-stream"})


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (GZIP[:-9], "the body stops before its gzip data ends"),
        (GZIP[:10] + b"\xff" * 40, "the body is damaged, or is not gzip as its Content-Encoding says"),
        (CHUNKED + chunked(SSE)[:-40], "the recording stops before the last chunk of its framing"),
        (CHUNKED + chunked(SSE)[:19] + b"what\r\n", "the chunked framing is damaged"),
        (CHUNKED + b"5\r\nevent\r\n" + b"x" * 9000, "the chunked framing is damaged"),
        (HEAD % b"Content-Encoding: lzma\r\n" + b"\x1f\x9d" * 20, "the Content-Encoding is none of gzip, deflate, br, zstd and identity"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_and_the_rest_kept(data: bytes, problem: str) -> None:
    found, body = read(data, None, 100)
    assert SSE.startswith(found[:5])
    assert body.problems == [problem]


def test_a_head_without_end_is_a_body() -> None:
    data = b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * (MAX_HEAD // 6)
    assert read(data, None, 5000)[0] == data


def test_what_grows_a_thousandfold_is_read() -> None:
    found, body = read(gzip.compress(bytes(100 * 1024 * 1024)), None, 1 << 20)
    assert (len(found), body.problems) == (100 * 1024 * 1024, [])
