"""One flow as it stands in a recording: without secrets, with all that a replay needs, and the flow itself as it was."""

import gzip
import io
import json

import pytest
from mitmproxy import http
from mitmproxy.io import FlowReader
from mitmproxy.test import tflow
from support.captures import ANSWER, MESSAGES, START, stream_flow, written
from support.finished import finished
from support.secrets import SECRET, redactor

from amp_addons.core.codings import ENCODERS
from amp_addons.core.encoding import decode_body
from amp_addons.core.events import RedactionDone, RuleAction
from amp_addons.core.exchange import Exchange
from amp_addons.core.facts import facts_of
from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.replay import recording
from amp_addons.replay.recording import recorded

EVENT = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}\n\n'


def read(done):
    data = recorded(done, Scrubber(redactor()))
    [flow] = FlowReader(io.BytesIO(data)).stream()
    assert isinstance(flow, http.HTTPFlow) and SECRET.encode() not in data
    facts = facts_of(flow.metadata)
    assert facts
    return flow, facts


def in_pieces(pieces, coding):
    if not coding:
        return pieces
    encoder = ENCODERS[coding]()
    made = [encoder.feed(piece) for piece in pieces]
    return [*made[:-1], made[-1] + encoder.close()]


def test_a_stream_is_kept_in_its_pieces_with_their_times():
    pieces = [ANSWER[:100], ANSWER[100:101], ANSWER[101:]]
    flow, facts = read(finished(pieces=pieces))
    assert flow.response and flow.response.raw_content == ANSWER
    chunks = facts.pieces(flow.request.timestamp_start, flow.response.raw_content).chunks()
    assert chunks == [(START + 0.25 + number / 100, piece) for number, piece in enumerate(pieces)]
    assert facts.chunk_wire_bytes == "" and facts.data_bytes == "" and facts.ended_at == START + 2.0
    assert (facts.request_bytes, facts.response_bytes, facts.response_cut) == (len(flow.request.raw_content or b""), len(ANSWER), 0)


@pytest.mark.parametrize("coding", ["", *ENCODERS])
def test_a_stream_with_a_secret_keeps_its_tempo_and_the_sizes_that_it_had(coding):
    """The secret comes in two deltas; in the recording each piece still ends the events that it ended."""
    events = [(EVENT % text).encode() for text in ("my key: ", SECRET[:50], SECRET[50:], " ok", "größer")]
    pieces = in_pieces(events, coding)
    flow = stream_flow()
    flow.response.headers["content-encoding"] = coding or "identity"
    flow, facts = read(finished(flow, pieces))
    found = facts.pieces(START, flow.response.raw_content)
    decoded = [decode_body(b"".join(piece for _, piece in found.chunks(0, stop)), coding, 1 << 20, whole=False) for stop in range(1, 6)]
    assert [plain.count(b"\n\n") for plain in decoded] == [1, 2, 3, 4, 5]
    assert list(found.times) == [START + 0.25 + number / 100 for number in range(5)]
    assert facts.chunk_wire_bytes == json.dumps(list(map(len, pieces)), separators=(",", ":"))
    text = "".join(json.loads(line[6:])["delta"]["text"] for line in decoded[-1].decode().splitlines() if line.startswith("data: "))
    assert text == "my key: *** okgrößer"
    sizes = [len(event.partition(b"data: ")[2]) - 2 for event in events]
    here = [len(event.partition(b"data: ")[2]) for event in decoded[-1].split(b"\n\n")[:-1]]
    assert [facts.sizes.get(number, size) for number, size in enumerate(here)] == sizes
    assert int(flow.response.headers.get("content-length", len(flow.response.raw_content))) == len(flow.response.raw_content)


@pytest.mark.parametrize("coding", ["x-unknown", "gzip, br"])
def test_a_body_that_cannot_be_cut_again_is_in_one_piece(coding):
    flow = stream_flow()
    flow.response.headers["content-encoding"] = coding
    body = gzip.compress((EVENT % SECRET).encode())
    found, facts = read(finished(flow, [body[:20], body[20:]]))
    sizes = facts.pieces(START, found.response.raw_content or b"")
    assert len(sizes.times) == 2 and b"".join(piece for _, piece in sizes.chunks()) == (found.response.raw_content or b"")


