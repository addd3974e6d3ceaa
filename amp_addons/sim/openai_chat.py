"""OpenAI's Chat Completions API, which xAI, Cerebras, Groq, Supernova and others speak as well."""

from collections.abc import Iterator

from amp_addons.sim.sse import DONE, Payload, count, unnamed
from amp_addons.sim.turn import EPOCH, Truth, Turn, assembled
from amp_addons.sim.wishes import openai_chat as wishes

__all__ = ["API", "CONTENT_TYPE", "error", "error_events", "events", "payloads", "truth", "whole", "wishes"]

API = "openai-chat"
CONTENT_TYPE = "text/event-stream; charset=utf-8"

_ERRORS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    402: ("insufficient_quota", "insufficient_quota"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}


def payloads(turn: Turn) -> Iterator[Payload]:
    """The data of each chunk; the last one has the usage and no choices."""
    yield chunk(turn, {"role": "assistant", "content": "", "refusal": None})
    # The name under which Groq, Cerebras, xAI and DeepSeek stream what the model thinks; OpenAI itself keeps it back.
    yield from (chunk(turn, {"reasoning_content": piece}) for piece in turn.thinking)
    yield from (chunk(turn, {"content": piece}) for piece in turn.text)
    yield from (chunk(turn, {"tool_calls": [call]}) for call in tool_deltas(turn))
    yield chunk(turn, {}, stop_reason(turn))
    yield {**_chunk(turn), "choices": [], "usage": usage(turn)}


def events(turn: Turn) -> Iterator[bytes]:
    """The stream, one event each, and the marker that ends it."""
    yield from map(unnamed, payloads(turn))
    yield DONE


def whole(turn: Turn) -> Payload:
    """The answer when no stream was asked for."""
    choice = {"index": 0, "message": message(turn), "logprobs": None, "finish_reason": stop_reason(turn)}
    return {**_chunk(turn), "object": "chat.completion", "choices": [choice], "usage": usage(turn)}


def truth(turn: Turn) -> Truth:
    """What a client makes of the whole stream."""
    return assembled(
        turn,
        api=API,
        id=_chunk(turn)["id"],
        call_prefix="call_",
        stop_reason=stop_reason(turn),
        usage=usage(turn),
        event_counts=count(payloads(turn)),
    )


def error(status: int, message: str) -> Payload:
    """The body of an answer with an error status."""
    kind, code = _ERRORS.get(status, ("server_error", None))
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def error_events(turn: Turn) -> Iterator[bytes]:
    """What a failing service sends in mid-stream."""
    yield unnamed(error(500, "The server had an error while processing your request."))


def stop_reason(turn: Turn) -> str:
    return "tool_calls" if turn.tools else "stop"


def usage(turn: Turn) -> Payload:
    """Token numbers: the cached ones are part of `prompt_tokens`."""
    prompt = turn.input + turn.cache_read + turn.cache_write
    return {
        "prompt_tokens": prompt,
        "completion_tokens": turn.output,
        "total_tokens": prompt + turn.output,
        "prompt_tokens_details": {"cached_tokens": turn.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": turn.reasoning, "audio_tokens": 0},
    }


def chunk(turn: Turn, delta: Payload, finish: str | None = None) -> Payload:
    return {**_chunk(turn), "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}


def tool_deltas(turn: Turn) -> Iterator[Payload]:
    """Each call's name first, then its arguments in pieces."""
    for index, call in enumerate(turn.tools):
        function = {"name": call.name, "arguments": ""}
        yield {"index": index, "id": f"call_{call.id}", "type": "function", "function": function}
        yield from ({"index": index, "function": {"arguments": piece}} for piece in call.pieces)


def message(turn: Turn) -> Payload:
    """The assistant's message, whole."""
    said: Payload = {"role": "assistant", "content": "".join(turn.text) or None, "refusal": None}
    if turn.thinking:
        said["reasoning_content"] = "".join(turn.thinking)
    if turn.tools:
        said["tool_calls"] = [
            {"id": f"call_{call.id}", "type": "function", "function": {"name": call.name, "arguments": call.json}} for call in turn.tools
        ]
    return said


def _chunk(turn: Turn) -> Payload:
    return {
        "id": f"chatcmpl-{turn.token('completion', 29)}",
        "object": "chat.completion.chunk",
        "created": EPOCH,
        "model": turn.model,
        "system_fingerprint": "fp_simulated",
    }
