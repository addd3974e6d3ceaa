"""Small helpers for the sentences that people read."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` with the known name nearest to `found`, or nothing."""
    near = get_close_matches(found, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
