"""The client's own log: which errors of the way to the service are in it, and what each means.

It is `$AMP_LOG_FILE`, else `$XDG_CACHE_HOME/amp/logs/cli.log`: a line of JSON each in the versions that were seen, of text in others.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from amp_addons.core.scrub import MAX_SEEN
from amp_addons.doctor.errors import KNOWN, Known
from amp_addons.doctor.finding import Finding, ok, skipped, warning

TAIL = 512 * 1024
"""Bytes that are read, from the end: some thousand lines."""
RECENT = timedelta(days=1)
"""Older errors may be long mended."""


def place(environ: Mapping[str, str], home: Path) -> Path:
    if given := environ.get("AMP_LOG_FILE"):
        return Path(os.path.expanduser(given))
    base = environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else home / ".cache") / "amp" / "logs" / "cli.log"


def log(path: Path, now: datetime | None = None) -> Iterator[Finding]:
    """The errors of the last day that are known."""
    now = now or datetime.now(UTC)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - TAIL))
            data = file.read(TAIL)
            written = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
    except FileNotFoundError:
        hint = "`export AMP_LOG_LEVEL=debug AMP_LOG_FILE=amp-debug.log`, try the client again, then this."
        yield skipped("log", f"the client has no log at {path}", hint)
        return
    counts: dict[str, int] = {}
    for line in data.split(b"\n")[1 if size > TAIL else 0 :]:
        for known in _named(line, now, written):
            counts[known.name] = counts.get(known.name, 0) + 1
    if not counts:
        yield ok("log", f"the client's log ({path}) names no error of the way in the last day")
    for known in KNOWN:
        if count := counts.get(known.name):
            times = "once" if count == 1 else f"{count} times"
            yield warning(f"log.{known.name}", f"the client's log ({path}), {times} in the last day: {known.meaning}", known.remedy)


def _named(line: bytes, now: datetime, written: datetime) -> Iterator[Known]:
    """The first known error that a line has; a line of JSON that is no error has none."""
    text, when = line.decode("utf-8", "replace")[:MAX_SEEN], written
    try:
        value = msgspec.json.decode(line)
    except ValueError:
        value = None
    if isinstance(value, dict):
        if str(value.get("level", "error")).lower() in ("debug", "info", "trace", "verbose"):
            return
        when = _time(value) or written
    if now - when > RECENT:
        return
    yield from [known for known in KNOWN if known.pattern.search(text)][:1]


def _time(value: dict[str, Any]) -> datetime | None:
    for name in ("timestamp", "@timestamp", "time"):
        try:
            found = datetime.fromisoformat(str(value.get(name)))
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
