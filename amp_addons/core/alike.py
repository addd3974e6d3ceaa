"""Long pieces of a stream taken apart into runs of events alike, which are read at once (`core.sse.Run`).

Wherever a stream is cut, what comes out of its decoder is the same; so this may miss what it likes, and never does harm.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from amp_addons.core.sse import Run, run_of

LONG = 4096
"""From this size on (bytes) a piece is worth it."""

_DATA = b"data: "
_LONGEST_HEAD = 128
_LONG_RUN = 1024
_MAX_MISSES = 64
"""Events looked at that begin no run, in a row: a stream of ever new kinds is left as it is."""


def runs_in(data: bytes, id: str) -> Iterator[Run | bytes]:
    """Runs of events, and the bytes between them, in order. `data` begins with an event; `id` is the last event id."""
    start = at = misses = 0
    while misses < _MAX_MISSES and (head_end := data.find(_DATA, at, at + _LONGEST_HEAD)) >= 0:
        run, end = _run_at(data, at, data[at : head_end + len(_DATA)], id)
        if run is not None:
            if at > start:
                yield data[start:at]
            yield run
            start = at = end
            misses = 0
        elif (end := data.find(b"\n\n", at)) >= 0:
            at = end + 2
            misses += 1
        else:
            break
    if start < len(data):
        yield data[start:]


def _run_at(data: bytes, at: int, head: bytes, id: str) -> tuple[Run | None, int]:
    """The run that begins at `at`, where one does, and where it ends."""
    # Mostly all events that begin so are one run: then the last of them ends it.
    last = data.rfind(b"\n\n" + head, at)
    end = data.find(b"\n\n", last + 2) + 2 if last >= 0 else 0
    if end - at >= _LONG_RUN and (run := run_of(data[at:end], id)):
        return run, end
    match = _alike(head).match(data, at) if last >= 0 else None
    if match is None or match.end() - at < _LONG_RUN:
        return None, at
    return run_of(match[0], id), match.end()


@lru_cache(maxsize=256)
def _alike(head: bytes) -> re.Pattern[bytes]:
    """Events of one line of data that all begin like this."""
    return re.compile(b"(?:" + re.escape(head) + rb"[^\n\r]*+\n\n)++")
