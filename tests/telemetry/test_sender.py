import threading
import time

import pytest
from support.proxy import until
from support.telemetry import told

from amp_addons.telemetry.sender import WEIGHT, Sender
from amp_addons.telemetry.told import Bodies


class Sink:
    """A collector of our own making: `held` lets nothing through, `lost` is how it answers."""

    def __init__(self, lost=0, held=False, fails=False):
        self.problem, self.refused = "it answers with status 500", ""
        self.flows, self.metrics, self.lost, self.fails, self.closed = [], [], lost, fails, False
        self.go = threading.Event()
        if not held:
            self.go.set()

    def send(self, flows):
        self.go.wait(10)
        if self.fails:
            raise ValueError("a secret")
        self.flows += flows
        return min(self.lost, len(flows))

    def send_metrics(self, metrics):
        self.metrics.append({metric.instrument.name: metric for metric in metrics})
        return self.refused

    def close(self):
        self.closed = True


@pytest.fixture
def said():
    return []


def sender(sink, said, **options):
    return Sender(sink, said.append, **{"pause": 0.01, **options})


def test_flows_and_their_metrics_are_sent(said):
    sink = Sink()
    sending = sender(sink, said)
    for _ in range(5):
        sending.put(told())
    until(lambda: len(sink.flows) == 5)
    sending.close()
    assert sink.metrics[-1]["amp.requests"].series[0][1].value == 5 and sink.closed and said == []


def test_metrics_come_again_and_again(said):
    sink = Sink()
    sending = sender(sink, said, interval=0.02)
    sending.put(told())
    until(lambda: len([found for found in sink.metrics if found]) >= 3)
    sending.close()


def test_slow_collector_drops_what_is_too_much_and_says_it_once(said):
    sink = Sink(held=True)
    sending = sender(sink, said, queue=10)
    started = time.monotonic()
    for _ in range(1000):
        sending.put(told())
    assert time.monotonic() - started < 1
    assert sending.dropped == 990
    sink.go.set()
    until(lambda: len(sink.flows) == 10)
    sending.close()
    assert len(said) == 2 and "too slow" in said[0] and said[1] == "990 flows were not sent in all"
    assert sink.metrics[-1]["amp.telemetry.dropped"].series[0][1].value == 990


def test_collector_that_refuses_is_told_of_once(said):
    sink = Sink(lost=99)
    sending = sender(sink, said)
    for _ in range(3):
        sending.put(told())
        until(lambda: not sending._backlog._queue)
    sending.close()
    assert len(said) == 2 and "it answers with status 500" in said[0] and said[1] == "3 flows were not sent in all"


def test_sending_that_fails_costs_its_flows_only(said, caplog):
    sink = Sink(fails=True)
    sending = sender(sink, said)
    sending.put(told())
    until(lambda: sending.dropped == 1)
    sink.fails = False
    sending.put(told())
    until(lambda: len(sink.flows) == 1)
    sending.close()
    assert "a secret" not in caplog.text


def test_end_does_not_wait_for_a_collector_that_hangs(said, monkeypatch):
    monkeypatch.setattr("amp_addons.telemetry.sender.CLOSE", 0.1)
    sink = Sink(held=True)
    sending = sender(sink, said)
    sending.put(told())
    until(lambda: not sending._backlog._queue)
    started = time.monotonic()
    sending.close()
    assert time.monotonic() - started < 2 and sink.closed and said[-1] == "1 flows were not sent in all"
    sink.go.set()


def test_messages_weigh_by_their_size(said):
    sink = Sink(held=True)
    sending = sender(sink, said, queue=20)
    for _ in range(5):
        sending.put(told(bodies=Bodies(b"x" * (WEIGHT * 9), "", b"", "", True)))
    assert sending.dropped == 3
    sink.go.set()
    sending.close()


def test_what_is_not_wanted_is_not_sent(said):
    sink = Sink()
    sending = sender(sink, said, spans=False, metrics=False)
    sending.put(told())
    sending.close()
    assert (sink.flows, sink.metrics) == ([], [])


def test_metrics_that_are_not_taken_are_said_once(said):
    sink = Sink()
    sink.refused = "it answers with status 405"
    sending = sender(sink, said, interval=0.01)
    sending.put(told())
    until(lambda: len(sink.metrics) >= 3)
    sending.close()
    assert len(said) == 1 and "does not take metrics (it answers with status 405); OTEL_METRICS_EXPORTER=none" in said[0]
