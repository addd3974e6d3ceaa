"""A body in the pieces that it came in, after something in it was replaced: so that a recording keeps who sent what when.

Replacing changes what stands in lines, and hardly ever the lines. So a piece ends where it ended: after as many line ends, and as far
into the line as the new one goes.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

from amp_addons.core.codings import ENCODERS
from amp_addons.core.encoding import ContentDecoder
from amp_addons.core.sse import SSEDecoder

_LINE_END = re.compile(rb"[\r\n]")


def rechunked(pieces: Sequence[bytes], clean: bytes, coding: str) -> list[bytes] | None:
    """The new body (plain, without its content coding) cut as the old one was, encoded again so that each piece decodes by itself.

    `pieces` are as they were on the wire. None where that cannot be done: several codings, or an unknown one.
    """
    name = coding.strip().lower()
    if name in ("", "identity"):
        return _cut(pieces, clean)
    if name not in ENCODERS:
        return None
    decoder = ContentDecoder(name)
    plain = [decoder.feed(piece) for piece in pieces]
    encoder = ENCODERS[name]()
    made = [encoder.feed(piece) for piece in _cut(plain, clean)]
    decoder.close()
    if decoder.error is not None:
        return made  # a body that was cut off stays so
    return [*made[:-1], made[-1] + encoder.close()] if made else [encoder.close()]


def _cut(old: Sequence[bytes], new: bytes) -> list[bytes]:
    """`new` in as many pieces as `old`."""
    whole = b"".join(old)
    if whole == new:
        return list(old)
    ends, new_ends = _line_ends(whole), _line_ends(new)
    pieces, start, place = [], 0, 0
    for piece in old[:-1]:
        place += len(piece)
        end = max(start, _moved(place, ends, new_ends, len(new)))
        pieces.append(new[start:end])
        start = end
    return [*pieces, new[start:]] if old else []


def _moved(place: int, ends: Sequence[int], new_ends: Sequence[int], length: int) -> int:
    line = bisect_right(ends, place)  # how many lines end before it
    if line > len(new_ends):
        return length
    start, new_start = (ends[line - 1], new_ends[line - 1]) if line else (0, 0)
    new_end = new_ends[line] - 1 if line < len(new_ends) else length
    return min(new_start + place - start, new_end)


def _line_ends(data: bytes) -> list[int]:
    """The places behind each CR and each LF."""
    return [found.end() for found in _LINE_END.finditer(data)]


def data_sizes(plain: bytes) -> list[int]:
    """The sizes of the data of all server-sent events (bytes in UTF-8)."""
    decoder = SSEDecoder()
    events = [*decoder.feed(plain), *decoder.close()]
    return [len(event.data.encode("utf-8", "surrogatepass")) for event in events]
