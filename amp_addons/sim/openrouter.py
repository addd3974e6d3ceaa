"""OpenRouter: chat completions with comments while nothing happens, and its own names for reasoning, cost and errors."""

from collections.abc import Iterator

from amp_addons.sim import openai_chat
from amp_addons.sim.sse import DONE, Payload, count, unnamed
from amp_addons.sim.turn import EPOCH, Truth, Turn, assembled
from amp_addons.sim.wishes import openai_chat as wishes

__all__ = ["API", "CONTENT_TYPE", "error", "error_events", "events", "payloads", "truth", "whole", "wishes"]

API = "openai-chat"
CONTENT_TYPE = "text/event-stream"

PROCESSING = b": OPENROUTER PROCESSING\n\n"


def payloads(turn: Turn) -> Iterator[Payload]:
    """The data of each chunk; every one repeats the role, the last one has the usage and the cost."""
    yield from (_delta(turn, {"content": "", "reasoning": piece, "reasoning_details": [_detail(piece)]}) for piece in turn.thinking)
    yield from (_delta(turn, {"content": piece}) for piece in turn.text)
    yield from (_delta(turn, {"content": None, "tool_calls": [call]}) for call in openai_chat.tool_deltas(turn))
    yield _delta(turn, {"content": ""}, openai_chat.stop_reason(turn))
    yield {**_delta(turn, {"content": ""}), "usage": usage(turn)}


def events(turn: Turn) -> Iterator[bytes]:
    """The stream: comments at the start and now and then, one event each, and the marker that ends it."""
    yield from (PROCESSING, PROCESSING)
    for number, payload in enumerate(payloads(turn)):
        if number % 16 == 15:
            yield PROCESSING
        yield unnamed(payload)
    yield DONE


def whole(turn: Turn) -> Payload:
    """The answer when no stream was asked for."""
    said = openai_chat.message(turn)
    if turn.thinking:
        text = said.pop("reasoning_content")
        said |= {"reasoning": text, "reasoning_details": [_detail(text)]}
    choice = {"index": 0, "message": said, "logprobs": None} | _finish(openai_chat.stop_reason(turn))
    return {**_chunk(turn), "object": "chat.completion", "choices": [choice], "usage": usage(turn)}


def truth(turn: Turn) -> Truth:
    """What a client makes of the whole stream."""
    return assembled(
        turn,
        api=API,
        id=_chunk(turn)["id"],
        call_prefix="call_",
        stop_reason=openai_chat.stop_reason(turn),
        usage=usage(turn),
        event_counts=count(payloads(turn)),
    )


def error(status: int, message: str) -> Payload:
    """The body of an answer with an error status: the code is the status, as a number."""
    return {"error": {"code": status, "message": message}}


def error_events(turn: Turn) -> Iterator[bytes]:
    """What comes in mid-stream when the provider behind OpenRouter fails: a chunk with an error in it, then the marker."""
    failure = {"error": {"code": 502, "message": "Provider disconnected"}}
    yield unnamed({**_delta(turn, {"content": ""}, "error"), **failure})
    yield DONE


def usage(turn: Turn) -> Payload:
    """OpenAI's numbers and the price in dollars."""
    return openai_chat.usage(turn) | {"cost": turn.output / 1_000_000, "is_byok": False}


def _chunk(turn: Turn) -> Payload:
    return {
        "id": f"gen-{EPOCH}-{turn.token('generation', 20)}",
        "provider": "Simulated",
        "model": turn.model,
        "object": "chat.completion.chunk",
        "created": EPOCH,
    }


def _delta(turn: Turn, delta: Payload, finish: str | None = None) -> Payload:
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, "logprobs": None} | _finish(finish)
    return {**_chunk(turn), "choices": [choice]}


def _finish(reason: str | None) -> Payload:
    return {"finish_reason": reason, "native_finish_reason": reason}


def _detail(text: str) -> Payload:
    return {"type": "reasoning.text", "text": text, "index": 0, "format": None}
