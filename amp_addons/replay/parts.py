"""A capture file in parts that begin and end between flows, so that several processes can read it at once."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from amp_addons.replay.captured import Captured
from amp_addons.replay.flowfile import flow_of, frames, lengths

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
    try:
        with open(file, "rb", buffering=0) as stream:
            if not stream.read(1).isdigit():
                yield Part(file)
                return
            start = end = 0
            for end in lengths(stream.fileno()):
                if end - start >= PART:
                    yield Part(file, start, end)
                    start = end
            size = os.fstat(stream.fileno()).st_size
            if size > start:
                yield Part(file, start, size)
    except (OSError, ValueError):
        yield Part(file)


def flows_in(part: Part) -> Iterator[Captured]:
    """The HTTP flows of a part that can be split off. Raises Damage with the place in the whole file."""
    assert part.stop is not None
    with Path(part.file).open("rb", buffering=1024 * 1024) as stream:
        stream.seek(part.start)
        for at, data in frames(stream, part.start):
            if (flow := flow_of(data, at)) is not None:
                yield flow
            if at + len(str(len(data) - 1)) + 1 + len(data) >= part.stop:
                return
