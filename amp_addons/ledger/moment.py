"""Moments as people name them: `7d` (ago), `2026-11-01`, `2026-11-01T12:00`."""

import re
from datetime import datetime

_UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"([0-9]{1,6})([mhdw])")


def moment(text: str, now: float) -> int:
    """Milliseconds since the epoch. Dates and times are local where they name no offset; a date means its first moment.

    Raises:
        ValueError: it is none of these.
    """
    if ago := _AGO.fullmatch(text):
        return max(0, int((now - int(ago[1]) * _UNITS[ago[2]]) * 1000))
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            f"found {text!r}, expected a time ago (90m, 24h, 7d, 2w) or a date, such as 2026-11-01 or 2026-11-01T12:00"
        ) from None
