"""Times as they are written: RFC 3339 in UTC with milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache

LAST_TIME = 253402300799.0
"""The last second (since the epoch) that can be written: of the year 9999."""


def sane_time(seconds: float) -> float:
    """A time that can be written; 0 for what is none (NaN, the year 10000): recordings hold what their writers liked."""
    return seconds if 0.0 <= seconds <= LAST_TIME else 0.0


def rfc3339(seconds: float) -> str:
    """`1732400000.1234` (seconds since the epoch) as `2024-11-23T22:13:20.123Z`."""
    whole = int(seconds)
    return f"{_minute(whole // 60)}:{whole % 60:02d}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=64)
def _minute(whole: int) -> str:
    # Streams ask for the same one thousands of times; formatting a date costs more than decoding an event.
    return datetime.fromtimestamp(whole * 60, UTC).strftime("%Y-%m-%dT%H:%M")
