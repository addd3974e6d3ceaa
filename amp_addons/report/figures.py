"""Tokens, cost and times by model, worked out of the flows of a report."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil

import msgspec

from amp_addons.replay.totals import TOKENS
from amp_addons.report.model import Flow


class ModelFigures(msgspec.Struct, kw_only=True):
    """All requests to one model of one provider. `fresh` are tokens of input that were neither read from a cache nor written to one."""

    provider: str
    model: str
    requests: int = 0
    problems: int = 0
    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    cost: float | None = None
    first: list[float] = []
    durations: list[float] = []
    speeds: list[float] = []
    """Tokens of output a second, from the first one on, of each stream."""

    @property
    def fresh(self) -> int:
        return max(0, self.input - self.cache_read - self.cache_write)

    @property
    def tokens(self) -> int:
        return self.input + self.output

    @property
    def cached_share(self) -> float | None:
        return self.cache_read / self.input if self.input else None


def by_model(flows: Iterable[Flow]) -> list[ModelFigures]:
    """Figures of each model, the most expensive and the most used first."""
    found: dict[tuple[str, str], ModelFigures] = {}
    for flow in flows:
        if flow.request.category != "inference":
            continue
        key = flow.request.provider or "", flow.model or "(no model)"
        figures = found.get(key)
        if figures is None:
            figures = found[key] = ModelFigures(provider=key[0], model=key[1])
        _add(figures, flow)
    return sorted(found.values(), key=lambda each: (-(each.cost or 0.0), -each.tokens, -each.requests, each.model))


def _add(figures: ModelFigures, flow: Flow) -> None:
    usage = flow.answer.usage if flow.answer else {}
    figures.requests += 1
    figures.problems += flow.problem is not None
    for kind in TOKENS:
        setattr(figures, kind, getattr(figures, kind) + usage.get(kind, 0))
    if flow.cost is not None:
        figures.cost = (figures.cost or 0.0) + flow.cost
    figures.durations.append(flow.duration)
    if flow.first_token is not None:
        figures.first.append(flow.first_token)
        seconds = (flow.duration - flow.first_token) / 1000
        if seconds > 0 and usage.get("output"):
            figures.speeds.append(usage["output"] / seconds)


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value that this share did not exceed; None of none."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else None


def problems(flows: Iterable[Flow]) -> Counter[str]:
    """What went wrong, and how often."""
    return Counter(flow.problem for flow in flows if flow.problem is not None)
