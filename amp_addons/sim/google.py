"""Google's generateContent, as Gemini and Vertex AI answer it: server-sent events with CRLF."""

import base64
from collections.abc import Iterator

from amp_addons.sim.sse import Payload, count, encode
from amp_addons.sim.turn import Truth, Turn, assembled
from amp_addons.sim.wishes import google as wishes

__all__ = ["API", "CONTENT_TYPE", "error", "error_events", "events", "payloads", "truth", "usage", "whole", "wishes"]

API = "google-generatecontent"
CONTENT_TYPE = "text/event-stream"

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def payloads(turn: Turn) -> Iterator[Payload]:
    """Each part of the answer: thoughts, text, function calls; each has the usage so far, the last one the finish reason."""
    for piece in turn.thinking:
        yield _part(turn, {"text": piece, "thought": True})
    for piece in turn.text:
        yield _part(turn, {"text": piece})
    for call in turn.tools:
        yield _part(turn, {"functionCall": {"id": call.id, "name": call.name, "args": call.args}})
    yield _part(turn, {"text": "", "thoughtSignature": _signature(turn)}, "STOP")


def events(turn: Turn) -> Iterator[bytes]:
    """The stream as `alt=sse` asks for it, one event each."""
    return map(_event, payloads(turn))


def whole(turn: Turn) -> Payload:
    """The answer when no stream was asked for."""
    parts: list[Payload] = []
    if turn.thinking:
        parts.append({"text": "".join(turn.thinking), "thought": True})
    if turn.text:
        parts.append({"text": "".join(turn.text), "thoughtSignature": _signature(turn)})
    parts += ({"functionCall": {"id": call.id, "name": call.name, "args": call.args}} for call in turn.tools)
    return _answer(turn, parts, "STOP")


def truth(turn: Turn) -> Truth:
    """What a client makes of the whole stream."""
    return assembled(
        turn,
        api=API,
        id=_id(turn),
        call_prefix="",
        stop_reason="STOP",
        usage=usage(turn),
        event_counts=count(payloads(turn)),
    )


def error(status: int, message: str) -> Payload:
    """The body of an answer with an error status."""
    return {"error": {"code": status, "message": message, "status": _STATUS.get(status, "UNKNOWN")}}


OVERLOADED = error(503, "The model is overloaded. Please try again later.")


def error_events(turn: Turn) -> Iterator[bytes]:
    """What an overloaded service sends in mid-stream."""
    yield _event(OVERLOADED)


def usage(turn: Turn) -> Payload:
    """Token numbers: cached ones are part of the prompt, thoughts are not part of the candidates."""
    prompt = turn.input + turn.cache_read + turn.cache_write
    return {
        "promptTokenCount": prompt,
        "candidatesTokenCount": turn.output - turn.reasoning,
        "totalTokenCount": prompt + turn.output,
        "cachedContentTokenCount": turn.cache_read,
        "thoughtsTokenCount": turn.reasoning,
    }


def _part(turn: Turn, part: Payload, finish: str | None = None) -> Payload:
    return _answer(turn, [part], finish)


def _answer(turn: Turn, parts: list[Payload], finish: str | None) -> Payload:
    candidate: Payload = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "usageMetadata": usage(turn), "modelVersion": turn.model, "responseId": _id(turn)}


def _id(turn: Turn) -> str:
    return turn.token("response", 23)


def _signature(turn: Turn) -> str:
    return base64.b64encode(turn.token("signature", 120).encode()).decode()


def _event(payload: Payload) -> bytes:
    return b"data: %b\r\n\r\n" % encode(payload)
