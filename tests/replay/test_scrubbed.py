"""Recorded flows: a scrubbed copy holds no secret anywhere, and the flow stays as it is."""

import gzip
import io
import json
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow
from mitmproxy.test.tutils import treq, tresp
from support.secrets import SECRET, letters, redactor

from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.replay.scrubbed import scrubbed

PLAIN = letters(9, 12)


def written(flow: Any) -> bytes:
    file = io.BytesIO()
    FlowWriter(file).add(flow)
    return file.getvalue()


def full_flow() -> http.HTTPFlow:
    """With another piece to recognise in each place."""
    body = json.dumps({"text": SECRET, "access_token": PLAIN}).encode()
    request = treq(path=f"/x/{SECRET}?token={PLAIN}&q={SECRET}".encode(), content=gzip.compress(body))
    request.headers = http.Headers(
        [(b"Authorization", PLAIN.encode()), (b"x-b", SECRET.encode()), (b"content-encoding", b"gzip"), (b"content-length", b"9")]
    )
    response = tresp(content=body, reason=SECRET.encode())
    response.headers = http.Headers([(b"Set-Cookie", PLAIN.encode()), (b"content-type", b"application/json"), (b"content-length", b"9")])
    response.trailers = http.Headers([(b"x-t", SECRET.encode())])
    flow = tflow.tflow(req=request, resp=response, err=True)
    assert flow.error
    flow.error.msg = f"failed at {SECRET}"
    flow.comment = f"see {SECRET}"
    flow.metadata = {"a": SECRET, "b": [SECRET, {"c": (SECRET, SECRET.encode(), 1)}]}
    return flow


@pytest.mark.parametrize("secret", [SECRET, PLAIN])
def test_no_place_holds_a_secret(secret: str) -> None:
    assert secret.encode() not in written(scrubbed(full_flow(), Scrubber(redactor())))


def test_the_flow_itself_stays_and_the_copy_is_whole() -> None:
    flow = full_flow()
    before = written(flow)
    scrubber = Scrubber(redactor())
    copy = scrubbed(flow, scrubber)
    assert isinstance(copy, http.HTTPFlow) and copy.response and copy.id == flow.id
    assert written(flow) == before
    assert json.loads(copy.request.content or b"") == {"text": "***", "access_token": "***"}
    assert copy.request.headers["content-length"] == str(len(copy.request.raw_content or b""))
    assert copy.response.headers["content-length"] == str(len(copy.response.raw_content or b""))
    assert copy.request.path == "/x/***?token=***&q=***"
    assert copy.metadata == {"a": "***", "b": ["***", {"c": ("***", b"***", 1)}]}
    assert {where for where, _ in scrubber.found} == {
        "comment", "error", "metadata", "request URL", "request body", "request header",
        "response body", "response header", "response reason", "response trailer",
    }  # fmt: skip


def test_what_was_before_an_edit_is_not_kept() -> None:
    flow = tflow.tflow(req=treq(content=SECRET.encode()))
    flow.backup()
    flow.request.content = b"edited"
    assert SECRET.encode() in written(flow)
    assert SECRET.encode() not in written(scrubbed(flow, Scrubber(redactor())))


def test_websocket_messages() -> None:
    flow = tflow.twebsocketflow()
    assert flow.websocket
    flow.websocket.messages[0].content = json.dumps({"a": SECRET, "token": PLAIN}).encode()
    flow.websocket.close_reason = SECRET
    copy = scrubbed(flow, Scrubber(redactor()))
    assert isinstance(copy, http.HTTPFlow) and copy.websocket
    assert copy.websocket.messages[0].content == b'{"a": "***", "token": "***"}'
    assert copy.websocket.messages[1].content == flow.websocket.messages[1].content
    assert SECRET.encode() not in written(copy)


def test_a_stream_without_a_known_api() -> None:
    flow = tflow.tflow(resp=tresp(content=b'data: {"a":"%b"}\n\n' % SECRET.encode()))
    assert flow.response
    flow.response.headers["content-type"] = "text/event-stream"
    copy = scrubbed(flow, Scrubber(redactor()))
    assert isinstance(copy, http.HTTPFlow) and copy.response
    assert copy.response.content == b'data: {"a":"***"}\n\n'


@pytest.mark.parametrize("make", [tflow.ttcpflow, tflow.tudpflow])
def test_messages_of_other_protocols_are_left_out(make: Any) -> None:
    flow = make()
    copy = scrubbed(flow, Scrubber(redactor()))
    assert flow.messages and not copy.messages  # type: ignore[attr-defined]


def test_a_flow_without_an_answer_or_a_body() -> None:
    flow = tflow.tflow(req=treq(content=None))
    assert isinstance(scrubbed(flow, Scrubber(redactor())), http.HTTPFlow)
