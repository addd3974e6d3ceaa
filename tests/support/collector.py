"""A collector for tests: OTLP over HTTP on a real socket, which decodes every message and refuses what makes no sense.

It says what it refused in `problems`; a test that leaves one there has failed. `manner` has it behave as collectors do that are not well.
"""

import contextlib
import math
import threading

from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest, ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

from support.httpserver import Handler, Server, serving_in_a_thread

PROTOBUF = "application/x-protobuf"
KINDS = {"/v1/traces": (ExportTraceServiceRequest, ExportTraceServiceResponse)}
KINDS["/v1/metrics"] = (ExportMetricsServiceRequest, ExportMetricsServiceResponse)


class Collector:
    """`spans` and `metrics` are what came, as plain dicts; `bodies` the bytes; `requests` counts by path, refused ones included."""

    def __init__(self, manner="well"):
        self.manner = manner
        self.spans, self.metrics, self.bodies, self.problems, self.headers, self.resources = [], [], [], [], [], []
        self.requests = []
        self.released = threading.Event()
        self.port = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def roots(self):
        ours = {span["span"] for span in self.spans}
        return [span for span in self.spans if span["parent"] not in ours]

    def children(self, root):
        return [span for span in self.spans if span["parent"] == root["span"]]

    def metric(self, name):
        """The newest data points of a metric."""
        return next((points for found, points in reversed(self.metrics) if found == name), [])

    def take(self, path, headers, body):
        """-> status and answer"""
        self.requests.append(path)
        self.headers.append(headers)
        try:
            request, response = KINDS[path]
            assert headers.get("content-type") == "application/x-protobuf", "not protobuf"
            message = request.FromString(body)
            _no_unknown(message)
            if path == "/v1/traces":
                spans = [span for part in message.resource_spans for span in self._spans(part)]
                assert spans, "no spans"
                assert len({span["span"] for span in spans}) == len(spans), "a span twice"
                self.spans += spans
            else:
                self.metrics += [metric for part in message.resource_metrics for metric in self._metrics(part)]
            self.bodies.append(body)
            return 200, response().SerializeToString()
        except Exception as error:
            self.problems.append(f"{path}: {type(error).__name__}: {error}")
            return 400, b""

    def _spans(self, part):
        self.resources.append(_attributes(part.resource.attributes))
        for scope in part.scope_spans:
            assert scope.scope.name and scope.scope.version and scope.schema_url.startswith("https://opentelemetry.io/schemas/"), "no scope"
            for span in scope.spans:
                assert len(span.trace_id) == 16 and any(span.trace_id), "trace id"
                assert len(span.span_id) == 8 and any(span.span_id), "span id"
                assert len(span.parent_span_id) in (0, 8), "parent id"
                assert span.name and span.kind in (1, 3), f"name {span.name!r}, kind {span.kind}"
                assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano, "times"
                assert span.status.code in (0, 2) and not span.status.message, "status"
                yield {
                    "name": span.name, "kind": span.kind, "trace": span.trace_id.hex(), "span": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(), "start": span.start_time_unix_nano, "end": span.end_time_unix_nano,
                    "attributes": _attributes(span.attributes), "error": span.status.code == 2, "state": span.trace_state,
                }  # fmt: skip

    def _metrics(self, part):
        self.resources.append(_attributes(part.resource.attributes))
        for scope in part.scope_metrics:
            assert scope.scope.name and scope.metrics, "no scope"
            for metric in scope.metrics:
                assert metric.name and metric.unit and metric.description, "metric"
                data = getattr(metric, metric.WhichOneof("data"))
                assert data.aggregation_temporality in (1, 2), "temporality"
                points = []
                for point in data.data_points:
                    assert 0 < point.start_time_unix_nano <= point.time_unix_nano, "times"
                    found = {"attributes": _attributes(point.attributes), "start": point.start_time_unix_nano, "end": point.time_unix_nano}
                    if metric.WhichOneof("data") == "histogram":
                        assert len(point.bucket_counts) == len(point.explicit_bounds) + 1, "buckets"
                        assert list(point.explicit_bounds) == sorted(set(point.explicit_bounds)), "bounds"
                        assert sum(point.bucket_counts) == point.count > 0, "count"
                        assert math.isfinite(point.sum) and point.min <= point.sum / point.count * 1.000001 + 1e-9, "sum"
                        found |= {"count": point.count, "sum": point.sum, "counts": list(point.bucket_counts)}
                    else:
                        assert data.is_monotonic and point.as_int >= 0, "sum"
                        found["value"] = point.as_int
                    points.append(found)
                assert points and len({str(sorted(point["attributes"].items())) for point in points}) == len(points), "series"
                yield metric.name, points


def _attributes(pairs):
    found = {}
    for pair in pairs:
        assert pair.key and pair.key not in found, f"attribute {pair.key!r}"
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, kind)
        found[pair.key] = [getattr(each, each.WhichOneof("value")) for each in value.values] if kind == "array_value" else value
    return found


def _no_unknown(message):
    assert not len(UnknownFieldSet(message)), "unknown fields"
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for each in value if field.is_repeated else [value]:
                _no_unknown(each)


class _Handler(Handler):
    def do_POST(self):
        collector = self.server.collector
        body = self.rfile.read(int(self.headers["content-length"]))
        manner = collector.manner
        if manner == "hangs":
            collector.requests.append(self.path)
            collector.released.wait(60)
            self.close_connection = True
            return
        if manner == "well":
            status, answer = collector.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            return self.reply(status, answer, content_type=PROTOBUF)
        collector.requests.append(self.path)
        if manner == "500":
            return self.reply(500, b"<h1>no</h1>", content_type="text/html")
        if manner == "garbage":
            return self.reply(200, b"<html>welcome to the portal</html>", content_type="text/html")
        if manner == "endless":
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while not collector.released.is_set():
                    self.wfile.write(b"x" * 65536)
            self.close_connection = True
            return None
        if manner == "redirect":
            self.send_response(307)
            self.send_header("location", f"{collector.url}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()
            return None
        if manner == "partial":
            answer = ExportTraceServiceResponse()
            answer.partial_success.rejected_spans = 2
            answer.partial_success.error_message = "no"
            return self.reply(200, answer.SerializeToString(), content_type=PROTOBUF)
        if manner == "nonsense":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")
            self.close_connection = True
        return None


@contextlib.contextmanager
def collecting(manner="well"):
    collector = Collector(manner)
    with Server(("127.0.0.1", 0), _Handler) as server:
        server.collector = collector
        collector.port = server.server_address[1]
        with serving_in_a_thread(server, collector.released):
            yield collector
