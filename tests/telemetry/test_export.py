"""The exporter against a collector on a real socket that decodes every message. Needs the extra: scripts/test-extras."""

import logging
import re
import socket
import time

import pytest
from support.telemetry import action, redaction, told

pytestmark = pytest.mark.otel
from support.collector import collecting  # noqa: E402

from amp_addons.core.tracecontext import TraceContext  # noqa: E402
from amp_addons.telemetry import attributes, metrics, spans  # noqa: E402
from amp_addons.telemetry.export import Exporter, is_delta, is_off, number_of  # noqa: E402
from amp_addons.telemetry.metrics import Table  # noqa: E402


@pytest.fixture
def collector():
    with collecting() as found:
        yield found
    assert found.problems == []


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    for name in ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_TRACES_SAMPLER", "OTEL_SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)


def send(collector, *flows):
    exporter = Exporter(collector.url)
    lost = exporter.send(flows)
    exporter.close()
    return lost, exporter.problem


def test_span_arrives_with_its_children_and_its_own_times(collector):
    said = [action(), redaction()]
    assert send(collector, told(said=said)) == (0, "")
    [root] = collector.roots
    wanted = spans.span_of(told(said=said))
    assert (root["name"], root["kind"], root["start"], root["end"], root["parent"]) == (wanted.name, 3, wanted.start, wanted.end, "")
    assert root["attributes"] == wanted.attributes and not root["error"]
    children = collector.children(root)
    assert sorted((child["name"], child["start"], child["end"]) for child in children) == sorted(
        (child.name, child.start, child.end) for child in wanted.children
    )
    assert all(child["trace"] == root["trace"] and child["kind"] == 1 for child in children)


def test_error_is_marked(collector):
    send(collector, told(end={"status": 529, "error": "what you asked for"}, stream=False))
    [root] = collector.roots
    assert root["error"] and root["attributes"]["error.type"] == "529" and b"what you asked for" not in collector.bodies[0]


def test_same_flow_has_the_same_identifiers_and_another_others(collector):
    for flow in ("a", "a", "b"):
        send(collector, told(flow=flow))
    first, again, other = collector.roots
    assert (first["trace"], first["span"]) == (again["trace"], again["span"]) != (other["trace"], other["span"])


def test_trace_of_the_client_goes_on(collector):
    send(collector, told(context=TraceContext(0xABC, 0xDEF, 1, "vendor=x")))
    [root] = collector.roots
    assert (int(root["trace"], 16), int(root["parent"], 16), root["state"]) == (0xABC, 0xDEF, "vendor=x")
    assert {child["trace"] for child in collector.spans} == {root["trace"]}


def test_trace_that_the_client_does_not_record_is_not_recorded(collector):
    assert send(collector, told(context=TraceContext(0xABC, 0xDEF, 0))) == (0, "")
    assert collector.requests == []


def test_standard_variables_are_obeyed(collector, monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "laptops")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "team=blue")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-token=opensesame")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")
    send(collector, *(told(flow=f"f{number}") for number in range(6)))
    assert len(collector.requests) == 3 and len(collector.roots) == 6
    assert all((found["service.name"], found["team"]) == ("laptops", "blue") for found in collector.resources)
    assert all(headers["x-token"] == "opensesame" for headers in collector.headers)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    send(collector, told())
    assert len(collector.requests) == 3


def test_resource_says_what_this_is_and_nothing_of_the_machine(collector):
    send(collector, told())
    [resource] = collector.resources
    assert resource["service.name"] == "amp_addons"
    assert {name.rpartition(".")[0] for name in resource} <= {"service", "service.instance", "telemetry.sdk"}


