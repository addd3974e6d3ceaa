import gzip
import json

from support.capture import AMP, MESSAGES, CaptureFile, answer, events

from amp_addons.core.conversation.parts import Message, Text, Thinking, ToolCall
from amp_addons.replay.where import parse_where
from amp_addons.report import reading as module


def test_what_was_said_and_what_it_took(told):
    reading, _ = told
    flow = reading.flows[6]
    assert (flow.model, flow.request.thread, flow.problem) == ("claude-sonnet-4-5", "T-0199f2aa", None)
    thinking, text, read, grep = flow.answer.message.parts
    assert isinstance(thinking, Thinking) and text == Text("I'll look at the buffer and its tests first.")
    assert read == ToolCall(read.id, "Read", {"path": "stream/buffer.py"}) and grep.args["context"] == 3
    assert flow.answer.usage["input"] == 14_212 and flow.answer.stop_reason == "tool_use" and 0.05 < flow.cost < 0.06
    assert flow.first_token > 1300 and flow.duration == 4900


def test_an_answer_that_is_no_stream_has_its_tokens_too(told):
    flow = told[0].flows[7]
    assert flow.stream is None and flow.answer.usage["output"] == 9 and flow.cost > 0


def test_each_message_is_kept_once(told):
    reading, _ = told
    repeated = sum(len(flow.asked.messages) for flow in reading.flows if flow.asked)
    assert len(reading.kept.messages) < repeated and len(reading.kept.system) == 3


def test_problems(told):
    flows = told[0].flows
    assert [flow.problem for flow in flows if flow.problem] == [
        "blocked",
        "status 404",
        "blocked",
        "aborted",
        "blocked",
        "status 529",
        "truncated",
        "error",
    ]
    assert flows[18].errors == ["overloaded_error: Overloaded"] and flows[20].errors == ["server closed connection"]
    assert flows[14].errors == ["Client disconnected."]


def test_rules_and_what_they_took_out(told):
    flow = told[0].flows[9]
    assert [action.rule for action in flow.actions] == ["no-secret-leaves"] and flow.redactions[0].count == 2


def test_messages_of_a_web_socket(read, tmp_path):
    with CaptureFile(tmp_path / "a") as out:
        out.add_socket(f"{AMP}/api/x", 0, [(True, b'{"type":"a","text":"hi"}'), *[(False, b"x" * 900)] * 60])
    [flow] = read(out.path).flows
    assert flow.socket_count == 61 and len(flow.sockets) == module.MAX_SOCKETS
    assert (flow.sockets[0].event, flow.sockets[0].from_client, round(flow.sockets[0].at_ms)) == ("a", True, 200)
    assert flow.sockets[1].text == "x" * module.SOCKET_TEXT + "[… 500 characters left out]"


def test_codings_are_undone_also_of_a_body_that_is_cut(read, tmp_path):
    whole = b"".join(events(answer("hello " * 400)))
    body = gzip.compress(json.dumps({"messages": [{"role": "user", "content": "hi"}]}).encode())
    with CaptureFile(tmp_path / "a") as out:
        out.add(MESSAGES, 0, body=body, headers=[("content-encoding", "gzip")], pieces=[whole], content_type="text/event-stream")
        out.add(MESSAGES, 1, body=b"no json", pieces=[b"broken"], content_type="text/event-stream")
    first, second = read(out.path).flows
    assert len(first.asked.messages) == 1 and second.asked is None and second.answer.message == Message("assistant")


def test_only_what_is_wanted(read, tmp_path, told):
    reading = read(tmp_path / "story.flows", where=parse_where("provider=openai"))
    assert [flow.request.endpoint for flow in reading.flows] == ["provider.openai"] and reading.totals.flows == 1


def test_flows_past_the_limit_are_counted(read, tmp_path, told, monkeypatch):
    monkeypatch.setattr(module, "MAX_FLOWS", 5)
    reading = read(tmp_path / "story.flows")
    assert len(reading.flows) == 5 and reading.left_out == 16 and reading.totals.flows == 21


def test_damage_is_noted_and_what_is_before_it_is_there(read, tmp_path, told):
    file = tmp_path / "story.flows"
    file.write_bytes(file.read_bytes()[:-20])
    reading = read(file)
    assert len(reading.flows) == 20 and "what is before it is in the report" in reading.damage[0]
