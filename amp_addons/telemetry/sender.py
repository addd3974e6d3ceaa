"""Sends flows while a proxy runs: from threads of its own, bounded, so that a collector that is down, slow or wrong costs no traffic."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from amp_addons.backlog import Backlog
from amp_addons.telemetry.metrics import Metric, Table
from amp_addons.telemetry.told import Told

WEIGHT = 32 * 1024
"""Bytes of messages that weigh as much as a flow: a queue of 2,048 flows has 64 MiB of them at most."""

CLOSE = 3.0
"""Seconds that the end of the proxy waits for what is still to be sent."""


class Sends(Protocol):
    """What sends: `export.Exporter`."""

    problem: str

    def send(self, flows: Sequence[Told]) -> int: ...
    def send_metrics(self, metrics: Sequence[Metric]) -> str: ...
    def close(self) -> None: ...


class Sender:
    """Takes flows from the event loop.

    Args:
        complain: is told in a sentence, once, that flows are dropped and why (once too of metrics), and at the end how many were.
        queue: flows that may wait. pause: seconds that they are gathered. interval: seconds between two times that metrics are sent.
        spans, metrics: what is to be sent.
    """

    def __init__(
        self,
        exporter: Sends,
        complain: Callable[[str], None],
        *,
        delta: bool = False,
        queue: int = 2048,
        pause: float = 5.0,
        interval: float = 60.0,
        spans: bool = True,
        metrics: bool = True,
    ) -> None:
        self._exporter, self._complain = exporter, complain
        self._spans, self._metrics, self._interval = spans, metrics, interval
        self._table = Table(time.time_ns(), delta=delta)
        self._lock = threading.Lock()
        self._said: set[str] = set()
        self._counted = 0
        self._stop = threading.Event()
        self._backlog: Backlog[Told] = Backlog(
            self._work, self._say_dropped, name="amp_addons telemetry", limit=queue, batch=64, pause=pause
        )
        self._thread = threading.Thread(target=self._send_metrics, name="amp_addons metrics", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        return self._backlog.dropped

    def put(self, told: Told) -> None:
        """Have a flow sent soon. Never blocks, never raises."""
        bodies = told.bodies
        self._backlog.put([told], 1 + (len(bodies.request) + len(bodies.answer)) // WEIGHT if bodies else None)

    def close(self) -> None:
        """Send what is left, if that does not take long."""
        deadline = time.monotonic() + CLOSE
        self._backlog.close(CLOSE)
        self._stop.set()
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._exporter.close()
        if self.dropped:
            self._complain(f"{self.dropped} flows were not sent in all")

    def _work(self, batch: Sequence[Told]) -> int:
        with self._lock:
            for told in batch:
                self._table.add(told)
        lost = self._exporter.send(batch) if self._spans else 0
        if lost:
            self._say(self._exporter.problem)
        return lost

    def _say_dropped(self, _dropped: int) -> bool:
        self._say("it is too slow")
        return True

    def _say(self, problem: str) -> None:
        self._say_once("flows", f"the collector does not take all that is sent ({problem}); what it does not take is dropped")

    def _say_once(self, what: str, sentence: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self._complain(f"{sentence}; the traffic goes on")

    def _send_metrics(self) -> None:
        while not self._stop.wait(self._interval):
            self._send_once()
        self._send_once()

    def _send_once(self) -> None:
        if not self._metrics:
            return
        with self._lock:
            dropped = self.dropped
            self._table.drop(dropped - self._counted)
            self._counted = dropped
            found = self._table.take(time.time_ns())
        try:
            problem = self._exporter.send_metrics(found)
        except Exception as error:
            problem = f"they failed with {type(error).__name__}"
        if problem:
            self._say_once("metrics", f"the collector does not take metrics ({problem}); OTEL_METRICS_EXPORTER=none leaves them out")