def test_metrics_arrive(collector):
    table = Table(1_000)
    table.add(told(said=[action(), redaction()]))
    table.drop(2)
    exporter = Exporter(collector.url)
    assert exporter.send_metrics(table.take(2_000)) == exporter.send_metrics([]) == ""
    exporter.close()
    assert {name for name, _ in collector.metrics} == {one.name for one in vars(metrics).values() if isinstance(one, metrics.Instrument)}
    [usage, _] = collector.metric("gen_ai.client.token.usage")
    assert (usage["start"], usage["end"], usage["count"], usage["sum"]) == (1_000, 2_000, 1, 13)


@pytest.mark.parametrize(
    ("manner", "problem"),
    [
        ("500", "it answers with status 500"),
        ("garbage", "it answers with what is not OTLP"),
        ("redirect", "it answers with a redirect, which is not followed"),
        ("endless", "its answer does not end"),
        ("nonsense", "it cannot be reached, or breaks off (ConnectionError)"),
        ("hangs", "it cannot be reached, or breaks off (ReadTimeout)"),
    ],
)
def test_collector_that_is_not_well(manner, problem, monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.3")
    caplog.set_level(logging.DEBUG)
    with collecting(manner) as collector:
        started = time.monotonic()
        assert send(collector, told(flow="a"), told(flow="b")) == (2, problem)
        assert time.monotonic() - started < 5  # an answer that does not end is given up by its size, long before its time is over
        assert set(collector.requests) == {"/v1/traces"}  # nothing went elsewhere
        exporter, table = Exporter(collector.url), Table(0)
        table.add(told())
        assert exporter.send_metrics(table.take(1)) == problem
    assert not [record for record in caplog.records if record.name.startswith(("opentelemetry", "urllib3"))]


def test_collector_that_refuses_a_part():
    with collecting("partial") as collector:
        assert send(collector, told(flow="a"), told(flow="b"), told(flow="c")) == (2, "it refuses a part of what is sent")


def test_no_collector_at_all(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.3")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    exporter = Exporter(f"http://127.0.0.1:{port}")
    assert exporter.send([told()]) == 1 and "cannot be reached" in exporter.problem


def test_broken_headers_are_not_logged(collector, monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "opensesame")
    send(collector, told())
    assert "opensesame" not in caplog.text


def test_flow_that_cannot_be_told_costs_no_other(collector):
    broken = told(flow="a", end={"duration_ms": float("nan")})
    lost, _ = send(collector, broken, told(flow="b"))
    assert lost == 1 and [root["attributes"]["amp.flow"] for root in collector.roots] == ["b"]


def test_names_are_those_of_the_conventions():
    from opentelemetry.semconv import attributes as stable
    from opentelemetry.semconv._incubating import attributes as developing
    from opentelemetry.semconv._incubating.metrics import gen_ai_metrics

    names = set()
    for package in (stable, developing):
        for path in package.__path__:
            for file in __import__("pathlib").Path(path).glob("*.py"):
                names |= set(re.findall(r'Final = "([a-z_.0-9]+)"', file.read_text()))
    span = spans.span_of(told(request={"method": "BREW"}, end={"status": 400}))
    ours = [name for each in (span, *span.children) for name in each.attributes] + list(attributes.model_of(told())) + ["gen_ai.token.type"]
    assert [name for name in ours if name not in names and not name.startswith("amp.")] == []
    known = {value for value in vars(gen_ai_metrics).values() if isinstance(value, str)}
    assert all(one.name in known or one.name.startswith("amp.") for one in vars(metrics).values() if isinstance(one, metrics.Instrument))


@pytest.mark.parametrize(("text", "found"), [("", 5), ("7", 7), ("0", 5), ("-3", 5), ("much", 5), ("9" * 30, 5)])
def test_numbers_of_variables(monkeypatch, text, found):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", text)
    assert number_of("OTEL_BSP_SCHEDULE_DELAY", 5) == found


def test_switches_of_variables(monkeypatch):
    assert not is_delta() and not is_off("TRACES")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert is_delta() and is_off("TRACES") and not is_off("METRICS")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert is_off("METRICS")
