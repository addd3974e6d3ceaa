"""Anthropic's Messages API: the answer to POST /v1/messages, streamed or whole, and its errors."""

import base64
from collections.abc import Iterator

from amp_addons.sim.sse import Payload, count, encode
from amp_addons.sim.turn import Truth, Turn, assembled
from amp_addons.sim.wishes import anthropic as wishes

__all__ = ["API", "CONTENT_TYPE", "error", "error_events", "events", "payloads", "truth", "whole", "wishes"]

API = "anthropic-messages"
CONTENT_TYPE = "text/event-stream; charset=utf-8"

_ERRORS = {
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


def payloads(turn: Turn) -> Iterator[Payload]:
    """The data of each event: a message of blocks (thinking, text, tool use), each started, filled and stopped."""
    message = {**_message(turn), "content": [], "stop_reason": None, "usage": {**_usage(turn), "output_tokens": 1}}
    yield {"type": "message_start", "message": message}
    for index, block in enumerate(_blocks(turn)):
        yield {"type": "content_block_start", "index": index, "content_block": _unfilled(block)}
        if index == 0:
            yield {"type": "ping"}
        for delta in _deltas(turn, block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": {"stop_reason": stop_reason(turn), "stop_sequence": None}, "usage": _usage(turn)}
    yield {"type": "message_stop"}


def events(turn: Turn) -> Iterator[bytes]:
    """The stream, one event each."""
    return map(_event, payloads(turn))


def whole(turn: Turn) -> Payload:
    """The answer when no stream was asked for."""
    return {**_message(turn), "content": list(_blocks(turn)), "stop_reason": stop_reason(turn), "usage": _usage(turn)}


def truth(turn: Turn) -> Truth:
    """What a client makes of the whole stream."""
    return assembled(
        turn,
        api=API,
        id=_message(turn)["id"],
        call_prefix="toolu_",
        stop_reason=stop_reason(turn),
        usage=_usage(turn),
        event_counts=count(payloads(turn)),
    )


def error(status: int, message: str) -> Payload:
    """The body of an answer with an error status."""
    kind = _ERRORS.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_simulated"}


def error_events(turn: Turn) -> Iterator[bytes]:
    """What an overloaded service sends in mid-stream."""
    yield _event({"type": "error", "error": {"details": None, "type": "overloaded_error", "message": "Overloaded"}})


def stop_reason(turn: Turn) -> str:
    return "tool_use" if turn.tools else "end_turn"


def _message(turn: Turn) -> Payload:
    return {
        "id": f"msg_{turn.token('message')}",
        "type": "message",
        "role": "assistant",
        "model": turn.model,
        "stop_sequence": None,
    }


def _usage(turn: Turn) -> Payload:
    return {
        "input_tokens": turn.input,
        "cache_creation_input_tokens": turn.cache_write,
        "cache_read_input_tokens": turn.cache_read,
        "output_tokens": turn.output,
    }


def _blocks(turn: Turn) -> Iterator[Payload]:
    if turn.thinking:
        yield {"type": "thinking", "thinking": "".join(turn.thinking), "signature": _signature(turn)}
    if turn.text:
        yield {"type": "text", "text": "".join(turn.text)}
    for call in turn.tools:
        yield {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": call.args}


def _unfilled(block: Payload) -> Payload:
    empty: Payload = {"thinking": "", "signature": "", "text": "", "input": {}}
    return {key: empty.get(key, value) for key, value in block.items()}


def _deltas(turn: Turn, block: Payload) -> Iterator[Payload]:
    match block["type"]:
        case "thinking":
            yield from ({"type": "thinking_delta", "thinking": piece} for piece in turn.thinking)
            yield {"type": "signature_delta", "signature": block["signature"]}
        case "text":
            yield from ({"type": "text_delta", "text": piece} for piece in turn.text)
        case _:
            call = next(call for call in turn.tools if block["id"] == f"toolu_{call.id}")
            yield {"type": "input_json_delta", "partial_json": ""}
            yield from ({"type": "input_json_delta", "partial_json": piece} for piece in call.pieces)


def _signature(turn: Turn) -> str:
    # A client has to send a signed block back unchanged: any byte of it matters.
    return base64.b64encode(turn.token("signature", 120).encode()).decode()


_PADDING = tuple(b" " * n + b"}\n\n" for n in range(16))


def _event(payload: Payload) -> bytes:
    # The service pads its events with blanks before the last brace: JSON all the same, but not what an encoder would write.
    data = encode(payload)
    return b"event: %b\ndata: %b%b" % (payload["type"].encode(), data[:-1], _PADDING[len(data) * 7 % 16])
