"""How a blocked request is answered so that the client shows the message, in the format of the API that it speaks.

What the official SDKs do (Python and JavaScript, read in their sources): to an error status they raise with the error object of the
body; within a stream Anthropic's raises at an event named `error`, OpenAI's at any data with an `error` in it, Google's at data that
begins with `{"error":` and has a `code` of 400 to 599. Anthropic's and OpenAI's try again after 408, 409, 429 and 5xx unless
`x-should-retry` is `false`; with that, and without a Retry-After, nothing is asked twice. Google's never tries again by itself.
"""

from typing import Any

import msgspec

from amp_addons.core.answers.answer import Answer
from amp_addons.core.answers.event_text import event_text
from amp_addons.core.scrub import visible

MAX_MESSAGE = 2000
"""Longest message (characters): more than a terminal shows at once."""

DOMAIN = "amp-addons"
"""Who refused, in the place where Google says which of its services did."""

_NO_RETRY = ("x-should-retry", "false")
_ANTHROPIC = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_GOOGLE = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def refuse(
    api: str | None, message: str, *, status: int = 403, stream: bool = False, array: bool = False, code: str = "blocked_by_proxy"
) -> Answer:
    """The answer to a blocked request. `status` is one of 400 to 599: SDKs raise at no other.

    To a request for a stream the error comes as an event, with status 200, as providers send it once they have begun. `array` is for
    Google's streams without `alt=sse`: a JSON array, with the error status, as Google answers them. An API that is not known gets JSON.
    """
    if stream and not array and api is not None:
        return _answer(200, "text/event-stream; charset=utf-8", error_event(api, message, code, status=status))
    body = error_body(api, message, code, status=status)
    return _answer(status, "application/json; charset=utf-8", b"[%b]" % body if array else body)


def error_body(api: str | None, message: str, code: str = "blocked_by_proxy", *, status: int = 403) -> bytes:
    """The API's error object as JSON; also an item of Google's arrays."""
    return msgspec.json.encode(_payload(api, shown(message), code, status))


def error_event(api: str | None, message: str, code: str = "blocked_by_proxy", *, status: int = 403) -> bytes:
    """The event, or events, with which an answer of this API fails, at its start or in mid-stream: nothing may follow."""
    message = shown(message)
    payload = _payload(api, message, code, status)
    if api in ("openai-chat", "google-generatecontent"):
        return _event(payload)
    if api == "openai-responses":
        return _responses(payload, message, code)
    return _event(payload, "error")


def shown(message: str) -> str:
    """The message as it may reach a terminal: no character steers it, and it ends somewhere. Ends of lines stay."""
    if len(message) > MAX_MESSAGE:
        message = message[: MAX_MESSAGE - 1] + "…"
    return "\n".join(map(visible, message.split("\n")))


def _answer(status: int, content_type: str, body: bytes) -> Answer:
    return Answer(status=status, headers=(("content-type", content_type), _NO_RETRY), body=body)


def _payload(api: str | None, message: str, code: str, status: int) -> dict[str, Any]:
    match api:
        case "anthropic-messages":
            kind = _ANTHROPIC.get(status, "api_error" if status >= 500 else "invalid_request_error")
            return {"type": "error", "error": {"type": kind, "message": message, "details": {"error_code": code}}}
        case "openai-chat" | "openai-responses":
            kind = "server_error" if status >= 500 else "invalid_request_error"
            return {"error": {"message": message, "type": kind, "param": None, "code": code}}
        case "google-generatecontent":
            # AIP-193: the reason of an ErrorInfo is in upper case.
            detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code.upper(), "domain": DOMAIN}
            return {"error": {"code": status, "message": message, "status": _GOOGLE.get(status, "UNKNOWN"), "details": [detail]}}
        case "amp-connect":
            return {"type": "error", "error": {"type": code, "message": message}}
        case _:
            return {"error": {"type": code, "message": message}}


def _responses(payload: dict[str, Any], message: str, code: str) -> bytes:
    # The reference has message and code in the event itself, the SDKs look for an `error` in it: both are there. Clients without an
    # SDK wait for the response to have failed.
    error = {"type": "error", "code": code, "message": message, "param": None, "sequence_number": 0, **payload}
    response = {"id": "resp_refused", "object": "response", "status": "failed", "error": {"code": code, "message": message}, "output": []}
    failed = {"type": "response.failed", "sequence_number": 1, "response": response}
    return _event(error, "error") + _event(failed, "response.failed")


def _event(payload: dict[str, Any], name: str | None = None) -> bytes:
    return event_text(msgspec.json.encode(payload).decode(), event=name)
