"""Sizes and durations as people read them, in at most seven characters."""


def size(count: int) -> str:
    """`12345` (bytes) as `12.3 kB`."""
    if count < 1000:
        return f"{count} B"
    value, units = count / 1000, "kMGTP"
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.1f} {units[0]}B" if value < 99.95 else f"{value:.0f} {units[0]}B"


def duration(milliseconds: float) -> str:
    """`2310.4` (milliseconds) as `2.3 s`."""
    if milliseconds < 1000:
        return f"{int(milliseconds)} ms"
    if milliseconds < 99_950:
        return f"{milliseconds / 1000:.1f} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    if minutes < 60:
        return f"{minutes}m {seconds:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m"


def figure(count: int) -> str:
    """`1234` as `1,234`, `5000000` as `5.0M`."""
    return f"{count:,}" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def counted(count: int, what: str) -> str:
    """`1 error`, `2 errors`, `1,200 flows`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
