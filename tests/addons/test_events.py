import json
import os
import stat

import pytest
from mitmproxy import exceptions
from support.addons import finish, loaded, make_flow, run_stream


@pytest.fixture
async def suite():
    with loaded("events") as found:
        yield found


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_flow_is_written_as_lines(suite, tmp_path):
    path = tmp_path / "events.jsonl"
    suite.context.configure(suite["events"], amp_events=str(path))
    flow = make_flow()
    run_stream(suite, flow, [b'data: {"type":"ping"}\n\n'])
    finish(suite, flow)
    suite.play("done")
    assert [line["type"] for line in lines_of(path)] == ["flow.request", "flow.response", "stream.event", "stream.end", "flow.end"]
    assert {line["v"] for line in lines_of(path)} == {1}
    assert {line["flow"] for line in lines_of(path)} == {flow.id}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_lines_for_single_events_can_be_left_out(suite, tmp_path):
    path = tmp_path / "events.jsonl"
    suite.hub.detach(suite.kept)
    suite.context.configure(suite["events"], amp_events=str(path), amp_events_detail="flow")
    flow = make_flow()
    run_stream(suite, flow, [b'data: {"type":"ping"}\n\n'])
    finish(suite, flow)
    suite.play("done")
    assert [line["type"] for line in lines_of(path)] == ["flow.request", "flow.response", "stream.end", "flow.end"]
    assert lines_of(path)[2]["events"] == {"ping": 1}


async def test_unfinished_line_of_a_crash_is_cut_off(suite, tmp_path, caplog):
    path = tmp_path / "events.jsonl"
    path.write_text('{"v":1}\n{"v":1,"ty')
    suite.context.configure(suite["events"], amp_events=str(path))
    suite.play("done")
    assert path.read_text() == '{"v":1}\n'
    assert "unfinished last line" in caplog.text


async def test_unknown_detail_is_refused_with_what_was_meant(suite):
    suite["startup"].running()
    with pytest.raises(
        exceptions.OptionsError, match=r"amp_events_detail: found 'flows', expected one of event, flow. Did you mean 'flow'"
    ):
        suite.context.configure(suite["events"], amp_events_detail="flows")


async def test_file_that_cannot_be_opened_is_refused_and_the_old_one_stays(suite, tmp_path):
    path = tmp_path / "events.jsonl"
    suite["startup"].running()
    suite.context.configure(suite["events"], amp_events=str(path))
    with pytest.raises(exceptions.OptionsError, match=r"option amp_events: .* cannot be opened for writing"):
        suite.context.configure(suite["events"], amp_events=str(tmp_path / "no" / "folder"))
    flow = make_flow()
    run_stream(suite, flow, [])
    finish(suite, flow)
    suite.play("done")
    assert lines_of(path)[-1]["type"] == "flow.end"


async def test_bad_file_at_start_is_logged_as_an_error(suite, tmp_path, caplog):
    """mitmproxy exits with status 1 on an error logged at start; an exception would be shown as a traceback."""
    suite.context.configure(suite["events"], amp_events=str(tmp_path))
    assert "option amp_events:" in caplog.text and "Traceback" not in caplog.text


async def test_full_disk_costs_lines_and_is_said(suite, caplog):
    if not os.path.exists("/dev/full"):
        pytest.fail("this test needs /dev/full")
    suite.context.configure(suite["events"], amp_events="/dev/full")
    flow = make_flow()
    assert run_stream(suite, flow, [b"data: x\n\n"]) == [b"data: x\n\n", b""]
    finish(suite, flow)
    suite.play("done")
    assert "cannot be written" in caplog.text and "lines were dropped in all" in caplog.text


async def test_content_is_written_when_asked_for_and_without_secrets(suite, tmp_path):
    """A secret that is cut in two is seen all the same."""
    import random
    import string

    secret = "ghp" + "_" + "".join(random.Random(3).choices(string.ascii_letters + string.digits, k=36))
    suite.context.configure(suite["events"], amp_events=str(tmp_path / "events"), amp_events_content="text")
    flow = make_flow()
    piece = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%b"}}\n\n'
    chunks = [piece % part.encode() for part in ("key ", secret[:9], secret[9:], " ok")] + [b'data: {"type":"message_stop"}\n\n']
    run_stream(suite, flow, chunks)
    finish(suite, flow)
    suite["events"].done()
    lines = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    text = "".join(line.get("text", "") for line in lines if line["type"] == "stream.event")
    assert text == "key *** ok" and secret[9:20] not in (tmp_path / "events").read_text()
