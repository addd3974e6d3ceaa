import pytest
from mitmproxy.test import tflow
from support.addons import finish, make_flow, make_response, run_stream

BODY = [b'event: ping\ndata: {"type":"ping"}\n\n', b'event: message_stop\ndata: {"type":', b'"message_stop"}\n\n']


async def test_each_chunk_is_handed_on_as_the_object_it_was(suite):
    sent = run_stream(suite, make_flow(), BODY)
    assert all(a is b for a, b in zip(sent, BODY, strict=False))
    assert sent[-1] == b""


async def test_events_are_decoded_after_the_bytes_have_gone(suite):
    """Nothing is decoded while mitmproxy waits for the callable to return."""
    flow = make_flow()
    run_stream(suite, flow, BODY)
    assert suite.kept.types() == ["flow.request", "flow.response"]
    finish(suite, flow)
    assert suite.kept.types()[2:] == ["stream.event", "stream.event", "stream.end", "flow.end"]
    assert suite.kept.last("stream.end")["events"] == {"ping": 1, "message_stop": 1}
    assert suite.kept.last("stream.end")["chunks"] == 3
    assert suite.kept.last("flow.end")["response_bytes"] == sum(map(len, BODY))


async def test_decoder_that_breaks_is_turned_off_and_the_bytes_go_on(suite, monkeypatch):
    flow = make_flow()
    monkeypatch.setattr("amp_addons.core.watch.StreamWatch.feed", lambda *_: 1 / 0)
    assert run_stream(suite, flow, BODY) == [*BODY, b""]
    finish(suite, flow)
    end = suite.kept.last("stream.end")
    assert "ZeroDivisionError" in end["errors"][0] and len(end["errors"]) == 1
    assert suite.kept.types()[-1] == "flow.end"


async def test_pump_that_breaks_costs_no_byte(suite, monkeypatch):
    monkeypatch.setattr(suite.hub.pump, "add", lambda *_: 1 / 0)
    assert run_stream(suite, make_flow(), BODY) == [*BODY, b""]


@pytest.mark.parametrize(
    ("response", "asked", "is_stream"),
    [
        pytest.param({"content_type": "text/event-stream; charset=utf-8"}, False, True, id="by content type"),
        pytest.param({"content_type": None}, True, True, id="asked for, no content type"),
        pytest.param({"content_type": "text/plain"}, True, True, id="asked for, general content type"),
        pytest.param({"content_type": None}, False, False, id="not asked for"),
        pytest.param({"content_type": "application/json"}, True, False, id="JSON says so"),
        pytest.param({"content_type": "text/html", "status": 502}, True, False, id="an error page"),
    ],
)
async def test_what_is_read_as_a_stream(suite, response, asked, is_stream):
    flow = make_flow(content=b'{"model":"m","stream":true}' if asked else b'{"model":"m"}')
    assert run_stream(suite, flow, BODY, **response) == [*BODY, b""]
    finish(suite, flow)
    assert ("stream.end" in suite.kept.types()) is is_stream
    assert suite.kept.last("flow.end")["response_bytes"] == sum(map(len, BODY))


async def test_slot_that_another_script_has_taken_is_left_alone(suite, caplog):
    flow = make_flow()
    suite.play("requestheaders", flow)
    suite.play("request", flow)
    flow.response = make_response(None)
    theirs = flow.response.stream = lambda data: data
    suite.play("responseheaders", flow)
    assert flow.response.stream is theirs
    assert "another script has taken" in caplog.text


async def test_slot_taken_afterwards_is_said_once(suite, caplog):
    for _ in range(2):
        flow = make_flow()
        run_stream(suite, flow, [])
        flow.response.stream = lambda data: data
        finish(suite, flow)
    assert caplog.text.count("another script has taken") == 1


async def test_upgrade_has_no_body_to_stream(suite):
    flow = make_flow()
    suite.play("request", flow)
    flow.response = make_response(None, status=101, content_type=None)
    suite.play("responseheaders", flow)
    assert flow.response.stream is False


async def test_flow_read_from_a_file_is_decoded_from_its_body(suite):
    flow = make_flow()
    flow.live = False
    suite.play("requestheaders", flow)
    suite.play("request", flow)
    flow.response = make_response(b"".join(BODY))
    suite.play("responseheaders", flow)
    assert flow.response.stream is False
    finish(suite, flow)
    assert suite.kept.last("stream.end")["events"] == {"ping": 1, "message_stop": 1}


async def test_flow_without_a_trace_streams_all_the_same(suite):
    flow = tflow.tflow(resp=True)
    suite["tee"].responseheaders(flow)
    assert flow.response.stream is True
