"""HAR files as browsers and proxies write them."""

import base64
import json

import pytest
from mitmproxy.addons.savehar import SaveHar
from mitmproxy.io.har import request_to_flow
from mitmproxy.test import taddons, tflow
from support.captures import stream_flow

from amp_addons.replay.captured import Answer, Damage, Message
from amp_addons.replay.har import entries_of

URL = "https://ampcode.com/api/provider/anthropic/v1/messages?beta=true#part"
SSE = 'data: {"type":"ping"}\n\ndata: größer\n\n'


def entry(**more):
    """As Chromium writes one."""
    return {
        "_initiator": {"type": "other"},
        "_priority": "High",
        "_resourceType": "fetch",
        "cache": {},
        "connection": "443",
        "pageref": "page_1",
        "request": {
            "method": "POST",
            "url": URL,
            "httpVersion": "http/2.0",
            "headers": [{"name": ":authority", "value": "ampcode.com"}, {"name": "content-type", "value": "application/json"}],
            "queryString": [{"name": "beta", "value": "true"}],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 13,
            "postData": {"mimeType": "application/json", "text": '{"model":"m"}'},
        },
        "response": {
            "status": 200,
            "statusText": "",
            "httpVersion": "http/2.0",
            "headers": [{"name": "content-type", "value": "text/event-stream"}, {"name": "Content-Encoding", "value": "br"}],
            "cookies": [],
            "content": {"size": 40, "mimeType": "text/event-stream", "text": SSE},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
            "_transferSize": 300,
            "_error": None,
        },
        "serverIPAddress": "[::1]",
        "startedDateTime": "2025-10-09T08:53:20.250Z",
        "time": 1500.5,
        "timings": {"blocked": 1.5, "dns": -1, "ssl": -1, "connect": -1, "send": 0.25, "wait": 998.75, "receive": 500},
        **more,
    }


def har(*entries, **more):
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": entries, **more}}).encode()


def one(**more):
    [flow] = entries_of(har(entry(**more)))
    return flow


def test_an_entry_of_chromium():
    flow = one()
    assert (flow.method, flow.scheme, flow.host, flow.port) == ("POST", "https", "ampcode.com", 443)
    assert flow.path == "/api/provider/anthropic/v1/messages?beta=true" and flow.url == URL.partition("#")[0]
    assert (flow.headers, flow.body) == (((b"content-type", b"application/json"),), b'{"model":"m"}')
    started = 1760000000.25
    assert flow.started == started and flow.id == "har-1"
    # The body is without its content coding, so the header that names it goes.
    headers = ((b"content-type", b"text/event-stream"),)
    assert flow.answer == Answer(200, headers, SSE.encode(), pytest.approx(started + 1.0005), pytest.approx(started + 1.5005))
    assert flow.error is None and flow.messages is None and flow.facts is None


def test_an_entry_of_firefox():
    """Local time with its offset, no total of its own where it was cancelled, base64 for what is no text."""
    flow = one(
        startedDateTime="2025-10-09T10:53:20.250+02:00",
        time=0,
        response={
            "status": 200,
            "headers": [{"name": "Content-Type", "value": "application/octet-stream"}],
            "content": {
                "mimeType": "application/octet-stream",
                "size": 3,
                "encoding": "base64",
                "text": base64.b64encode(b"\xff\0a").decode(),
            },
        },
    )
    assert flow.started == 1760000000.25 and flow.answer and flow.answer.body == b"\xff\0a"
    assert flow.answer.ended == pytest.approx(flow.started + 1.5005)


def test_a_byte_order_mark_is_no_damage():
    assert len(list(entries_of(b"\xef\xbb\xbf" + har(entry(), entry())))) == 2


def test_websocket_messages_of_chromium():
    messages = [
        {"type": "send", "time": 1760000001.5, "opcode": 1, "data": '{"type":"größer"}'},
        {"type": "receive", "time": 1760000002.5, "opcode": 2, "data": base64.b64encode(b"\0\xff").decode()},
    ]
    request = {"method": "GET", "url": "wss://ampcode.com/api/connect", "headers": []}
    flow = one(request=request, response={"status": 101, "headers": []}, _webSocketMessages=messages)
    assert flow.url == "https://ampcode.com/api/connect"
    assert flow.messages == [
        Message(True, True, '{"type":"größer"}'.encode(), 1760000001.5),
        Message(False, False, b"\0\xff", 1760000002.5),
    ]


@pytest.mark.parametrize(
    "url", ["data:text/plain,x", "blob:https://ampcode.com/1", "chrome-extension://abc/x.js", "about:blank", "file:///x"]
)
def test_what_is_no_traffic_is_left_out(url):
    [flow] = entries_of(har(entry(request={"method": "GET", "url": url}), entry()))
    assert flow.id == "har-2"


@pytest.mark.parametrize(
    ("response", "error"),
    [
        ({"status": 0, "_error": "net::ERR_ABORTED", "headers": [], "content": {}}, "net::ERR_ABORTED"),
        ({}, "no answer was recorded"),
        (None, "no answer was recorded"),
    ],
)
def test_a_request_without_answer_says_why(response, error):
    flow = one(response=response)
    assert flow.answer is None and flow.error == (error, pytest.approx(flow.started + 1.5005))


