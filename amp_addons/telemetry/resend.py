"""Sends recorded flows with the times that they had. Nobody waits for these, so nothing is dropped for want of time."""

from collections.abc import Sequence

from amp_addons.telemetry.metrics import Table
from amp_addons.telemetry.sender import Sends
from amp_addons.telemetry.told import Told


class Resender:
    """`flows` counts those that were to be sent, `lost` those of them that the collector did not take, `problem` says why.

    When it took none of the first flows nothing more is sent: there may be hours of them.
    """

    def __init__(self, exporter: Sends, *, spans: bool = True, metrics: bool = True) -> None:
        self._exporter, self._spans, self._metrics = exporter, spans, metrics
        self._table = Table(0)
        self._first, self._last = float("inf"), 0.0
        self.flows = self.lost = 0
        self.problem = ""

    def take(self, flows: Sequence[Told]) -> None:
        for told in flows:
            self._table.add(told)
            self._first = min(self._first, told.started)
            self._last = max(self._last, told.started + told.end.duration_ms / 1000)
        gone = bool(self.flows) and self.lost == self.flows
        self.flows += len(flows)
        if gone or not self._spans:
            self.lost += len(flows) if gone else 0
        elif flows and (lost := self._exporter.send(flows)):
            self.lost, self.problem = self.lost + lost, self._exporter.problem

    def finish(self) -> None:
        """Send what all flows together amount to: one point for the time that they cover."""
        if self.flows and self._metrics and self.lost < self.flows:
            self._table.start = int(self._first * 1e6) * 1000
            if problem := self._exporter.send_metrics(self._table.take(int(self._last * 1e6) * 1000)):
                self.problem = self.problem or f"metrics: {problem}; OTEL_METRICS_EXPORTER=none leaves them out"
        self._exporter.close()
