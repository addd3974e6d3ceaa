import pytest
from mitmproxy.connection import ConnectionState
from mitmproxy.flow import Error
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from support.addons import finish, make_flow, make_response, run_stream
from wsproto.frame_protocol import Opcode


async def test_request_is_told_with_its_row_and_what_it_says_of_itself(suite):
    headers = {"x-amp-thread-id": "T-1", "x-amp-message-id": "m-2", "authorization": "Bearer " + "x" * 20}
    flow = make_flow(headers=tuple((k.encode(), v.encode()) for k, v in headers.items()))
    suite.play("requestheaders", flow)
    suite.play("request", flow)
    found = suite.kept.last("flow.request")
    assert found["time"] == "2023-11-14T22:13:20.000Z"
    assert (found["endpoint"], found["category"], found["route"], found["known"]) == ("provider.anthropic", "inference", "proxied", True)
    assert (found["model"], found["stream"], found["thread"], found["message"]) == ("m", True, "T-1", "m-2")
    assert found["client"] == "127.0.0.1"
    assert "x" * 20 not in str(suite.kept.events)


async def test_document_spells_the_message_header_differently(suite):
    flow = make_flow(headers=((b"amp-message-id", b"msg_1"),))
    suite.play("request", flow)
    assert suite.kept.last("flow.request")["message"] == "msg_1"


async def test_response_is_told_with_its_delay(suite):
    run_stream(suite, make_flow(), [], content_encoding="gzip")
    found = suite.kept.last("flow.response")
    assert (found["status"], found["content_type"], found["content_encoding"]) == (200, "text/event-stream", "gzip")
    assert found["ttfb_ms"] == 250.0


async def test_small_answer_ends_with_its_size(suite):
    flow = make_flow("GET", "https://ampcode.com/api/user", b"")
    run_stream(suite, flow, [b'{"id":', b"1}"], content_type="application/json")
    finish(suite, flow)
    end = suite.kept.last("flow.end")
    assert (end["status"], end["outcome"], end["response_bytes"], end["duration_ms"]) == (200, "ok", 8, 1000.0)
    assert suite.kept.types() == ["flow.request", "flow.response", "flow.end"]


@pytest.mark.parametrize(
    ("error", "client_left", "outcome", "ended"),
    [
        pytest.param("Client disconnected.", True, "aborted", "aborted", id="client gone"),
        pytest.param("peer closed connection without sending complete message body", False, "error", "truncated", id="upstream gone"),
    ],
)
async def test_stream_that_is_cut_says_who_cut_it(suite, error, client_left, outcome, ended):
    flow = make_flow()
    flow.client_conn.state = ConnectionState.CLOSED if client_left else ConnectionState.OPEN
    suite.play("requestheaders", flow)
    suite.play("request", flow)
    flow.response = make_response(None)
    suite.play("responseheaders", flow)
    flow.response.stream(b"data: {}\n\ndata: {")
    flow.error = Error(error, 1_700_000_002.0)
    suite.play("error", flow)
    suite.settle()
    assert suite.kept.types()[-3:] == ["stream.event", "stream.end", "flow.end"]
    assert suite.kept.last("stream.end")["ended"] == ended
    end = suite.kept.last("flow.end")
    assert (end["outcome"], end["error"], end["duration_ms"]) == (outcome, error, 2000.0)


@pytest.mark.parametrize(("length", "outcome"), [("9", "ok"), ("10", "aborted"), ("nine", "aborted"), ("", "aborted")])
async def test_client_that_leaves_with_the_whole_answer_has_not_aborted_it(suite, length, outcome):
    flow = make_flow("GET", "https://ampcode.com/api/user", b"")
    flow.client_conn.state = ConnectionState.CLOSED
    run_stream(suite, flow, [b"nine ", b"byte"], content_type="application/json", content_length=length)
    flow.error = Error("peer closed connection", 1_700_000_002.0)
    suite.play("error", flow)
    suite.settle()
    assert suite.kept.last("flow.end")["outcome"] == outcome


async def test_flow_that_fails_before_its_request_was_read_still_begins_and_ends(suite):
    flow = make_flow()
    flow.error = Error("broken", 1_700_000_002.0)
    suite.play("error", flow)
    suite.settle()
    assert suite.kept.types() == ["flow.request", "flow.end"]


async def test_flow_ends_once_whatever_is_said_of_it(suite):
    flow = make_flow()
    run_stream(suite, flow, [b"data: x\n\n"])
    finish(suite, flow)
    suite.play("client_disconnected", flow.client_conn)
    suite.play("done")
    assert suite.kept.types().count("flow.end") == suite.kept.types().count("stream.end") == 1
    assert suite.hub.traces == {}


@pytest.mark.parametrize("way", ["client_disconnected", "done"])
async def test_flow_without_a_last_hook_is_ended_with_its_connection_or_the_proxy(suite, way):
    flow = make_flow()
    run_stream(suite, flow, [b"data: x\n\n"])
    suite.play(way, *([flow.client_conn] if way == "client_disconnected" else []))
    suite.settle()
    assert suite.kept.types()[-3:] == ["stream.event", "stream.end", "flow.end"]
    assert suite.kept.last("flow.end")["outcome"] == "aborted"


async def test_error_text_is_scrubbed(suite):
    key = "sk-" + "ant-" + "a" * 30
    flow = make_flow()
    flow.error = Error(f"bad \x1b[31m {key}")
    suite.play("error", flow)
    suite.settle()
    assert suite.kept.last("flow.end")["error"] == "bad \\x1b[31m ***"


async def test_websocket_messages_are_counted_and_typed(suite):
    flow = tflow.twebsocketflow()
    flow.live = True
    flow.websocket.messages.clear()
    suite.play("requestheaders", flow)
    suite.play("request", flow)
    suite.play("responseheaders", flow)
    suite.play("response", flow)
    messages = [(Opcode.TEXT, True, b'{"type":"hello"}'), (Opcode.TEXT, False, b"plain"), (Opcode.BINARY, False, b"\x00\x01")]
    for kind, from_client, content in messages:
        flow.websocket.messages.append(WebSocketMessage(kind, from_client, content))
        suite.play("websocket_message", flow)
    suite.play("websocket_end", flow)
    suite.settle()
    found = [(e["seq"], e["direction"], e["kind"], e["bytes"], e["event"]) for e in suite.kept.events if e["type"] == "ws.message"]
    assert found == [
        (1, "client_to_server", "text", 16, "hello"),
        (2, "server_to_client", "text", 5, None),
        (3, "server_to_client", "binary", 2, None),
    ]
    assert suite.kept.types().count("flow.end") == 1 and suite.kept.types()[-1] == "flow.end"
