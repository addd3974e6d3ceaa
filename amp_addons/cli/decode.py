"""`amp-addons decode`: what a recorded answer says, event by event."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import msgspec
import rich_click as click

from amp_addons.cli import options, output
from amp_addons.core.apis import READERS
from amp_addons.core.encoding import ContentDecoder
from amp_addons.core.reader import StreamEvent, StreamReader
from amp_addons.core.recorded import PIECE, RecordedBody
from amp_addons.core.scrub import mask_keys, visible
from amp_addons.core.sse import Run, ServerSentEvent
from amp_addons.rulefiles.detectors import deepen_scrubbing

_LONG = 16 * 1024 * 1024
"""From this size on (bytes) a file is worth a progress bar."""

_TEXT_CHARS = 2000
"""Characters of an event's text that are shown at most; keys are masked before it is cut."""

_MAX_MASKED = 64 * 1024
"""Characters of an event's data looked at for its text."""

_SAYING = ("text", "thinking", "partial_json", "content", "reasoning", "reasoning_content", "refusal", "arguments", "message", "name")
_AROUND = (
    "delta",
    "error",
    "choices",
    "candidates",
    "parts",
    "content",
    "content_block",
    "tool_calls",
    "function",
    "functionCall",
    "response",
)


class _Reader(StreamReader):
    """Keeps the data of the events that one `feed` returns."""

    def __init__(self, api: str | None) -> None:
        super().__init__(api)
        self.data: list[str] = []

    def _read(self, events: list[ServerSentEvent]) -> list[StreamEvent]:
        self.data += [event.data for event in events]
        return super()._read(events)

    def _take_run(self, run: Run) -> list[StreamEvent]:
        return self._take(run.events())

    def pairs(self, piece: bytes) -> Iterator[tuple[StreamEvent, str]]:
        self.data.clear()
        yield from zip(self.feed(piece), self.data, strict=True)


def _encoding(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and (error := ContentDecoder(value).error):
        raise click.BadParameter(f"found {value!r}, expected gzip, deflate, br, zstd or identity, or a list of them ({error})")
    return value


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--api", type=click.Choice(sorted(READERS)), help="The API that answers; otherwise the first events tell.")
@click.option("--encoding", callback=_encoding, metavar="CODING", help="The content coding; otherwise head and first bytes tell (not br).")
@click.option("--summary", is_flag=True, help="Print what all events amount to, not the events.")
@options.as_json
def decode(file: str, api: str | None, encoding: str | None, summary: bool, as_json: bool) -> int:
    """Print the recorded answer FILE ('-': standard input) event by event: number, type, size of the data, and what it says.

    FILE holds a body (gzip and zstd are recognised), or what `curl -i` prints. With --json each event is a line of JSON. What cannot be
    read is said at the end, with exit status 1. Example:

    \b
        curl -isN https://api.example/v1/messages … | amp-addons decode --summary -
    """
    deepen_scrubbing()
    body, reader = RecordedBody(encoding), _Reader(api)
    show = _nothing if summary else _as_json if as_json else _as_line()
    read = 0
    with ExitStack() as stack:
        for piece in _body(body, _chunks(stack, file)):
            read += len(piece)
            for event, data in reader.pairs(piece):
                show(event, data)
    reader.close()
    found = reader.summary()
    if summary and as_json:
        click.echo(_clean(msgspec.json.encode(found).decode()))
    elif summary or not found.event_counts:
        _show_summary(found, as_json)
    problems = body.problems + [error.message for error in found.errors if error.type == "unreadable"]
    if not read and not problems:
        problems.append("there is no body in it")
    for problem in problems:
        click.echo(f"{'standard input' if file == '-' else visible(file)}: {problem}", err=True)
    return int(bool(problems))


def _body(body: RecordedBody, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield from body.feed(chunk)
    yield from body.close()


def _chunks(stack: ExitStack, file: str) -> Iterator[bytes]:
    """The file in bounded pieces, as they come from a pipe; with a progress bar where it is long and someone looks."""
    source: IO[bytes] = sys.stdin.buffer if file == "-" else stack.enter_context(open(file, "rb", buffering=0))
    tick: Callable[[int], object] = lambda count: None  # noqa: E731
    total = 0 if file == "-" else Path(file).stat().st_size
    if total >= _LONG and sys.stderr.isatty() and not sys.stdout.isatty():
        tick = stack.enter_context(click.progressbar(length=total, label="decoding", file=sys.stderr)).update
    read = getattr(source, "read1", source.read)
    while chunk := read(PIECE):
        yield chunk
        tick(len(chunk))


def _as_line() -> Callable[[StreamEvent, str], None]:
    from amp_addons.render.decoded import event_line
    from amp_addons.render.palette import palette

    colours, width = palette(sys.stdout.isatty()), output.width()
    return lambda event, data: click.echo(event_line(colours, width, event.seq, event.type, event.size, event.delta, _said(data)))


def _as_json(event: StreamEvent, data: str) -> None:
    facts = {"seq": event.seq, "event": event.type, "bytes": event.size, "delta": event.delta, "text": _said(data)}
    click.echo(msgspec.json.encode(facts))


def _nothing(_event: StreamEvent, _data: str) -> None:
    """With --summary the events themselves are not shown."""


def _show_summary(found: Any, as_json: bool) -> None:
    from amp_addons.render.decoded import summary_lines

    if not as_json:
        for line in summary_lines(found):
            click.echo(line)


def _clean(text: str) -> str:
    return visible(mask_keys(text))


def _said(data: str) -> str:
    """The text in an event's data, or the data itself where none is found; without keys, on one line."""
    data = data[:_MAX_MASKED]
    try:
        text = _find(msgspec.json.decode(data), 8) or data
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        text = data
    return _clean(text)[:_TEXT_CHARS]


def _find(value: Any, depth: int) -> str | None:
    """The first text under a key that says something, looked for in what may be around one."""
    if isinstance(value, list):
        return next((found for item in value[:20] if (found := _find(item, depth - 1))), None) if depth else None
    if not isinstance(value, dict) or not depth:
        return None
    if isinstance(delta := value.get("delta"), str):
        return delta
    said = next((value[key] for key in _SAYING if isinstance(value.get(key), str) and value[key]), None)
    return said or next((found for key in _AROUND if (found := _find(value.get(key), depth - 1))), None)
