import json
import stat

import pytest
from mitmproxy import exceptions
from mitmproxy.connection import ConnectionState
from mitmproxy.flow import Error
from mitmproxy.io import FlowReader
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from support.addons import finish, loaded, make_flow, make_response, run_stream
from support.proxy import until
from support.secrets import SECRET
from wsproto.frame_protocol import Opcode

from amp_addons.addons import record
from amp_addons.core.facts import facts_of
from amp_addons.replay import recording

EVENT = b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%b"}}\n\n'
CHUNKS = [EVENT % b"one ", EVENT % SECRET[:50].encode(), EVENT % SECRET[50:].encode(), b'data: {"type":"message_stop"}\n\n']


@pytest.fixture
async def suite():
    with loaded("events", "record") as found:
        found["startup"].running()
        yield found
        found.play("done")


def set_to(suite, file="", rotate=""):
    suite.context.configure(suite["record"], amp_record=str(file), amp_record_rotate=rotate)


def recorded(path):
    with open(path, "rb") as stream:
        return list(FlowReader(stream).stream())


async def test_a_streamed_flow_is_recorded_without_secrets(suite, tmp_path):
    set_to(suite, tmp_path / "f")
    flow = make_flow(content=json.dumps({"model": "m", "stream": True, "messages": [{"content": SECRET}]}).encode())
    assert run_stream(suite, flow, CHUNKS) == [*CHUNKS, b""]
    finish(suite, flow)
    suite.play("done")
    [found] = recorded(tmp_path / "f")
    facts = facts_of(found.metadata)
    assert found.id == flow.id and found.response.raw_content.count(b"\n\n") == 4 and b"***" in found.response.raw_content
    assert facts and len(facts.pieces(found.request.timestamp_start, found.response.raw_content).times) == 4
    assert facts.response_bytes == sum(map(len, CHUNKS)) and facts.ended == "complete"
    data = (tmp_path / "f").read_bytes()
    assert not [SECRET[at : at + 8] for at in range(14, len(SECRET) - 8) if SECRET[at : at + 8].encode() in data], data
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
    assert flow.request.content and SECRET.encode() in flow.request.content and flow.response.raw_content is None


async def test_an_answer_that_is_no_stream_of_events_is_recorded_too(suite, tmp_path):
    set_to(suite, tmp_path / "f")
    flow = make_flow(url="https://ampcode.com/api/user", method="GET", content=b"")
    run_stream(suite, flow, [b'{"a":', b"1}"], content_type="application/json")
    finish(suite, flow)
    suite.play("done")
    [found] = recorded(tmp_path / "f")
    assert found.response.raw_content == b'{"a":1}'


async def test_a_stream_that_was_aborted_is_recorded(suite, tmp_path):
    set_to(suite, tmp_path / "f")
    flow = make_flow()
    suite.play("requestheaders", flow)
    suite.play("request", flow)
    flow.response = make_response(None)
    suite.play("responseheaders", flow)
    flow.response.stream(CHUNKS[0])
    flow.error = Error("Client disconnected.", 1_700_000_002.0)
    flow.client_conn.state = ConnectionState.CLOSED
    suite.play("error", flow)
    suite.settle()
    suite.play("done")
    [found] = recorded(tmp_path / "f")
    facts = facts_of(found.metadata)
    assert facts and (facts.ended, facts.outcome, facts.ended_at) == ("aborted", "aborted", 1_700_000_002.0)
    assert found.response.raw_content == CHUNKS[0]


async def test_nothing_is_kept_while_nothing_is_recorded(suite):
    flow = make_flow()
    run_stream(suite, flow, CHUNKS)
    assert suite.hub.traces[flow.id].kept is None
    finish(suite, flow)


async def test_flows_read_from_a_file_are_not_recorded_again(suite, tmp_path):
    set_to(suite, tmp_path / "f")
    flow = make_flow()
    flow.live = False
    flow.response = make_response(b"data: x\n\n")
    for hook in ("requestheaders", "request", "responseheaders", "response"):
        suite.play(hook, flow)
    suite.settle()
    suite.play("done")
    assert (tmp_path / "f").read_bytes() == b""


async def test_bodies_are_bounded_each_and_in_all(suite, tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "MAX_BODY", 100)
    monkeypatch.setattr(record, "MAX_OPEN", 150)
    set_to(suite, tmp_path / "f")
    flows = [make_flow(), make_flow(), make_flow()]
    for flow in flows:
        run_stream(suite, flow, [b"data: " + b"x" * 192 + b"\n\n"])
        suite.settle()
    for flow in flows:
        finish(suite, flow)
    last = make_flow()  # what was kept is given back
    run_stream(suite, last, [b"data: " + b"y" * 192 + b"\n\n"])
    finish(suite, last)
    suite.play("done")
    found = recorded(tmp_path / "f")
    assert [len(each.response.raw_content or b"") for each in found] == [100, 50, 0, 100]
    assert [facts_of(each.metadata).response_cut for each in found] == [100, 150, 200, 100]
    assert suite["record"]._kept == 0 and not suite["record"]._open


