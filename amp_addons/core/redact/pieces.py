"""Masking a text in pieces, each of which is shown by itself: a secret that goes on over several is seen, and goes from all."""

from collections.abc import Sequence

from amp_addons.core.redact.redactor import Redactor
from amp_addons.core.scrub import MASK, key_spans


def masked_pieces(redactor: Redactor, pieces: Sequence[str]) -> list[str]:
    """The pieces without what is secret in the text that they make together. The mask stands where a secret begins."""
    text = "".join(pieces)
    try:
        spans = sorted([(found.start, found.end) for found in redactor.find(text)] + key_spans(text))
    except ValueError:  # more secrets than are counted
        return [MASK] * len(pieces)
    if not spans:
        return list(pieces)
    result, start, first = [], 0, 0
    for piece in pieces:
        end = start + len(piece)
        while first < len(spans) and spans[first][1] <= start:
            first += 1
        parts, at = [], start
        for begin, stop in spans[first:]:
            if begin >= end:
                break
            if begin >= at:
                parts += [text[at:begin], MASK]
            at = max(at, min(stop, end))
        parts.append(text[at:end])
        result.append("".join(parts))
        start = end
    return result
