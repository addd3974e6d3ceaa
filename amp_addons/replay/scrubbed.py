"""A recorded flow without its secrets: a copy, the flow itself stays as it is."""

from typing import Any

from mitmproxy import flow, http, tcp, udp

from amp_addons.core.classify import Classification
from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.core.stream import expects_events

_SECRET = ("proxyauth",)
"""Metadata of mitmproxy's own that is a password as it was given."""


def scrubbed(found: flow.Flow, scrubber: Scrubber, classification: Classification | None = None) -> flow.Flow:
    """A scrubbed copy."""
    copy: flow.Flow = found.copy()
    copy.id = found.id
    copy.client_conn.sni = found.client_conn.sni
    copy.metadata = dict(found.metadata)
    scrub(copy, scrubber, classification.api if classification else None)
    return copy


def scrub(found: flow.Flow, scrubber: Scrubber, api: str | None = None, *, stream: bool = False) -> None:
    """Scrub a flow that nobody else has. `stream`: its answer is one of events, whatever its head says.

    What is no HTTP has its messages left out: nothing is known of them.
    """
    found._backup = None  # how it was before somebody edited it, secrets included
    found.comment = scrubber.text(found.comment, "comment")
    if found.error:
        found.error.msg = scrubber.text(found.error.msg, "error")
    if isinstance(found, http.HTTPFlow):
        _http(found, scrubber, api, stream)
    elif isinstance(found, tcp.TCPFlow | udp.UDPFlow):
        found.messages.clear()
    found.metadata = {name: _value(value, scrubber) for name, value in found.metadata.items() if name not in _SECRET}


def _value(value: Any, scrubber: Scrubber) -> Any:
    if isinstance(value, str):
        return scrubber.text(value, "metadata")
    if isinstance(value, bytes):
        return scrubber.body(value, "metadata")
    if isinstance(value, list | tuple):
        return type(value)(_value(item, scrubber) for item in value)
    return {key: _value(item, scrubber) for key, item in value.items()} if isinstance(value, dict) else value


def _http(copy: http.HTTPFlow, scrubber: Scrubber, api: str | None, stream: bool) -> None:
    request, response = copy.request, copy.response
    request.path = scrubber.target(request.path, "request URL")
    _message(request, scrubber, "request", api, stream=False)
    if response is not None:
        stream = stream or expects_events(response.status_code, response.headers.get("content-type"), asked=False)
        response.reason = scrubber.text(response.reason, "response reason")
        _message(response, scrubber, "response", api, stream=stream)
    if copy.websocket and copy.websocket.close_reason:
        copy.websocket.close_reason = scrubber.text(copy.websocket.close_reason, "WebSocket close")
    for message in copy.websocket.messages if copy.websocket else ():
        message.content = scrubber.body(message.content, "WebSocket message")


def _message(message: http.Message, scrubber: Scrubber, where: str, api: str | None, *, stream: bool) -> None:
    body = message.raw_content
    if body:
        clean = scrubber.body(body, f"{where} body", coding=message.headers.get("content-encoding", ""), api=api, stream=stream)
        if clean != body:
            message.raw_content = clean
            if "content-length" in message.headers:
                message.headers["content-length"] = str(len(clean))
    message.headers = http.Headers(scrubber.headers(message.headers.fields, f"{where} header"))
    if message.trailers:
        message.trailers = http.Headers(scrubber.headers(message.trailers.fields, f"{where} trailer"))
