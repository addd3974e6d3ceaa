"""Many durations in little room: counted in steps of 2 percent, so that parts of a capture can be added up in any order."""

from collections import Counter
from math import ceil, exp, log

STEP = 0.02
"""How much wider each bucket is than the one before: what is said of a duration is off by 1 percent at most."""

LONGEST = 1e9
"""Milliseconds past which durations count alike (eleven days): with STEP there are at most 1,200 buckets."""

_LOG = log(1 + STEP)


class Histogram:
    """Durations in milliseconds."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()

    def add(self, milliseconds: float) -> None:
        self.counts[int(log(min(milliseconds, LONGEST)) / _LOG) if milliseconds >= 1 else -int(1 - milliseconds > 0)] += 1

    def merge(self, other: "Histogram") -> None:
        self.counts.update(other.counts)

    def quantile(self, share: float) -> float | None:
        """The duration that this share did not exceed; None when there is none. Rounded to three figures."""
        total = self.counts.total()
        if not total:
            return None
        left = max(1, ceil(share * total))
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                return _three_figures(exp((bucket + 0.5) * _LOG)) if bucket >= 0 else 0.5
        raise AssertionError("the counts do not add up")


def _three_figures(value: float) -> float:
    return float(f"{value:.3g}")