@pytest.mark.parametrize(
    ("file", "rotate", "message"),
    [
        ("f", "size=lots", r"option amp_record_rotate: found 'size=lots', expected size=100MB, age=1h or keep=20"),
        ("f", "keep=0", r"option amp_record_rotate: found 'keep=0', expected more than 0"),
        ("f-%b", "", r"option amp_record: found %b, expected some of %Y"),
        ("%Y/f", "", r"option amp_record: found % in a folder's name"),
        ("link", "", r"option amp_record: .*link is a symbolic link"),
        ("text", "", r"option amp_record: .*text is there and is no recording of flows"),
        ("text/f", "", r"option amp_record: "),
        ("", "size=lots", r"option amp_record_rotate: found 'size=lots'"),
    ],
)
async def test_bad_values_are_refused_and_the_old_recording_goes_on(suite, tmp_path, file, rotate, message):
    (tmp_path / "text").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    set_to(suite, tmp_path / "old")
    with pytest.raises(exceptions.OptionsError, match=message):
        set_to(suite, tmp_path / file if file else "", rotate)
    flow = make_flow()
    run_stream(suite, flow, CHUNKS)
    finish(suite, flow)
    suite.play("done")
    assert len(recorded(tmp_path / "old")) == 1 and (tmp_path / "text").read_text() == "mine" and not (tmp_path / "target").exists()


async def test_bad_values_at_start_are_logged_as_errors(suite, tmp_path, caplog):
    suite["startup"].done()
    set_to(suite, tmp_path / "f", "size=lots")
    assert "option amp_record_rotate: found 'size=lots'" in caplog.text and "Traceback" not in caplog.text


async def test_recording_can_be_switched_while_it_runs(suite, tmp_path):
    for name in ("a", "", "b"):
        set_to(suite, tmp_path / name if name else "")
        flow = make_flow()
        run_stream(suite, flow, CHUNKS)
        finish(suite, flow)
    suite.play("done")
    assert [len(recorded(tmp_path / name)) for name in "ab"] == [1, 1]


async def test_another_rotation_holds_from_then_on_for_the_same_recording(suite, tmp_path):
    for rotate in ("", "size=1B"):
        set_to(suite, tmp_path / "a.flows", rotate)
        flow = make_flow()
        run_stream(suite, flow, CHUNKS)
        finish(suite, flow)
    suite.play("done")
    files = sorted(tmp_path.glob("a*.flows"))
    assert [len(recorded(file)) for file in files] == [1, 1] and files[1].name == "a.flows"


async def test_a_flow_that_began_before_is_left_out_and_one_in_between_belongs_to_the_new_file(suite, tmp_path):
    early, between = make_flow(), make_flow()
    run_stream(suite, early, CHUNKS)
    set_to(suite, tmp_path / "a")
    run_stream(suite, between, CHUNKS)
    set_to(suite, tmp_path / "b")
    finish(suite, early)
    finish(suite, between)
    suite.play("done")
    assert recorded(tmp_path / "a") == [] and [flow.id for flow in recorded(tmp_path / "b")] == [between.id]


async def test_a_full_disk_costs_flows_and_is_said(suite, caplog):
    set_to(suite, "/dev/full")
    flow = make_flow()
    assert run_stream(suite, flow, CHUNKS) == [*CHUNKS, b""]
    finish(suite, flow)
    until(lambda: "flows cannot be recorded (No space left on device)" in caplog.text)
    suite.play("done")
    assert "amp_record: 1 flows were not recorded in all." in caplog.text


def say(suite, flow, content):
    flow.websocket.messages.append(WebSocketMessage(Opcode.TEXT, True, content))
    suite.play("websocket_message", flow)


async def test_messages_of_a_websocket_are_recorded_though_they_are_no_longer_there(suite, tmp_path, monkeypatch):
    """What is past the limit is counted, and is a tail."""
    monkeypatch.setattr(recording, "MAX_BODY", 10 * (record.MESSAGE + 5) + 100)
    set_to(suite, tmp_path / "f")
    flow = tflow.twebsocketflow()
    flow.websocket.messages, flow.live = [], True
    for hook in ("requestheaders", "request", "responseheaders"):
        suite.play(hook, flow)
    for number in range(14):
        say(suite, flow, b"m%04d" % number if number != 10 else b"x" * 999)
        del flow.websocket.messages[:-1]
    suite.play("websocket_end", flow)
    suite.settle()
    suite.play("done")
    [found] = recorded(tmp_path / "f")
    assert [message.content for message in found.websocket.messages] == [b"m%04d" % number for number in range(10)]
    assert facts_of(found.metadata).messages_cut == 4 and suite["record"]._kept == 0
