"""A capture file in parts that begin and end between flows, so that several processes or machines can read it at once."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple

from amp_addons.replay.captured import Captured
from amp_addons.replay.flowfile import ReadAt, ends, flow_of, frames, scanned
from amp_addons.replay.url import is_url

PART = 8 * 1024 * 1024
"""Bytes of a part: enough that handing it out costs little, and few enough that all processes end together."""


class Part(NamedTuple):
    """The flows of a file from the byte `start` to `stop` (None: all of a file that cannot be split)."""

    file: str
    start: int = 0
    stop: int | None = None

    @property
    def size(self) -> int:
        return 0 if self.stop is None else self.stop - self.start


def parts_of(file: str) -> Iterator[Part]:
    """The parts of a file, in order. Only lengths are read. Damage is left to whoever reads the part that has it."""
    start = size = 0
    try:
        with ExitStack() as stack:
            read, size = _scanned(file, stack)
            if not read(0, 1).isdigit():
                yield Part(file)
                return
            for end in ends(read, size):
                if end - start >= PART:
                    yield Part(file, start, end)
                    start = end
            if size > start:
                yield Part(file, start, size)
    except (OSError, ValueError):
        yield Part(file, start, size) if start else Part(file)


def _scanned(file: str, stack: ExitStack) -> tuple[ReadAt, int]:
    if is_url(file):
        from amp_addons.replay import remote

        return remote.scanned(file, stack)
    return scanned(stack.enter_context(open(file, "rb", buffering=0)).fileno())


def flows_in(part: Part) -> Iterator[Captured]:
    """The HTTP flows of a part that can be split off. Raises OSError, and Damage with the place in the whole file."""
    assert part.stop is not None
    with ExitStack() as stack:
        if is_url(part.file):
            from amp_addons.replay import remote

            stream: BinaryIO = remote.opened(part.file, stack, part.start, part.stop)
        else:
            stream = stack.enter_context(Path(part.file).open("rb", buffering=1024 * 1024))
            stream.seek(part.start)
        for at, data in frames(stream, part.start):
            if (flow := flow_of(data, at)) is not None:
                yield flow
            if at + len(str(len(data) - 1)) + 1 + len(data) >= part.stop:
                return
