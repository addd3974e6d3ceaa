"""Flows summed up as OpenTelemetry's counters and histograms, as plain values. Names and attributes: see `attributes`.

The sums are kept here and not by the SDK, whose instruments know only the time that it is now: a recording has its own.
"""

import math
from bisect import bisect_left
from typing import NamedTuple

from amp_addons.core.events import RuleAction
from amp_addons.core.gaps import SECONDS, Gaps
from amp_addons.telemetry.attributes import Attributes, Value, error_of, is_inference, known, model_of, usage_of
from amp_addons.telemetry.told import Told

TOKENS = tuple(4.0**power for power in range(14))
"""1 to 67,108,864: the conventions' bounds for numbers of tokens."""

MAX_SERIES = 2000
"""Sets of attributes for each metric: what the SDKs have as well. Past it all go into one, which is marked as the specification says."""

OVERFLOW = (("otel.metric.overflow", True),)

type Key = tuple[tuple[str, Value], ...]


class Instrument(NamedTuple):
    """`bounds` make it a histogram."""

    name: str
    unit: str
    description: str
    bounds: tuple[float, ...] = ()


USAGE = Instrument("gen_ai.client.token.usage", "{token}", "Number of input and output tokens used.", TOKENS)
DURATION = Instrument("gen_ai.client.operation.duration", "s", "GenAI operation duration.", SECONDS)
FIRST = Instrument("gen_ai.client.operation.time_to_first_chunk", "s", "Time to receive the first chunk of a stream.", SECONDS)
BETWEEN = Instrument("gen_ai.client.operation.time_per_output_chunk", "s", "Time between two chunks of a stream.", SECONDS)
REQUESTS = Instrument("amp.requests", "{request}", "Requests by endpoint and outcome.")
ACTIONS = Instrument("amp.rule.actions", "{action}", "What rules did, or would have done.")
REDACTIONS = Instrument("amp.redactions", "{secret}", "What rules took out, or put back, by kind.")
DROPPED = Instrument("amp.telemetry.dropped", "{flow}", "Flows whose telemetry could not be sent.")


class Sum:
    """One series of a counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def copy(self) -> "Sum":
        new = Sum()
        new.value = self.value
        return new


class Histogram:
    """One series of a histogram; its last count is for what is above all bounds."""

    __slots__ = ("counts", "high", "low", "total")

    def __init__(self, bounds: int) -> None:
        self.counts = [0] * (bounds + 1)
        self.total = 0.0
        self.low, self.high = math.inf, -math.inf

    def copy(self) -> "Histogram":
        new = Histogram(0)
        new.counts, new.total, new.low, new.high = [*self.counts], self.total, self.low, self.high
        return new


class Metric(NamedTuple):
    """A metric with its series, for the time from `start` to `end` (nanoseconds since the epoch)."""

    instrument: Instrument
    series: list[tuple[Key, Sum | Histogram]]
    start: int
    end: int


class Table:
    """All that has been counted since `start` (nanoseconds since the epoch). `delta`: what was taken is begun anew, else it goes on."""

    def __init__(self, start: int, *, delta: bool = False) -> None:
        self.start, self._delta = start, delta
        self._found: dict[Instrument, dict[Key, Sum | Histogram]] = {}

    def add(self, told: Told) -> None:
        """Count a flow."""
        request, end = told.request, told.end
        self._count(REQUESTS, 1, {"amp.endpoint": request.endpoint, "amp.category": request.category, "amp.outcome": end.outcome})
        for each in told.said:
            if isinstance(each, RuleAction):
                self._count(ACTIONS, 1, {"amp.rule": each.rule, "amp.rule.mode": each.mode, "amp.rule.action": each.action})
            else:
                attributes: Attributes = {"amp.rule": each.rule, "amp.redaction.where": each.where, "amp.redaction.kind": each.kind}
                self._count(REDACTIONS, each.count, attributes)
        if is_inference(told):
            self._model(told)

    def drop(self, flows: int) -> None:
        """Flows were not sent."""
        if flows:
            self._count(DROPPED, flows, {})

    def _model(self, told: Told) -> None:
        attributes, tokens = model_of(told), usage_of(told)
        self._observe(DURATION, told.end.duration_ms / 1000, attributes | known({"error.type": error_of(told)}))
        for kind, number in (("input", tokens.input), ("output", tokens.output)):
            if number is not None:
                self._observe(USAGE, number, attributes | {"gen_ai.token.type": kind})
        if told.stream is not None and told.gaps is not None and told.gaps.first is not None:
            self._observe(FIRST, max(0.0, told.gaps.first - told.started), attributes)
            self._merge(BETWEEN, told.gaps, attributes)

    def _count(self, instrument: Instrument, number: int, attributes: Attributes) -> None:
        found = self._series(instrument, attributes)
        assert isinstance(found, Sum)
        found.value += number

    def _observe(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        found = self._series(instrument, attributes)
        assert isinstance(found, Histogram)
        found.counts[bisect_left(instrument.bounds, value)] += 1
        found.total += value
        found.low, found.high = min(found.low, value), max(found.high, value)

    def _merge(self, instrument: Instrument, gaps: Gaps, attributes: Attributes) -> None:
        if not gaps.count:
            return
        found = self._series(instrument, attributes)
        assert isinstance(found, Histogram)
        found.counts = [before + more for before, more in zip(found.counts, gaps.counts, strict=True)]
        found.total += gaps.total
        found.low, found.high = min(found.low, gaps.low), max(found.high, gaps.high)

    def _series(self, instrument: Instrument, attributes: Attributes) -> Sum | Histogram:
        series = self._found.setdefault(instrument, {})
        key: Key = tuple(sorted(attributes.items()))
        if key not in series and len(series) >= MAX_SERIES - 1:
            key = OVERFLOW
        if key not in series:
            series[key] = Histogram(len(instrument.bounds)) if instrument.bounds else Sum()
        return series[key]

    def take(self, end: int) -> list[Metric]:
        """All metrics up to now."""
        start, end = self.start, max(self.start, end)
        found = [
            Metric(instrument, [(key, one.copy()) for key, one in series.items()], start, end) for instrument, series in self._found.items()
        ]
        if self._delta:
            self._found, self.start = {}, end
        return found