def test_hardly_anything_is_needed():
    bare = {"request": {"method": "GET", "url": "http://h.example:81"}, "startedDateTime": "2025-10-09T08:53:20Z"}
    [flow] = entries_of(har(bare))
    assert (flow.url, flow.headers, flow.body, flow.answer) == ("http://h.example:81/", (), None, None)


SAVED = ["request", "stream", "failed", "websocket", "binary"]


@pytest.mark.parametrize("kind", SAVED)
def test_a_file_of_mitmproxys(kind):
    flow = {
        "request": lambda: tflow.tflow(resp=True),
        "stream": stream_flow,
        "failed": lambda: tflow.tflow(err=True),
        "websocket": tflow.twebsocketflow,
        "binary": lambda: stream_flow(answer=b"\xff\0\xfe", content_type="application/octet-stream"),
    }[kind]()
    saver = SaveHar()
    with taddons.context(saver):
        data = json.dumps(saver.make_har([flow])).encode()
    [found] = entries_of(data)
    request = flow.request
    assert (found.method, found.host, found.port, found.path) == (request.method, request.host, request.port, request.path)
    assert found.started == pytest.approx(request.timestamp_start, abs=0.001)
    if flow.response is None:
        assert found.answer is None
    else:
        assert found.answer and found.answer.status == flow.response.status_code
        assert (found.answer.body or b"") == (flow.response.raw_content or b"")
        again = request_to_flow(json.loads(data)["log"]["entries"][0])  # mitmproxy's own reader
        assert again.response and again.response.status_code == found.answer.status
    if flow.websocket:
        expected = [(m.is_text, m.from_client, m.content) for m in flow.websocket.messages]
        assert [found_message[:3] for found_message in found.messages or ()] == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (har(entry())[:-300], r"at byte [\d,]+: found JSON that is damaged or stops early, expected a HAR file"),
        (b"{", "stops early"),
        (b'{"log":"\xff"}', "damaged"),
        (b'{"a":' * 5000, "damaged or stops early"),
        (b"{}", "at byte 0: found JSON without log.entries"),
        (b'{"log":[]}', "without log.entries"),
        (b'{"log":{"entries":{}}}', "log.entries that is no list"),
    ],
)
def test_damage_names_its_byte(data, message):
    with pytest.raises(Damage, match=message):
        list(entries_of(data))


def test_the_byte_of_the_damage():
    data = har(entry())
    place = data.index(b'"time"')
    with pytest.raises(Damage) as found:
        list(entries_of(data[:place] + b"!" + data[place:]))
    assert found.value.at == place


BAD = [
    7, None, [], {}, {"request": 5}, entry(startedDateTime="yesterday"), entry(startedDateTime=None), entry(request={"url": "https://h"}),
    entry(request={"method": "GET", "url": 5}), entry(request={"method": "GET", "url": "https://h:port/"}),
    entry(request={"method": "GET", "url": "https://h", "headers": [{"name": "a"}]}), entry(response={"status": "fine"}),
    entry(request={"method": "GET", "url": "https://[::1/"}), entry(timings=5), entry(response=[1]), entry(_webSocketMessages=[{}]),
    entry(_webSocketMessages=[{"data": "%", "opcode": 2, "time": 1}]), entry(_webSocketMessages=5),
    entry(response={"status": 200, "content": 5}),
    entry(response={"status": 200, "content": {"text": "%%", "encoding": "base64"}}),
    entry(request={"method": "GET", "url": "https://h", "headers": 5}),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_an_entry_in_another_form_is_damage_and_those_before_are_given(bad):
    found = []
    with pytest.raises(Damage, match=r"found entry 2 of the HAR file in a form that cannot be read"):
        for flow in entries_of(har(entry(), bad, entry())):
            found.append(flow)
    assert len(found) == 1


ODD = [
    {"time": 1e300}, {"time": -5}, {"time": "long"}, {"time": None}, {"timings": None}, {"startedDateTime": "0001-01-01T00:00:00Z"},
    {"startedDateTime": "9999-12-31T23:59:59Z"}, {"_id": "\ud800"}, {"_id": 7}, {"request": {"method": 7, "url": "https://h"}},
    {"_webSocketMessages": [{"data": "x", "opcode": 1, "time": 1e300}]}, {"response": {"status": 200, "content": {"text": 5}}},
    {"request": {"method": "GET", "url": "https://ü.example/ü?ü", "headers": [{"name": "ü", "value": "ü"}]}},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_odd_values_give_flows_that_can_be_told(odd):
    if odd.get("_id") == "\ud800":
        with pytest.raises(Damage):
            one(**odd)
        return
    flow = one(**odd)
    assert 0 <= flow.started < 2**38 and (flow.answer is None or 0 <= flow.answer.ended < 2**38)
    assert isinstance(flow.method, str) and flow.id.encode() and flow.url


def test_a_file_without_entries_has_no_flows():
    assert list(entries_of(har())) == []
