"""The model providers: which API a path below a provider speaks, and its answer to a request."""

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

import msgspec

from amp_addons.sim import anthropic, google, google_array, openai_chat, openai_responses, openrouter
from amp_addons.sim.behaviour import Behaviour
from amp_addons.sim.message import Received, Reply, json_reply
from amp_addons.sim.sse import Payload
from amp_addons.sim.turn import Truth, Turn, invent, split
from amp_addons.sim.wishes import Wishes, said


class Api(Protocol):
    """What the module of each API has in it."""

    CONTENT_TYPE: str

    def wishes(self, body: Mapping[str, Any], /) -> Wishes: ...
    def events(self, turn: Turn, /) -> Iterator[bytes]: ...
    def whole(self, turn: Turn, /) -> Payload: ...
    def truth(self, turn: Turn, /) -> Truth: ...
    def error(self, status: int, message: str, /) -> Payload: ...
    def error_events(self, turn: Turn, /) -> Iterator[bytes]: ...


def api_of(provider: str, rest: str, request: Received) -> Api:
    """The API of a path below a provider; the bare prefix, as the document writes it, speaks the provider's usual one."""
    if rest.endswith("/messages") or "awPredict" in rest:
        return anthropic
    if rest.endswith("/responses") or (provider == "openai" and "input" in request.json):
        return openai_responses
    if provider == "google":
        streams = rest.endswith(":streamGenerateContent") and request.query.get("alt") != ["sse"]
        return google_array if streams else google
    if provider == "openrouter":
        return openrouter
    return anthropic if provider == "anthropic" else openai_chat


def answer(api: Api, request: Received, behaviour: Behaviour) -> Reply:
    """A model's answer, streamed when the request asks for that."""
    asked = _asked(api, request)
    echo = said(request.json) if behaviour.echo else None
    turn = _turn(asked, behaviour, echo)
    # Made again when asked for: a thousand kept floods would be a lot of memory.
    request.tell = lambda: api.truth(_turn(asked, behaviour, echo))
    if asked.stream:
        return _streamed(api, turn, behaviour)
    if behaviour.error == "event":
        return json_reply(api.error(500, "Internal error"), 500)
    return json_reply(api.whole(turn))


def _streamed(api: Api, turn: Turn, behaviour: Behaviour) -> Reply:
    events = api.events(turn)
    if behaviour.error == "event":
        at = turn.deltas // 2 if behaviour.at is None else behaviour.at
        events = _interrupted(events, at, api.error_events(turn))
    return Reply(
        headers=[(b"content-type", api.CONTENT_TYPE.encode()), (b"cache-control", b"no-cache")],
        pieces=_stamped(events) if behaviour.stamp else events,
        count=turn.deltas,
    )


def _asked(api: Api, request: Received) -> Wishes:
    asked = api.wishes(request.json)
    if "/models/" not in request.path:
        return asked
    # Google: …/models/{model}:{method}, the method telling whether to stream.
    model, _, method = request.path.rpartition("/models/")[2].partition(":")
    return msgspec.structs.replace(asked, model=model, stream=method.startswith("stream"))


def _turn(asked: Wishes, behaviour: Behaviour, echo: str | None) -> Turn:
    tools = list(asked.tools)[:1]
    if behaviour.tools is not None:
        names = asked.tools or ["Grep", "edit_file"]
        tools = [names[i % len(names)] for i in range(behaviour.tools)]
    turn = invent(
        model=asked.model,
        seed=behaviour.seed,
        events=behaviour.events,
        size=behaviour.size,
        thinking=behaviour.thinking or asked.thinking,
        tools=tools,
    )
    return turn if echo is None else msgspec.structs.replace(turn, text=split(echo, max(1, behaviour.size)))


def _interrupted(events: Iterator[bytes], at: int, failure: Iterable[bytes]) -> Iterator[bytes]:
    yield from islice(events, at)
    yield from failure


def _stamped(events: Iterable[bytes]) -> Iterator[bytes]:
    # Pieces are taken one by one as they are sent, so this is the time of sending.
    for event in events:
        yield event.replace(b"data: {", b'data: {"sim_ns":%d,' % time.monotonic_ns(), 1)
