"""What flows are counted by, wherever they are counted."""

from collections.abc import Callable
from typing import NamedTuple


class Key(NamedTuple):
    """One endpoint, provider and model."""

    endpoint: str
    provider: str | None = None
    model: str | None = None


OTHERS = Key("(others)")
"""What is counted past a limit of keys."""


def row_of[R](rows: dict[Key, R], key: Key, most: int, new: Callable[[], R]) -> R:
    """The row of a key, made when there is none; that of OTHERS for a new key when there are `most` already."""
    row = rows.get(key)
    if row is None:
        row = rows.setdefault(key if len(rows) < most else OTHERS, new())
    return row