def test_the_flow_itself_stays_as_it_is():
    flow = stream_flow(answer=(EVENT % SECRET).encode())
    flow.request.headers["authorization"] = f"Bearer {SECRET}"
    before = written(flow)
    read(finished(flow))
    assert written(flow) == before


def test_the_request_is_what_the_client_sent():
    """Rules may have sent another one elsewhere."""
    url = MESSAGES.replace("ampcode.com", "ampcode.com:8443") + f"?token={SECRET}"
    asked = Exchange("POST", url, ((b"Host", b"ampcode.com:8443"), (b"x-a", b"1")), f'{{"key":"{SECRET}"}}'.encode())
    flow, _ = read(finished(stream_flow(url="http://127.0.0.1:9/base", method="GET"), asked=asked))
    assert flow.request.method == "POST"
    assert flow.request.url == MESSAGES.replace("ampcode.com", "ampcode.com:8443") + "?token=***"
    assert flow.request.headers.fields[:2] == ((b"Host", b"ampcode.com:8443"), (b"x-a", b"1"))
    assert json.loads(flow.request.raw_content or b"") == {"key": "***"}


def test_what_rules_did_and_how_it_ended():
    action = RuleAction(time="t", flow="f", rule="r", mode="enforce", action="route")
    redaction = RedactionDone(time="t", flow="f", rule="r", where="answer", kind="ai-key", count=1)
    ending = {"ended": "aborted", "outcome": "error", "error": "x left", "upstream": "other", "credential": "env:KEY"}
    _, facts = read(finished(before=[action], after=[redaction], **ending))
    assert (facts.ended, facts.outcome, facts.error, facts.upstream, facts.credential) == tuple(ending.values())
    assert '"rule.action"' in facts.said.partition("\n\n")[0] and '"redaction"' in facts.said.partition("\n\n")[2]


def test_bodies_have_a_limit_and_what_was_cut_is_counted(monkeypatch):
    monkeypatch.setattr(recording, "MAX_BODY", 10)
    flow, facts = read(finished(stream_flow(body=b"x" * 15, answer=b"y" * 25, content_type="text/plain"), is_stream=False))
    assert (flow.request.raw_content, flow.response.raw_content) == (b"x" * 10, b"y" * 10)
    assert (facts.request_cut, facts.response_cut) == (5, 15)
    _, facts = read(finished(pieces=[b"data: x\n\n"] * 3, limit=20))
    assert facts.response_cut == 7


def test_messages_of_a_websocket_have_the_sizes_that_they_had():
    flow = tflow.twebsocketflow()
    flow.websocket.messages[0].content = json.dumps({"a": SECRET}).encode()
    size = len(flow.websocket.messages[0].content)
    found, facts = read(finished(flow, is_stream=False))
    assert found.websocket.messages[0].content == b'{"a": "***"}' and facts.message_sizes == {0: size}


@pytest.mark.parametrize("make", [lambda: tflow.tflow(err=True), tflow.tflow, lambda: tflow.tflow(resp=True)])
def test_flows_of_other_forms(make):
    flow, facts = read(finished(make(), is_stream=False))
    assert facts.chunk_ms == "" and flow.request.method == "GET"


@pytest.mark.parametrize(
    ("body", "unread"),
    [
        (b"data: plain\n\n", "the body is damaged, or is not gzip as its Content-Encoding says"),
        (gzip.compress(b"data: x\n\n"), ""),
        (gzip.compress(b"data: x\n\n")[:-9], ""),
    ],
)
def test_a_stream_whose_coding_is_a_lie_is_left_out_and_why_is_kept(body, unread):
    flow = stream_flow()
    flow.response.headers["content-encoding"] = "gzip"
    flow, facts = read(finished(flow, [body[:5], body[5:]]))
    assert facts.unread == unread and (b"left out" in flow.response.content) is bool(unread)
    assert len(facts.pieces(START, flow.response.raw_content).times) == 2
