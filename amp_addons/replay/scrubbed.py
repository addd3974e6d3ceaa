"""A recorded flow without its secrets: a copy, the flow itself stays as it is."""

from mitmproxy import flow, http, tcp, udp

from amp_addons.core.classify import Classification
from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.core.stream import expects_events


def scrubbed(found: flow.Flow, scrubber: Scrubber, classification: Classification | None = None) -> flow.Flow:
    """A scrubbed copy. What is no HTTP has its messages left out: nothing is known of them."""
    copy: flow.Flow = found.copy()
    copy.id = found.id
    copy.comment = scrubber.text(found.comment, "comment")
    if copy.error:
        copy.error.msg = scrubber.text(copy.error.msg, "error")
    if isinstance(copy, http.HTTPFlow):
        _http(copy, scrubber, classification)
    elif isinstance(copy, tcp.TCPFlow | udp.UDPFlow):
        copy.messages.clear()
    copy.client_conn.sni = found.client_conn.sni
    copy.metadata = {name: scrubber.text(value, "metadata") if isinstance(value, str) else value for name, value in found.metadata.items()}
    return copy


def _http(copy: http.HTTPFlow, scrubber: Scrubber, classification: Classification | None) -> None:
    api = classification.api if classification else None
    request, response = copy.request, copy.response
    request.path = scrubber.target(request.path, "request URL")
    _message(request, scrubber, "request", api, stream=False)
    if response is not None:
        stream = expects_events(response.status_code, response.headers.get("content-type"), asked=False)
        _message(response, scrubber, "response", api, stream=stream)
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
