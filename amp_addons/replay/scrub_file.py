"""Scrubbing files: flows that mitmproxy recorded, or the body of one answer."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from mitmproxy import exceptions, flow, http
from mitmproxy import io as recordings

from amp_addons.core.classify import DEFAULT_AMP_URL, classify
from amp_addons.core.codings import CODINGS, coding_of
from amp_addons.core.reader import StreamReader
from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.files import replacing
from amp_addons.replay.scrubbed import scrub, scrubbed
from amp_addons.rulefiles.catalog import Catalog

MAX_STREAM = 256 * 1024 * 1024
"""Largest body of one answer that is scrubbed (bytes): it is held as a whole."""


class Damaged(ValueError):
    """The recording cannot be read to its end. What came before is scrubbed."""


def scrub_file(source: Path, target: Path | None, scrubber: Scrubber, tick: Callable[[int], object] = lambda count: None) -> int:
    """Scrub a file into another one, which is there at once and as a whole, for its owner alone; without `target` only look.

    Returns the number of flows, 1 for the body of an answer. `tick` is told of bytes read. Raises OSError, and Damaged after writing what
    could be read.
    """
    with source.open("rb") as stream:
        pieces = _flows(stream, scrubber, tick) if _is_recording(stream) else _answer(stream, scrubber)
        if target is None:
            return sum(1 for _ in pieces)
        return _write(target, pieces)


def _write(target: Path, pieces: Iterator[bytes]) -> int:
    count, damage = 0, None
    with replacing(target) as out:
        try:
            for piece in pieces:
                out.write(piece)
                count += 1
        except Damaged as error:
            damage = error
    if damage is not None:
        raise damage
    return count


def _is_recording(stream: BinaryIO) -> bool:
    start = stream.read(16)
    stream.seek(0)
    length, colon, _ = start.partition(b":")
    return bool(colon) and length.isdigit()


def _flows(stream: BinaryIO, scrubber: Scrubber, tick: Callable[[int], object]) -> Iterator[bytes]:
    catalog = Catalog.load()
    at = 0
    reader = recordings.FlowReader(stream)
    flows = iter(reader.stream())
    while True:
        try:
            found = next(flows)
        except StopIteration:
            return
        except exceptions.FlowReadException as error:
            raise Damaged(f"the recording is damaged after {at} bytes ({error}); what is before it was scrubbed") from None
        yield _encoded(_scrubbed(found, scrubber, catalog))
        tick(stream.tell() - at)
        at = stream.tell()


def scrubbed_flow(state: dict[str, Any], api: str | None, scrubber: Scrubber) -> bytes:
    """A flow, given by its state, as it stands in a scrubbed recording."""
    found = flow.Flow.from_state(state)
    scrub(found, scrubber, api)
    return _encoded(found)


def _scrubbed(found: flow.Flow, scrubber: Scrubber, catalog: Catalog) -> flow.Flow:
    if not isinstance(found, http.HTTPFlow):
        return scrubbed(found, scrubber)
    return scrubbed(found, scrubber, classify(catalog, found.request.method, found.request.url, None, DEFAULT_AMP_URL))


def _encoded(found: flow.Flow) -> bytes:
    out = BytesIO()
    recordings.FlowWriter(out).add(found)
    return out.getvalue()


def _answer(stream: BinaryIO, scrubber: Scrubber) -> Iterator[bytes]:
    data = stream.read(MAX_STREAM + 1)
    if len(data) > MAX_STREAM:
        raise Damaged(f"the file is no recording of flows, and has more than {MAX_STREAM} bytes")
    coding = coding_of(data) or ""
    plain = b"".join(CODINGS[coding]().decode(data)) if coding else data
    reader = StreamReader(text=False)
    reader.feed(plain)
    yield scrubber.body(data, "body", coding=coding, api=reader.summary().api, stream=True)
