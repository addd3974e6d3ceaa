"""What flows are counted by, wherever they are counted."""

from typing import NamedTuple


class Key(NamedTuple):
    """One endpoint, provider and model."""

    endpoint: str
    provider: str | None = None
    model: str | None = None


OTHERS = Key("(others)")
"""What is counted past a limit of keys."""
