"""OpenAI's Responses API: numbered events, each output item added, filled, done, and the whole response at both ends."""

from collections.abc import Iterator
from itertools import count as numbers

from amp_addons.sim.openai_chat import error
from amp_addons.sim.sse import Payload, count, named
from amp_addons.sim.turn import EPOCH, Truth, Turn, assembled
from amp_addons.sim.wishes import openai_responses as wishes

__all__ = ["API", "CONTENT_TYPE", "error", "error_events", "events", "payloads", "truth", "whole", "wishes"]

API = "openai-responses"
CONTENT_TYPE = "text/event-stream; charset=utf-8"


def payloads(turn: Turn) -> Iterator[Payload]:
    """The data of each event, in order; `sequence_number` counts them from 0."""
    for number, payload in enumerate(_plain(turn)):
        payload["sequence_number"] = number
        yield payload


def events(turn: Turn) -> Iterator[bytes]:
    """The stream, one event each."""
    return map(named, payloads(turn))


def whole(turn: Turn) -> Payload:
    """The answer when no stream was asked for."""
    return _response(turn, "completed") | {"output": list(_items(turn)), "usage": usage(turn)}


def truth(turn: Turn) -> Truth:
    """What a client makes of the whole stream; the thinking is the summary of the reasoning."""
    return assembled(
        turn,
        api=API,
        id=_response(turn, "completed")["id"],
        call_prefix="call_",
        stop_reason="completed",
        usage=usage(turn),
        event_counts=count(payloads(turn)),
    )


def error_events(turn: Turn) -> Iterator[bytes]:
    """What a failing service sends in mid-stream: the error, then the response as failed."""
    failure = {"code": "server_error", "message": "An error occurred while processing the request."}
    yield named({"type": "error", "sequence_number": 1_000_000, "error": {"type": "server_error", "param": None, **failure}})
    failed = _response(turn, "failed") | {"error": failure}
    yield named({"type": "response.failed", "sequence_number": 1_000_001, "response": failed})


def usage(turn: Turn) -> Payload:
    """Token numbers: the cached ones are part of `input_tokens`."""
    prompt = turn.input + turn.cache_read + turn.cache_write
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": turn.cache_read},
        "output_tokens": turn.output,
        "output_tokens_details": {"reasoning_tokens": turn.reasoning},
        "total_tokens": prompt + turn.output,
    }


def _plain(turn: Turn) -> Iterator[Payload]:
    yield {"type": "response.created", "response": _response(turn, "in_progress")}
    yield {"type": "response.in_progress", "response": _response(turn, "in_progress")}
    place = numbers()
    for item in _items(turn):
        yield from _filled(turn, item, {"output_index": next(place)})
    yield {"type": "response.completed", "response": whole(turn)}


def _filled(turn: Turn, item: Payload, at: Payload) -> Iterator[Payload]:
    yield {"type": "response.output_item.added", **at, "item": item | _UNFILLED[item["type"]]}
    at = {"item_id": item["id"], **at}
    match item["type"]:
        case "reasoning":
            yield from _reasoning(turn, at)
        case "message":
            yield from _text(turn, at)
        case _:
            yield from _arguments(turn, item, at)
    yield {"type": "response.output_item.done", "output_index": at["output_index"], "item": item}


_UNFILLED: dict[str, Payload] = {
    "reasoning": {"summary": []},
    "message": {"content": [], "status": "in_progress"},
    "function_call": {"arguments": "", "status": "in_progress"},
}


def _reasoning(turn: Turn, at: Payload) -> Iterator[Payload]:
    at = {**at, "summary_index": 0}
    whole = "".join(turn.thinking)
    yield {"type": "response.reasoning_summary_part.added", **at, "part": {"type": "summary_text", "text": ""}}
    for piece in turn.thinking:
        yield {"type": "response.reasoning_summary_text.delta", **at, "delta": piece}
    yield {"type": "response.reasoning_summary_text.done", **at, "text": whole}
    yield {"type": "response.reasoning_summary_part.done", **at, "part": {"type": "summary_text", "text": whole}}


def _text(turn: Turn, at: Payload) -> Iterator[Payload]:
    at = {**at, "content_index": 0}
    whole = "".join(turn.text)
    yield {"type": "response.content_part.added", **at, "part": _output_text("")}
    for piece in turn.text:
        yield {"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **at, "text": whole, "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": _output_text(whole)}


def _arguments(turn: Turn, item: Payload, at: Payload) -> Iterator[Payload]:
    call = next(call for call in turn.tools if item["call_id"] == f"call_{call.id}")
    for piece in call.pieces:
        yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
    yield {"type": "response.function_call_arguments.done", **at, "name": call.name, "arguments": call.json}


def _items(turn: Turn) -> Iterator[Payload]:
    if turn.thinking:
        summary = [{"type": "summary_text", "text": "".join(turn.thinking)}]
        yield {"id": f"rs_{turn.token('reasoning', 50)}", "type": "reasoning", "summary": summary}
    if turn.text:
        content = [_output_text("".join(turn.text))]
        yield {"id": f"msg_{turn.token('message', 50)}", "type": "message", "status": "completed", "role": "assistant", "content": content}
    for call in turn.tools:
        names = {"id": f"fc_{call.id}", "call_id": f"call_{call.id}", "name": call.name}
        yield {"type": "function_call", "status": "completed", **names, "arguments": call.json}


def _output_text(text: str) -> Payload:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _response(turn: Turn, status: str) -> Payload:
    return {
        "id": f"resp_{turn.token('response', 50)}",
        "object": "response",
        "created_at": EPOCH,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": turn.model,
        "output": [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": None,
    }
