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
from amp_addons.core.reader import StreamEvent
from amp_addons.core.recorded import PIECE, RecordedBody
from amp_addons.core.scrub import mask_keys, visible
from amp_addons.core.telling import TellingReader, said
from amp_addons.rulefiles.detectors import deepen_scrubbing

_TEXT_CHARS = 2000
"""Characters of an event's text that are shown at most; keys are masked before it is cut."""

_MAX_MASKED = 64 * 1024
"""Characters of an event's data looked at for its text."""


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
    body, reader = RecordedBody(encoding), TellingReader(api)
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
    total = 0 if file == "-" or output.is_terminal() else Path(file).stat().st_size
    tick = stack.enter_context(output.progress(total))
    read = getattr(source, "read1", source.read)
    while chunk := read(PIECE):
        yield chunk
        tick(len(chunk), 0)


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
    return _clean(said(data) or data)[:_TEXT_CHARS]
