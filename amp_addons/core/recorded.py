"""A recorded answer: the body out of a file that holds it as it was sent, with or without its head.

The contract: bytes cut anywhere in, decoded bytes of the body out in pieces of bounded size. Nothing raises; what could not be read is
said in `problems`. Heads (`curl -i`), several of them, chunked framing and content codings are each undone where they are still there:
curl removes the framing, and with --compressed the coding, but leaves the header fields that name them.
"""

import re
from collections.abc import Iterator

from amp_addons.core.codings import coding_of
from amp_addons.core.encoding import ContentDecoder

MAX_HEAD = 256 * 1024
"""Longest head (bytes), twice what curl takes of one field. Something longer is taken for a body."""

PIECE = 64 * 1024
"""Most bytes in a piece of the body."""

_STEP = 4096
"""Bytes given to a content coding at once, whose growth is bounded by `_MAX_STEP` bytes: 16,000 times, where gzip can do 1,000."""

_MAX_STEP = 64 * 1024 * 1024
_MAX_DECODED = 1 << 40
"""Most bytes decoded in all. A user who does not want to wait for the end of a file this large can interrupt."""

_TEXT = (
    b"data:",
    b"event:",
    b"id:",
    b"retry:",
    b": ",
    b":\n",
    b":\r",
    b'{"',
    b"{\n",
    b"{\r",
    b"{ ",
    b"[{",
    b"[\n",
    b"[\r",
    b"\xef\xbb\xbf",
)
"""How event streams and JSON begin; hardly any encoded body does."""
_PEEK = 16
"""Bytes that tell what a body is: enough for `_TEXT`, `_MAGIC` and the size of a first chunk."""

_HEAD = b"HTTP/"
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/[\d.]+ +(\d{3})")
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
_MAX_CHUNK_LINE = 4096


class Head:
    """One head: `status`, and the values of the header fields that matter here, in lower case."""

    def __init__(self, text: bytes) -> None:
        self.status = int(found[1]) if (found := _STATUS.match(text)) else None
        self.fields: dict[str, str] = {}
        for line in text.splitlines()[1:]:
            name, _, value = line.partition(b":")
            self.fields[name.strip().lower().decode("latin-1")] = value.strip().lower().decode("latin-1")


class Dechunker:
    """Undoes chunked framing (RFC 9112, section 7.1). `finished` after the last chunk; what follows it is ignored."""

    def __init__(self) -> None:
        self.finished = False
        self.error: str | None = None
        self._buffer = b""
        self._left = 0  # bytes to come of this chunk

    def feed(self, data: bytes) -> bytes:
        data = self._buffer + data
        self._buffer = b""
        found = []
        at = 0
        while at < len(data) and not self.finished and not self.error:
            if self._left:
                found.append(data[at : at + self._left])
                self._left -= len(found[-1])
                at += len(found[-1])
                continue
            end = data.find(b"\n", at)
            if end < 0:
                self._buffer = data[at:]
                self._check(len(self._buffer) <= _MAX_CHUNK_LINE)
                break
            self._begin_chunk(data[at : end + 1])
            at = end + 1
        return b"".join(found)

    def _begin_chunk(self, line: bytes) -> None:
        if not line.strip():  # the end of the chunk before
            return
        size = _CHUNK_SIZE.fullmatch(line)
        self._check(size is not None)
        if size:
            self._left = int(size[1], 16)
            self.finished = not self._left

    def _check(self, good: bool) -> None:
        if not good:
            self.error = "the chunked framing is damaged"


class RecordedBody:
    """The body in a recording. `encoding`: its content coding, when it is known better than head or first bytes tell.

    `head` is the last one read, or None. `problems` are sentences that hold nothing of the recording.
    """

    def __init__(self, encoding: str | None = None) -> None:
        self.head: Head | None = None
        self.problems: list[str] = []
        self._given = encoding
        self._start: bytes | None = b""  # what is needed to tell a head from a body
        self._dechunker: Dechunker | None = None
        self._decoder: ContentDecoder | None = None
        self._peeked: bytes | None = b""  # what is needed to tell the coding, already without framing

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes of the file; make the pieces of the body that they complete. To be used up before the next call."""
        if self._start is not None:
            data = self._take_heads(self._start + data)
        yield from self._body(data)

    def close(self) -> Iterator[bytes]:
        """End the file."""
        start, self._start = self._start, None
        if start and self._peeked == b"":
            if start.startswith(_HEAD):
                self.problems.append("the recording stops within a head")
            else:
                self._begin_framing(start)
                yield from self._body(start)
        peeked, self._peeked = self._peeked, None
        if peeked:
            self._begin_coding(peeked)
            yield from self._decode(peeked)
        if self._dechunker and (self._dechunker.error or not self._dechunker.finished):
            self.problems.append(self._dechunker.error or "the recording stops before the last chunk of its framing")
        if self._decoder:
            self._decoder.close()
            if self._decoder.error:
                self.problems.append(self._decoder.error)

    def _take_heads(self, data: bytes) -> bytes:
        """Read all heads at the beginning; -> what follows them, or nothing as long as that is undecided."""
        while data.startswith(_HEAD):
            end = _HEAD_END.search(data)
            if end is None or end.start() > MAX_HEAD:
                if len(data) > MAX_HEAD:
                    break
                self._start = data
                return b""
            self.head = Head(data[: end.start()])
            data = data[end.end() :]
        if len(data) < _PEEK and (not data or _HEAD.startswith(data[: len(_HEAD)]) or b"\n" not in data):
            self._start = data
            return b""
        self._start = None
        self._begin_framing(data)
        return data

    def _begin_framing(self, data: bytes) -> None:
        chunked = self.head is not None and "chunked" in self.head.fields.get("transfer-encoding", "")
        if chunked and _CHUNK_SIZE.match(data):
            self._dechunker = Dechunker()

    def _body(self, data: bytes) -> Iterator[bytes]:
        if self._dechunker:
            data = self._dechunker.feed(data)
        if self._peeked is not None:
            data = self._peeked + data
            if len(data) < _PEEK:
                self._peeked = data
                return
            self._peeked = None
            self._begin_coding(data)
        yield from self._decode(data)

    def _begin_coding(self, data: bytes) -> None:
        name = self._given or self._found_coding(data)
        if name and name != "identity":
            self._decoder = ContentDecoder(name, max_bytes=_MAX_DECODED, max_call_bytes=_MAX_STEP)

    def _found_coding(self, data: bytes) -> str | None:
        if data.lstrip().startswith(_TEXT):
            return None
        named = self.head.fields.get("content-encoding") if self.head else None
        return named or coding_of(data)

    def _decode(self, data: bytes) -> Iterator[bytes]:
        if self._decoder is None:
            yield from _pieces(data, PIECE)
            return
        for step in _pieces(data, _STEP):
            yield from _pieces(self._decoder.feed(step), PIECE)


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
