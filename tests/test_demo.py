import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from amp_addons import Catalog

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """One demonstration, its temporary files in a folder of their own."""
    folder = tmp_path_factory.mktemp("demo")
    temporary = folder / "tmp"
    temporary.mkdir()
    started = time.monotonic()
    command = [str(BIN / "amp-addons"), "demo", "--pace", "0.01", "--", "--set", f"amp_events={folder / 'events.jsonl'}"]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "TMPDIR": str(temporary)}, capture_output=True, text=True, timeout=60)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return done, events, time.monotonic() - started, temporary


def test_it_ends_well_and_in_time(played):
    done, _, seconds, _ = played
    assert done.returncode == 0, done.stdout + done.stderr
    assert seconds < 15


def test_every_row_of_the_document_is_played(played):
    _, events, _, _ = played
    seen = {event["endpoint"] for event in events if event["type"] == "flow.request"}
    rows = {endpoint.id for endpoint in Catalog.load().endpoints if endpoint.catalog == "classic"}
    assert rows - {"telemetry"} <= seen and "telemetry" in seen


def test_streams_run_in_parallel_and_each_flow_ends_once(played):
    _, events, _, _ = played
    flows = {event["flow"] for event in events}
    assert sorted(event["flow"] for event in events if event["type"] == "flow.end") == sorted(flows)
    under_way = most = 0
    for event in events:
        under_way += (event["type"] == "flow.response" and "event-stream" in (event["content_type"] or "")) - (
            event["type"] == "stream.end"
        )
        most = max(most, under_way)
    assert most >= 4


def test_summary_is_shown_and_nothing_is_left(played):
    done, _, _, temporary = played
    assert "provider.anthropic" in done.stdout and "In no catalog" in done.stdout
    assert list(temporary.iterdir()) == []


def test_proxy_that_does_not_start_is_said():
    with tempfile.TemporaryDirectory() as folder:
        command = [str(BIN / "amp-addons"), "demo", "--", "--set", "amp_evnts=x"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Did you mean 'amp_events'" in done.stdout and "Traceback" not in done.stdout + done.stderr
