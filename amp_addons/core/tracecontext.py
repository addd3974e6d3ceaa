"""The trace that a client says its request belongs to (W3C Trace Context: https://www.w3.org/TR/trace-context/)."""

import re
from typing import NamedTuple

from amp_addons.core.scrub import scrub_text

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)

MAX_STATE = 512
"""Characters of `tracestate` that everybody has to pass on; a longer one is left out."""


class TraceContext(NamedTuple):
    """`trace` and `span` are the client's, `flags` has 1 where it records them, `state` is `tracestate`."""

    trace: int
    span: int
    flags: int
    state: str = ""


def context_of(parent: str | None, state: str | None = None) -> TraceContext | None:
    """What the headers `traceparent` and `tracestate` say; None where they make no sense, as if they were not there.

    A state that looks as if it held a secret is left out.
    """
    found = _PARENT.fullmatch(parent.strip()) if parent else None
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace, 16) or not int(span, 16):
        return None
    state = (state or "").strip()
    if len(state) > MAX_STATE or scrub_text(state) != state:
        state = ""
    return TraceContext(int(trace, 16), int(span, 16), int(flags, 16), state)
