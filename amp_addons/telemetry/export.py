"""Sending flows to a collector, by OpenTelemetry's SDK and its exporter for OTLP over HTTP.

The SDK makes the spans (samplers, limits and resource are its own, set by the standard `OTEL_*` variables) and the exporter sends them.
What the exporter leaves open is closed here: an answer is read up to a bound, and neither a redirect nor what is not OTLP is a success.
"""

import logging
import os
import time
from collections.abc import Sequence
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

import requests
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.metrics import export as sdk
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState, set_span_in_context

from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.core.target import is_loopback
from amp_addons.telemetry.attributes import SCHEMA
from amp_addons.telemetry.content import messages_of
from amp_addons.telemetry.metrics import Histogram, Metric
from amp_addons.telemetry.spans import Span, span_of
from amp_addons.telemetry.told import Told

MAX_ANSWER = 64 * 1024
"""Bytes of a collector's answer: it has at most a sentence to say."""

PATIENCE = 10.0
"""Seconds that an answer's body may take: as long as the exporter waits for its head."""

_KINDS = {"client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}


class Unsent(Exception):
    """A collector did not take what was sent. The text says why, without an address and without what it answered."""


class Exporter:
    """Sends flows and metrics, each from one thread. `problem` says why the last flows were not taken.

    Args:
        base: the collector's URL, to which `/v1/traces` and `/v1/metrics` are added.
        scrubber: has messages told too, scrubbed by it.
    """

    def __init__(self, base: str, scrubber: Scrubber | None = None) -> None:
        # They say each failure anew, and of a broken $OTEL_EXPORTER_OTLP_HEADERS the part that is broken: a credential, maybe.
        for name in ("opentelemetry", "urllib3"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._scrubber = scrubber
        self._to_traces, self._to_metrics = _Session(base), _Session(base)
        self._traces = OTLPSpanExporter(endpoint=f"{base}/v1/traces", session=self._to_traces)
        self._metrics = OTLPMetricExporter(endpoint=f"{base}/v1/metrics", session=self._to_metrics)
        self._resource = _resource()
        self._ids, self._finished = _Ids(), _Finished()
        provider = TracerProvider(resource=self._resource, id_generator=self._ids, shutdown_on_exit=False)
        provider.add_span_processor(self._finished)
        self._tracer = provider.get_tracer("amp_addons", _version(), SCHEMA)
        self._scope = InstrumentationScope("amp_addons", _version(), SCHEMA)
        self._temporality = sdk.AggregationTemporality.DELTA if is_delta() else sdk.AggregationTemporality.CUMULATIVE
        self.problem = ""

    def send(self, flows: Sequence[Told]) -> int:
        """Send the spans of flows, in requests of so many spans as OTEL_BSP_MAX_EXPORT_BATCH_SIZE says. -> flows that were not taken"""
        most = number_of("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)
        lost, waiting = 0, 0
        for told in flows:
            try:
                self._record(told)
                waiting += 1
            except Exception as error:  # one flow that cannot be told costs no other
                self.problem = f"a flow could not be told ({type(error).__name__})"
                lost += 1
            if len(self._finished.spans) >= most:
                lost += self._send(waiting)
                waiting = 0
        return lost + self._send(waiting)

    def _send(self, flows: int) -> int:
        spans, self._finished.spans = self._finished.spans, []
        if not spans:
            return 0
        self._to_traces.begin()
        taken = self._traces.export(spans).name == "SUCCESS"
        self.problem = self._to_traces.problem or ("" if taken else "what was to be sent is too large, or could not be encoded")
        return min(flows, self._to_traces.rejected) if taken else flows

    def send_metrics(self, metrics: Sequence[Metric]) -> str:
        """Send metrics. -> why they were not taken; empty when they were"""
        if not metrics:
            return ""
        found = [self._metric(each) for each in metrics]
        scopes = [sdk.ScopeMetrics(self._scope, found, SCHEMA)]
        data = sdk.MetricsData([sdk.ResourceMetrics(self._resource, scopes, self._resource.schema_url)])
        self._to_metrics.begin()
        taken = self._metrics.export(data).name == "SUCCESS"
        return self._to_metrics.problem or ("" if taken else "they are too large, or could not be encoded")

    def close(self) -> None:
        """Send nothing more: what is being sent is not tried again."""
        self._traces.shutdown()
        self._metrics.shutdown()

    def _record(self, told: Told) -> None:
        span, parent = span_of(told), told.context
        if self._scrubber is not None and told.bodies is not None:
            span.attributes.update(messages_of(told, self._scrubber))
        self._ids.begin(told.request.flow)
        context = Context()
        if parent is not None:
            state = TraceState.from_header([parent.state]) if parent.state else None
            remote = SpanContext(parent.trace, parent.span, is_remote=True, trace_flags=TraceFlags(parent.flags & 1), trace_state=state)
            context = set_span_in_context(NonRecordingSpan(remote), context)
        self._emit(span, context)

    def _emit(self, span: Span, context: Context) -> None:
        made = self._tracer.start_span(
            span.name, context=context, kind=_KINDS[span.kind], attributes=span.attributes, start_time=span.start, record_exception=False
        )
        for child in span.children:
            self._emit(child, set_span_in_context(made, Context()))
        if span.is_error:
            made.set_status(Status(StatusCode.ERROR))
        made.end(span.end)

    def _metric(self, metric: Metric) -> Any:
        instrument, start, end = metric.instrument, metric.start, metric.end
        points: list[Any] = []
        for key, one in metric.series:
            if isinstance(one, Histogram):
                points.append(
                    sdk.HistogramDataPoint(
                        dict(key), start, end, sum(one.counts), one.total, one.counts, instrument.bounds, one.low, one.high
                    )
                )
            else:
                points.append(sdk.NumberDataPoint(dict(key), start, end, one.value))
        data = sdk.Histogram(points, self._temporality) if instrument.bounds else sdk.Sum(points, self._temporality, True)
        return sdk.Metric(instrument.name, instrument.description, instrument.unit, data)


class _Session(requests.Session):
    """Does not follow, does not read on and on, takes no credentials from ~/.netrc, and knows what an answer of OTLP is."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.trust_env = False
        if not is_loopback(urlsplit(base).hostname or ""):
            self.proxies.update(requests.utils.get_environ_proxies(base))
        self.begin()

    def begin(self) -> None:
        self.problem, self.rejected = "", 0

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        self.begin()
        try:
            with super().send(request, **{**options, "stream": True, "allow_redirects": False}) as answer:
                if answer.status_code >= 400:
                    self.problem = f"it answers with status {answer.status_code}"
                elif answer.status_code >= 300:
                    raise Unsent("it answers with a redirect, which is not followed")
                else:
                    self._judge(_body(answer))
                return answer
        except Unsent as error:
            self.problem = str(error)
            raise
        except Exception as error:
            self.problem = f"it cannot be reached, or breaks off ({type(error).__name__})"
            raise

    def _judge(self, body: bytes) -> None:
        """JSON is what some answer whatever they were sent."""
        if body.lstrip()[:1] == b"{":
            return
        found = ExportTraceServiceResponse()  # that of metrics has the same fields
        try:
            found.ParseFromString(body)
        except Exception:
            raise Unsent("it answers with what is not OTLP") from None
        self.rejected = max(0, found.partial_success.rejected_spans)
        if self.rejected:
            self.problem = "it refuses a part of what is sent"


def _body(answer: requests.Response) -> bytes:
    deadline, body = time.monotonic() + PATIENCE, b""
    while piece := answer.raw.read1(MAX_ANSWER, decode_content=True):
        body += piece
        if len(body) > MAX_ANSWER or time.monotonic() > deadline:
            raise Unsent("its answer does not end")
    return body


class _Ids(IdGenerator):  # type: ignore[misc, unused-ignore]
    """The same for a flow whenever it is sent: a recording that is sent once more makes no second trace where identifiers are looked at."""

    def begin(self, flow: str) -> None:
        self._flow, self._spans = flow.encode("utf-8", "replace"), 0

    def generate_trace_id(self) -> int:
        return int.from_bytes(blake2b(self._flow, digest_size=16, person=b"amp trace").digest()) or 1

    def generate_span_id(self) -> int:
        self._spans += 1
        return int.from_bytes(blake2b(self._flow, digest_size=8, person=b"amp span", salt=self._spans.to_bytes(4)).digest()) or 1

    def is_trace_id_random(self) -> bool:
        return False


class _Finished(SpanProcessor):  # type: ignore[misc, unused-ignore]
    """Keeps the spans that are to be sent."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        if span.context.trace_flags.sampled:
            self.spans.append(span)


def _resource() -> Any:
    found = Resource.create()
    if str(found.attributes.get("service.name", "")).startswith("unknown_service"):  # neither OTEL_SERVICE_NAME nor …_RESOURCE_ATTRIBUTES
        found = found.merge(Resource({"service.name": "amp_addons"}))
    return found if "service.version" in found.attributes else found.merge(Resource({"service.version": _version()}))


def _version() -> str:
    try:
        return version("amp-addons")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"


def is_delta() -> bool:
    """OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, as it is for counters and histograms."""
    return os.environ.get("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "").strip().lower() in ("delta", "lowmemory")


def is_off(signal: str) -> bool:
    """Whether OTEL_SDK_DISABLED, or OTEL_TRACES_EXPORTER or OTEL_METRICS_EXPORTER, says that nothing is to be sent."""
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return disabled or os.environ.get(f"OTEL_{signal}_EXPORTER", "").strip().lower() == "none"


def number_of(variable: str, default: int) -> int:
    """A whole number above 0 of a standard variable; what is none counts as not set, as the specification has it."""
    text = os.environ.get(variable, "").strip()
    return int(text) if text.isdecimal() and 0 < int(text) < 1 << 31 else default
