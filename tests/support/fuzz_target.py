"""What holds for any bytes: nothing raises, and how they are cut changes nothing. For `scripts/fuzz` and the cases it has found."""

from collections.abc import Callable

from amp_addons.core.apis import READERS
from amp_addons.core.encoding import ContentDecoder
from amp_addons.core.hints import read_hints
from amp_addons.core.reader import StreamReader
from amp_addons.core.recorded import RecordedBody
from amp_addons.core.sse import SSEDecoder

CODINGS = ("gzip", "deflate", "br", "zstd", "gzip, br")
APIS = (None, *READERS)
MAX_BYTES = 1 << 20


def sse(data: bytes, cut: int) -> object:
    decoder = SSEDecoder(max_event_bytes=1000)
    return feed(decoder.feed, data, cut) + decoder.close(), decoder.last_event_id, decoder.retry


def content(data: bytes, cut: int) -> object:
    for coding in CODINGS:
        decoder = ContentDecoder(coding, max_bytes=MAX_BYTES, max_call_bytes=MAX_BYTES)
        assert sum(map(len, feed(lambda part, feed=decoder.feed: [feed(part)], data, cut))) <= MAX_BYTES
        decoder.close()
    return None


def readers(data: bytes, cut: int) -> object:
    found = []
    for api in APIS:
        reader = StreamReader(api)
        events = feed(reader.feed, data, cut)
        reader.close()
        found.append((events, repr(reader.summary())))
    return found


def recorded(data: bytes, cut: int) -> object:
    body = RecordedBody()
    found = feed(lambda part: list(body.feed(part)), data, cut)
    return b"".join([*found, *body.close()]), body.problems


def hints(data: bytes, _cut: int) -> object:
    path, _, body = data.partition(b"\n")
    return [read_hints(path.decode("latin-1"), body, coding) for coding in (None, "gzip")]


TARGETS: dict[str, Callable[[bytes, int], object]] = {
    "sse": sse, "content": content, "readers": readers, "recorded": recorded, "hints": hints
}  # fmt: skip


def feed[T](take: Callable[[bytes], list[T]], data: bytes, cut: int) -> list[T]:
    return [found for at in range(0, len(data), cut) for found in take(data[at : at + cut])]


def check(name: str, data: bytes) -> None:
    """Raise where something does not hold."""
    cut = 1 + data[-1] % 16 if data else 1
    whole, pieces = TARGETS[name](data, max(1, len(data))), TARGETS[name](data, cut)
    assert whole == pieces, f"{name}: pieces of {cut} bytes give something else than the whole"
