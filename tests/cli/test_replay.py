import json

import pytest
from mitmproxy.test import tflow
from support.captures import changed_state, stream_flow, written

KEY = "sk-" + "ant-" + "api03-" + "a1B2" * 8
FLOWS = [
    stream_flow(0),
    stream_flow(1, url="https://ampcode.com/api/new", method="GET", body=b"", answer=b"{}", content_type="application/json"),
]


@pytest.fixture
def capture(tmp_path):
    (tmp_path / "f.flows").write_bytes(written(*FLOWS))
    return str(tmp_path / "f.flows")


def test_tables_for_people(run, capture):
    status, out, err = run("replay", capture, "-j", "1")
    assert (status, err) == (0, "")
    assert "provider.anthropic" in out and "In no catalog" in out and 'path: "/api/new"' in out


def test_json(run, capture):
    status, out, err = run("replay", capture, "--json", "--where", "provider=anthropic", "-j", "1")
    found = json.loads(out)
    assert (status, err, found["flows"]) == (0, "", 1)
    assert found["rows"][0]["cost_usd"] > 0 and found["slowest_streams"][0]["flow"] == "flow-0"


def test_events_go_to_standard_output_and_nothing_else(run, capture):
    status, out, err = run("replay", capture, "--events", "-", "-j", "1")
    lines = [json.loads(line) for line in out.splitlines()]
    assert (status, err) == (0, "") and [line["type"] for line in lines][-3:] == ["flow.request", "flow.response", "flow.end"]
    assert "stream.event" in {line["type"] for line in lines} and "text" not in {name for line in lines for name in line}
    status, out, _ = run("replay", capture, "--events", "-", "--events-detail", "flow", "-j", "1")
    assert [json.loads(line)["type"] for line in out.splitlines()][:4] == ["flow.request", "flow.response", "stream.end", "flow.end"]
    status, out, _ = run("replay", capture, "--events", "-", "--events-content", "text", "-j", "1")
    assert "Hello there. " in "".join(json.loads(line).get("text", "") for line in out.splitlines())


