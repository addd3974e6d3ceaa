from support.ledger import NOON
from support.telemetry import told

from amp_addons.telemetry.resend import Resender


class Sink:
    """A collector that takes all but `lost` of each batch."""

    problem = "it answers with status 500"
    refused = ""

    def __init__(self, lost=0):
        self.lost, self.batches, self.metrics, self.closed = lost, [], [], False

    def send(self, flows):
        self.batches.append(flows)
        return min(self.lost, len(flows))

    def send_metrics(self, metrics):
        self.metrics += metrics
        return self.refused

    def close(self):
        self.closed = True


def resend(sink, *batches, **options):
    resender = Resender(sink, **options)
    for batch in batches:
        resender.take(batch)
    resender.finish()
    return resender


def test_metrics_are_of_the_time_that_the_flows_cover():
    sink = Sink()
    resender = resend(sink, [told(NOON + 60), told(NOON)], [], [told(NOON + 30)])
    assert (resender.flows, resender.lost, resender.problem) == (3, 0, "") and len(sink.batches) == 2 and sink.closed
    metric = next(metric for metric in sink.metrics if metric.instrument.name == "amp.requests")
    start = int(NOON * 1000) * 1_000_000
    assert (metric.start, metric.end, metric.series[0][1].value) == (start, start + 60_201_000_000, 3)


def test_nothing_more_is_tried_when_none_of_the_first_was_taken():
    sink = Sink(lost=99)
    resender = resend(sink, [told()], [told()], [told()])
    assert (resender.flows, resender.lost, len(sink.batches), sink.metrics) == (3, 3, 1, [])
    assert resender.problem == "it answers with status 500"


def test_loss_of_a_few_is_counted_and_the_rest_goes_on():
    sink = Sink(lost=1)
    resender = resend(sink, [told(), told()], [told(), told()])
    assert (resender.flows, resender.lost, len(sink.batches)) == (4, 2, 2) and sink.metrics


def test_signals_that_are_not_wanted_are_not_sent():
    sink = Sink()
    resend(sink, [told()], spans=False, metrics=False)
    assert (sink.batches, sink.metrics, sink.closed) == ([], [], True)


def test_metrics_that_are_not_taken_are_said():
    sink = Sink()
    sink.refused = "it answers with status 405"
    assert resend(sink, [told()]).problem == "metrics: it answers with status 405; OTEL_METRICS_EXPORTER=none leaves them out"
