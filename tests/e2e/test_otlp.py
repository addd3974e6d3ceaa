"""Telemetry of live proxies, against a collector that decodes every message. Needs the extra: scripts/test-extras."""

import json
import re
import statistics
import subprocess
import time

import pytest

pytestmark = pytest.mark.otel
from e2e.test_canaries import CANARIES, REDACTORS, RULES, pieces_of, requests  # noqa: E402
from support.collector import collecting  # noqa: E402
from support.proxy import BIN, post, read_all, suite_before, tunnel, until  # noqa: E402
from support.world import world  # noqa: E402

from amp_addons.sim.server import simulator  # noqa: E402

MESSAGES = "/api/provider/anthropic/v1/messages"
STREAM = b'{"model":"claude-sonnet-4-5","stream":true,"messages":[{"role":"user","content":"do not send this"}]}'
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "20", "OTEL_METRIC_EXPORT_INTERVAL": "100", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}


@pytest.fixture
def sim():
    with simulator() as found:
        yield found


@pytest.fixture
def collector():
    with collecting() as found:
        yield found
    assert found.problems == []


def sending_to(url, **more):
    return [word for name, value in {"otlp": url, **more}.items() for word in ("--set", f"amp_{name}={value}")]


def ask(proxy, body=STREAM, **headers):
    with tunnel(proxy) as sock:
        sock.sendall(post(MESSAGES, body, **headers))
        data, end = read_all(sock)
        assert end == "complete" and data.startswith(b"HTTP/1.1 200")
    return data


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demonstration, recorded, and what a collector got of it."""
    folder = tmp_path_factory.mktemp("demo")
    with collecting() as collector:
        options = {"otlp": collector.url, "record": folder / "demo.flows", "events": folder / "events.jsonl"}
        command = [str(BIN / "amp-addons"), "demo", "--pace", "0.01", "--"]
        command += [word for name, value in options.items() for word in ("--set", f"amp_{name}={value}")]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert collector.problems == [] and "amp_otlp" not in done.stdout + done.stderr
        events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        yield collector, events, folder / "demo.flows"


def test_every_flow_of_a_demonstration_is_a_span(demo):
    collector, events, _ = demo
    flows = {event["flow"]: event for event in events if event["type"] == "flow.request"}
    roots = {span["attributes"]["amp.flow"]: span for span in collector.roots}
    assert roots.keys() == flows.keys() and len(roots) == len(collector.roots) > 20
    ends = {event["flow"]: event for event in events if event["type"] == "stream.end"}
    for flow, root in roots.items():
        found, request = root["attributes"], flows[flow]
        assert (found["amp.endpoint"], found["amp.route"]) == (request["endpoint"], request["route"])
        assert ("gen_ai.operation.name" in found) == (request["category"] == "inference")
        if request["category"] == "inference" and (end := ends.get(flow)) and end["ended"] == "complete":
            assert found["gen_ai.response.model"] == end["model"] and found["gen_ai.usage.output_tokens"] == end["tokens"]["output"]
            assert found["gen_ai.response.finish_reasons"] == [end["stop_reason"]]
            phases = [span["name"] for span in sorted(collector.children(root), key=lambda span: span["start"])]
            assert phases == ["amp.stream.wait", "amp.stream.first_token", "amp.stream.output"]
    kinds = {span["attributes"].get("error.type") for span in collector.roots if span["error"]}
    assert {"529", "404", "truncated"} <= kinds or {"529", "404", "error"} <= kinds, kinds


def test_metrics_of_a_demonstration_agree_with_its_spans(demo):
    collector, _, _ = demo
    assert sum(point["value"] for point in collector.metric("amp.requests")) == len(collector.roots)
    models = [span for span in collector.roots if "gen_ai.operation.name" in span["attributes"]]
    assert sum(point["count"] for point in collector.metric("gen_ai.client.operation.duration")) == len(models)
    tokens = sum(span["attributes"].get("gen_ai.usage.output_tokens", 0) for span in models)
    found = [point for point in collector.metric("gen_ai.client.token.usage") if point["attributes"]["gen_ai.token.type"] == "output"]
    assert sum(point["sum"] for point in found) == tokens > 0
    assert sum(point["count"] for point in collector.metric("gen_ai.client.operation.time_per_output_chunk")) > 100


def test_nothing_of_what_was_said_is_sent(demo):
    collector, _, _ = demo
    assert not [name for span in collector.spans for name in span["attributes"] if "messages" in name or "instructions" in name]
    assert not any(b'"Hi"' in body for body in collector.bodies)


def test_recording_is_sent_with_its_own_times(demo, collector):
    live, _, recording = demo
    for jobs in ("1", "2"):
        collector.spans.clear()
        collector.metrics.clear()
        command = [str(BIN / "amp-addons"), "replay", str(recording), "--otlp", collector.url, "--jobs", jobs]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert f"{len(live.roots)} of {len(live.roots)} flows were sent" in done.stderr

        before, after = ({span["span"]: span for span in found.spans} for found in (live, collector))
        assert before.keys() == after.keys()
        for number, span in before.items():
            _same(span, after[number])
        [requests_, *_] = collector.metric("amp.requests")
        assert (requests_["start"], requests_["end"]) == (min(s["start"] for s in live.roots), max(s["end"] for s in live.roots))


def _same(live, again):
    """A recording has the times of pieces to a ten-thousandth of a millisecond: two microseconds are what rounding makes of it."""
    for name in ("start", "end"):
        assert abs(live[name] - again[name]) <= 2000
    assert [live[name] for name in ("trace", "parent", "name", "error")] == [again[name] for name in ("trace", "parent", "name", "error")]
    # What a stream cost a proxy may not know yet, as long as it reads the prices; a replay waits for them.
    assert live["attributes"].keys() | {"amp.cost_usd"} == again["attributes"].keys() | {"amp.cost_usd"}
    for name, value in live["attributes"].items():
        wanted = pytest.approx(value, abs=2e-6) if isinstance(value, float) else value
        assert again["attributes"][name] == wanted, name


def test_replay_says_what_a_collector_did_not_take(demo):
    _, _, recording = demo
    with collecting("500") as broken:
        command = [str(BIN / "amp-addons"), "replay", str(recording), "--otlp", broken.url, "--jobs", "1"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "0 of " in done.stderr and "it answers with status 500" in done.stderr


def test_trace_of_the_client_goes_on_and_nothing_is_added_upstream(sim, collector):
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with suite_before(sim, *sending_to(collector.url), env=QUICK) as proxy:
        ask(proxy, traceparent=parent, x_amp_thread_id="T-1")
        ask(proxy, x_amp_thread_id="T-2")
        until(lambda: len(collector.roots) == 2)
    first, second = sorted(collector.roots, key=lambda span: span["attributes"]["amp.thread"])
    assert (first["trace"], first["parent"]) == ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7") and second["parent"] == ""
    with_it, without = (next(r for r in sim.requests if r.header("x-amp-thread-id") == thread) for thread in ("T-1", "T-2"))
    assert with_it.header("traceparent") == parent
    assert not [name for name, _ in without.headers if name.lower().startswith((b"trace", b"baggage"))]


def test_no_piece_of_a_secret_reaches_the_collector(collector):
    headers = {"OTEL_EXPORTER_OTLP_HEADERS": "x-key=" + CANARIES["x-custom"]}
    with world(RULES, "-v", *sending_to(collector.url, otlp_content="scrubbed"), top=REDACTORS, env={**QUICK, **headers}) as here:
        for request in requests():
            with tunnel(here.proxy) as sock:
                sock.sendall(request)
                read_all(sock)
        until(lambda: len(collector.roots) == 8)
        until(lambda: sum(point["value"] for point in collector.metric("amp.requests")) == 8)
        printed = here.proxy.output
    assert any("gen_ai.input.messages" in span["attributes"] for span in collector.roots)
    assert all(headers["x-key"] == CANARIES["x-custom"] for headers in collector.headers)
    for body in [*collector.bodies, printed.encode()]:
        text = body.decode("utf-8", "replace")
        for position, secret in CANARIES.items():
            assert not [piece for piece in pieces_of(secret) if piece in text], f"pieces of the secret in {position} were sent"


def test_messages_are_those_after_redaction(collector):
    word = "BLUE" + "-" + "FALCON" + "-77"
    rules = "- {id: hide, match: {}, then: {redact: own}}"
    top = 'redactors:\n  own: {mode: placeholder, patterns: [{id: project, keywords: falcon, pattern: "BLUE-FALCON-[0-9]{2}"}]}\n'
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": f"about {word}, please"}]}).encode()
    with world(rules, *sending_to(collector.url, otlp_content="scrubbed"), top=top, env=QUICK) as here:
        ask(here.proxy, body)
        until(lambda: len(collector.roots) == 1)
    [root] = collector.roots
    [message] = json.loads(root["attributes"]["gen_ai.input.messages"])
    assert message["parts"][0]["content"].startswith("about ") and word not in str(collector.spans)
    assert [span["name"] for span in collector.children(root)][:2] == ["amp.routing", "amp.redaction"]


@pytest.mark.parametrize("manner", ["hangs", "500", "garbage", "redirect", "endless"])
def test_collector_that_is_not_well_costs_the_traffic_nothing(sim, manner):
    env = {**QUICK, "OTEL_BSP_MAX_QUEUE_SIZE": "5"}
    with collecting(manner) as broken:
        with suite_before(sim, *sending_to(broken.url), env=env) as proxy:
            for _ in range(12):
                ask(proxy)
            until(lambda: "does not take all that is sent" in proxy.output)
            proxy.wait_ended(12)
            started = time.monotonic()
            assert proxy.stop() == 0
            assert time.monotonic() - started < 8
            printed = proxy.output
    said = re.findall(r"amp_otlp: (.*)", printed)
    assert sum("does not take all that is sent" in sentence for sentence in said) == 1, printed
    assert sum("does not take metrics" in sentence for sentence in said) <= 1 and len(said) <= 3, printed
    assert said[-1] == "12 flows were not sent in all.", printed


def test_delays_are_those_without_telemetry(sim):
    """In turns, so that what else the machine does falls on all alike."""
    with collecting("hangs") as broken, suite_before(sim) as bare, suite_before(sim, *sending_to(broken.url), env=QUICK) as telling:
        taken = {bare: [], telling: []}
        for _ in range(40):
            for proxy, times in taken.items():
                started = time.perf_counter()
                ask(proxy)
                times.append(time.perf_counter() - started)
    plain, told = (statistics.median(times) for times in taken.values())
    print(f"median of a stream: {plain * 1000:.1f} ms without, {told * 1000:.1f} ms with a collector that hangs")
    assert told < plain * 1.5 + 0.02
