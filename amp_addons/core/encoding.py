"""Content decoding beside a stream: what a Content-Encoding names, lists of codings included (RFC 9110, section 8.4).

The contract: what the server flushed comes out of the same `feed`, nothing raises, and nothing that is sent makes a call slow or memory
grow (THREATS 2: 304 bytes of brotli held 200 MB). What cannot be decoded, or goes past a bound, ends the decoding with a sentence in
`error`; the flow itself is not concerned.
"""

from collections.abc import Iterator

from amp_addons.core.codings import CODINGS, STEP, Coding, encode

MAX_BYTES = 1024 * 1024 * 1024
"""Most bytes decoded of one body, by default: far beyond any stream of text, and some ten seconds of work in all."""

MAX_CALL_BYTES = 4 * 1024 * 1024
"""Most bytes decoded in one `feed`, by default: about 25 ms of brotli, and 64 times what mitmproxy reads at once (64 KiB)."""

MAX_CODINGS = 3
"""Most codings on top of each other: the origin's, a cache's, and one to spare. Each may use a window of memory (16 MiB at most)."""

_MAX_GROWTH = 8
"""How much larger one `feed` may become below the last coding, where it is still encoded and so hardly compressible."""

_MAX_PARTS = 1000
"""Most gzip members or zstd frames in one `feed`: to begin one takes about 5 µs, even when it is empty."""


class ContentDecoder:
    """Decodes one body. `content_encoding` is the header's value, or None.

    `error` is None or a sentence that holds nothing of the flow; once it is set, `feed` and `close` return nothing more. `max_bytes` and
    `max_call_bytes` bound the output, and that of each coding in a list. A body that is not encoded is passed on without a bound.
    """

    def __init__(self, content_encoding: str | None, *, max_bytes: int = MAX_BYTES, max_call_bytes: int = MAX_CALL_BYTES) -> None:
        self.error: str | None = None
        self._codings: list[Coding] = []
        self._begin(content_encoding or "")
        self._failures = tuple(coding.failure for coding in self._codings)
        self._max_call = max_call_bytes
        self._max = max_bytes
        self._left = [max_bytes] * len(self._codings)  # bytes that each coding may still make: in all,
        self._left_now: list[int] = []  # and in this call
        self._bounds: list[int] = []  # what those in this call began with
        self._parts_left = 0
        self._fed = False

    def _begin(self, content_encoding: str) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",")]
        names = [name for name in names if name not in ("", "identity")]
        if len(names) > MAX_CODINGS:
            self.error = f"the Content-Encoding lists {len(names)} codings; at most {MAX_CODINGS} are decoded"
        elif any(name not in CODINGS for name in names):
            self.error = "the Content-Encoding is none of gzip, deflate, br, zstd and identity"
        else:
            # The header has them in the order in which they were applied.
            self._codings = [CODINGS[name]() for name in reversed(names)]

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the body as it was sent, return what they decode to."""
        if self.error is not None:
            return b""
        if not self._codings or not data:
            return data
        self._fed = True
        still_encoded = min(self._max_call, STEP + _MAX_GROWTH * len(data))
        self._bounds = [still_encoded] * (len(self._codings) - 1) + [self._max_call]
        self._left_now = self._bounds.copy()
        self._parts_left = _MAX_PARTS
        decoded = []
        try:
            for piece in self._decode(data, 0):
                decoded.append(piece)  # one by one, so that what was decoded before a failure is returned
        except _BoundError as error:
            self.error = str(error)
        except self._failures:
            self.error = f"the body is damaged, or is not {self._described()} as its Content-Encoding says"
        return b"".join(decoded)

    def close(self) -> bytes:
        """End the body. Nothing is held back, so nothing is returned; a body that was cut off sets `error`."""
        if self.error is None and self._fed and not all(coding.finished for coding in self._codings):
            self.error = f"the body stops before its {self._described()} data ends"
        return b""

    def _decode(self, data: bytes, depth: int) -> Iterator[bytes]:
        if depth == len(self._codings):
            yield data
            return
        for piece in self._codings[depth].decode(data):
            self._count(piece, depth)
            yield from self._decode(piece, depth + 1)

    def _count(self, piece: bytes, depth: int) -> None:
        self._left[depth] -= len(piece)
        self._left_now[depth] -= len(piece)
        self._parts_left -= not piece
        if self._left[depth] < 0:
            raise _BoundError(f"the body decodes to more than {self._max} bytes; the rest was not decoded")
        if self._left_now[depth] < 0:
            raise _BoundError(f"one piece of the body decodes to more than {self._bounds[depth]} bytes; the rest was not decoded")
        if self._parts_left < 0:
            raise _BoundError(f"one piece of the body has more than {_MAX_PARTS} compressed parts; the rest was not decoded")

    def _described(self) -> str:
        return " in ".join(coding.name for coding in self._codings[::-1])


class _BoundError(Exception):
    """A body goes past a bound. Internal: its text becomes `error`."""


def decode_body(data: bytes, content_encoding: str | None, max_bytes: int, *, whole: bool = True) -> bytes | None:
    """Decode a body. None when that cannot be done, when it has more than `max_bytes` bytes, or is cut off and has to be `whole`."""
    decoder = ContentDecoder(content_encoding, max_bytes=max_bytes, max_call_bytes=max_bytes)
    # In pieces, because some bounds of a call are relative to what one read of a socket brings.
    decoded = b"".join(decoder.feed(data[start : start + STEP]) for start in range(0, len(data), STEP))
    if whole:
        decoder.close()
    return None if decoder.error is not None or len(decoded) > max_bytes else decoded


def encode_body(data: bytes, content_encoding: str | None) -> bytes:
    """Encode a whole body as its header says. Raises ValueError for a coding that is not known."""
    for name in (content_encoding or "").split(","):
        name = name.strip().lower()
        if name not in ("", "identity"):
            if name not in CODINGS:
                raise ValueError("the Content-Encoding is none of gzip, deflate, br, zstd and identity")
            data = encode(name, data)
    return data