def test_events_go_to_a_file_of_the_owners_alone(run, capture, tmp_path):
    (tmp_path / "out").write_text("what was there before, longer than a line\n" * 999)
    command = ["replay", capture, "--events", str(tmp_path / "out"), "-j", "1"]
    status, _, err = run(*command)
    assert status == 2 and "there already" in err and (tmp_path / "out").read_text().startswith("what was there before")
    status, out, _ = run(*command, "--force")
    assert status == 0 and "provider.anthropic" in out
    lines = (tmp_path / "out").read_text().splitlines()
    assert json.loads(lines[-1])["type"] == "flow.end" and (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_used_up_to_the_damage(run, capture, tmp_path):
    data = written(*FLOWS)
    first = len(written(FLOWS[0]))
    (tmp_path / "f.flows").write_bytes(data[: first + 50])
    (tmp_path / "g.flows").write_bytes(data)
    status, out, err = run("replay", str(tmp_path / "*.flows"), "--json", "-j", "1")
    assert status == 1 and json.loads(out)["flows"] == 3
    assert err.startswith(f"{tmp_path / 'f.flows'}: at byte {first:,}: found a flow that stops after") and err.count("\n") == 1


@pytest.mark.parametrize("data", [b"\x89PNG", b"text", b"{}", b"\x1f\x8b\x08", b"99999999999:x", b"{", b"0:}"])
def test_a_foreign_file_is_said_to_be_one(run, tmp_path, data):
    (tmp_path / "f").write_bytes(data)
    status, _, err = run("replay", str(tmp_path / "f"), "-j", "1")
    assert status == 1 and err.startswith(f"{tmp_path / 'f'}: at byte ") and "mistake" not in err and err.count("\n") == 1


def test_hostile_flows_are_told_all_the_same(run, tmp_path):
    odd = [
        {"metadata": {"amp.recording": 1, "amp.ended_at": float("nan"), "amp.chunk_ms": "[\udcff"}},
        {"metadata": {"amp.recording": 1, "amp.data_bytes": "9" * 5000 + ":1", "amp.upstream": "\x1b[2J", "amp.said": "\n{}\n"}},
        {"request__timestamp_start": 1e300, "response__timestamp_end": float("inf")},
        {"request__method": b"G\xff\x1b[2J", "request__path": b"/\xff\x1b]0;x\x07", "request__host": "\x1b[1m"},
        {"response__status_code": 10**30, "request__port": -5},
        {"response__headers": [[b"content-type", b"text/event-stream\x1b[2J"], [b"\xff", b"\xff"]]},
        {"response__headers": [[b"content-type", b"text/event-stream"], [b"content-encoding", b"br"]], "response__content": b"\xff" * 99},
    ]
    fields = [{**each, "metadata": _plain(each["metadata"])} if "metadata" in each else each for each in odd]
    (tmp_path / "f").write_bytes(b"".join(changed_state(stream_flow(number), **each) for number, each in enumerate(fields)))
    for args in (["--json"], ["--events", "-"], []):
        status, out, err = run("replay", str(tmp_path / "f"), "-j", "1", *args)
        assert (status, err) == (0, ""), (args, err)
        assert all(character.isprintable() or character == "\n" for character in out), args


def _plain(metadata):
    return {name: value.replace("\udcff", "\xff") if isinstance(value, str) else value for name, value in metadata.items()}


def test_no_key_is_printed(run, tmp_path):
    flow = stream_flow(url=f"https://ampcode.com/api/new/{KEY}?token={KEY}")
    flow.request.method = "POST"
    (tmp_path / "f").write_bytes(written(flow, tflow.tflow(err=True), tflow.twebsocketflow()))
    for args in (["--json"], ["--events", "-"], []):
        _, out, _ = run("replay", str(tmp_path / "f"), "-j", "1", *args)
        assert KEY[-8:] not in out and "***" in out


RULES = "version: 1\nrules:\n- {id: no, match: {model: claude-*}, then: {block: true}}\n"


def test_rules_are_tried_and_compared(run, capture, tmp_path):
    (tmp_path / "new").write_text(RULES)
    (tmp_path / "old").write_text("version: 1\nrules: []\n")
    _, out, _ = run("replay", capture, "--rules", str(tmp_path / "new"), "--json", "-j", "1")
    assert json.loads(out)["rules"] == [{"rule": "no", "mode": "observe", "action": "block", "count": 1}]
    status, out, err = run("replay", capture, "--diff", str(tmp_path / "old"), str(tmp_path / "new"))
    assert status == 0 and "flow-0  POST https://ampcode.com/api/provider/anthropic/v1/messages" in out and "→  block with 403" in out
    assert err == "1 flows are treated differently\n"
    _, out, _ = run("replay", capture, "--diff", str(tmp_path / "old"), str(tmp_path / "new"), "--json")
    assert [each["flow"] for each in json.loads(out)] == ["flow-0"]


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["--where", "provdier=x"], 2, "Did you mean 'provider'?"),
        (["--where", "model=re:("], 2, "which cannot be"),
        (["--where", "client=zz"], 2, "which cannot be"),
        (["--json", "--events", "-"], 2, "found --json beside --events -"),
        (["--rules", "no-such-file"], 1, "no-such-file"),
        (["--jobs", "0"], 2, "0 is not in the range"),
        (["no-such-file"], 1, "found no such file"),
        (["--events", "/no/folder/f"], 1, "cannot be opened for writing"),
    ],
)
def test_misuse(run, capture, args, status, message):
    found, out, err = run("replay", capture, *args)
    assert (found, out) == (status, "") and message in err and "mistake of amp-addons" not in err


@pytest.mark.parametrize(
    ("arguments", "module"),
    [
        (["f", "--dask", "tcp://127.0.0.1:1"], "distributed"),
        (["f", "--parquet", "tables"], "pyarrow"),
        (["s3://bucket/f"], "fsspec"),
        (["f", "--dask", "tcp://127.0.0.1:1", "--parquet", "s3://bucket/t"], "distributed and no pyarrow and no fsspec"),
    ],
)
def test_what_wants_an_extra_says_which(run, arguments, module, monkeypatch):
    """Without it: also where the extra is installed."""
    monkeypatch.setattr("amp_addons.extras.find_spec", lambda name: None)
    status, out, err = run("replay", *arguments)
    assert (status, out) == (2, "") and f"found no {module}, expected the extra 'cluster': pip install 'amp-addons[cluster]'" in err


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (("--otlp", "http://127.0.0.1:4318"), 1, "pip install 'amp-addons[otel]'"),
        (("--otlp", "collector:4318"), 2, "found what is no http or https URL"),
        (("--otlp", "http://127.0.0.1:4318", "--serve", "0"), 2, "found --otlp beside --serve or --diff"),
    ],
)
def test_collector_that_cannot_be_sent_to(run, capture, monkeypatch, options, status, sentence):
    monkeypatch.setattr("amp_addons.telemetry.collector.is_installed", lambda: False)
    found, _, err = run("replay", capture, *options)
    assert found == status and sentence in " ".join(err.replace("│", " ").split())


def test_a_filter_that_matches_nothing_is_told_from_an_empty_capture(run, capture):
    assert "no HTTP flow that --where matches was found" in run("replay", capture, "--where", "thread=T-nope")[1]
