"""A demonstration as a real backend shows it: Arize Phoenix with its own SQLite, on loopback. Run by scripts/test-phoenix."""

import json
import os
import subprocess
import urllib.request
from pathlib import Path

import pytest
from support.chromium import chromium
from support.proxy import BIN, free_port, listens, until

PHOENIX = os.environ.get("AMP_PHOENIX", "phoenix")
pytestmark = pytest.mark.phoenix


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def is_up(process, port):
    assert process.poll() is None, "Phoenix ended"
    return listens(port)


@pytest.fixture(scope="module")
def phoenix(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("phoenix"), free_port()
    names = {
        "HOST": "127.0.0.1", "PORT": str(port), "GRPC_PORT": str(free_port()), "WORKING_DIR": str(folder),
        "TELEMETRY_ENABLED": "false", "ALLOW_EXTERNAL_RESOURCES": "false",
    }  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CI")}
    environment |= {f"PHOENIX_{name}": value for name, value in names.items()}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([PHOENIX, "serve"], env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            until(lambda: is_up(process, port), 120, "Phoenix's start")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def shown(phoenix, tmp_path_factory):
    """The spans that its API returns of a demonstration, and the flows that these were."""
    events = tmp_path_factory.mktemp("demo") / "events.jsonl"
    command = [str(BIN / "amp-addons"), "demo", "--pace", "0.01", "--", "--set", f"amp_otlp={phoenix}", "--set", f"amp_events={events}"]
    # Phoenix takes spans only.
    done = subprocess.run(command, env={**os.environ, "OTEL_METRICS_EXPORTER": "none"}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "amp_otlp" not in done.stdout, done.stdout
    flows = {event["flow"]: event for line in events.read_text().splitlines() if (event := json.loads(line))["type"] == "flow.request"}

    def spans():
        found = json.loads(get(f"{phoenix}/v1/projects/default/spans?limit=1000"))["data"]
        return found if sum(span["parent_id"] is None for span in found) >= len(flows) else None

    return until(spans, 60, "the spans of all flows"), flows


def test_its_api_returns_every_flow_with_model_and_tokens(shown):
    spans, flows = shown
    roots = {span["attributes"]["amp.flow"]: span for span in spans if span["parent_id"] is None}
    assert roots.keys() == flows.keys()
    models = [root for flow, root in roots.items() if flows[flow]["category"] == "inference"]
    assert len(models) >= 10 and all(root["span_kind"] == "LLM" for root in models)
    streams = [root for root in models if root["attributes"].get("amp.stream.ended") == "complete"]
    assert len(streams) >= 8
    for root in streams:
        found = root["attributes"]
        assert found["llm.model_name"] and found["llm.token_count.prompt"] > 0 and found["llm.token_count.completion"] > 0
        phases = {span["name"] for span in spans if span["parent_id"] == root["context"]["span_id"]}
        assert phases == {"amp.stream.wait", "amp.stream.first_token", "amp.stream.output"}
    assert {root["status_code"] for root in models} == {"UNSET", "ERROR"}


def test_its_page_shows_the_models(phoenix, shown, tmp_path):
    """`AMP_SCREENSHOT` names a file for the picture, to be looked at."""
    project = json.loads(get(f"{phoenix}/v1/projects"))["data"][0]["id"]
    with chromium("127.0.0.1") as browser:
        page = browser.page()
        page.size(1600, 1000)
        page.call("Page.navigate", url=f"{phoenix}/projects/{project}/traces")
        page.until("document.body && document.body.innerText.includes('claude-sonnet-4-5')")
        page.screenshot(Path(os.environ.get("AMP_SCREENSHOT") or tmp_path / "phoenix.png"))
