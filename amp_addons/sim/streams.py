"""Each provider's stream as a pure function: complete events as bytes, the same for the same arguments.

    streams.anthropic(model="claude", text="Hello", thinking="Hm", tools=[("grep", {"pattern": "x"})])

The arguments are those of `turn.compose`.
"""

from collections.abc import Callable, Iterator

from amp_addons.sim import anthropic as _anthropic
from amp_addons.sim import connect as _connect
from amp_addons.sim import google as _google
from amp_addons.sim import google_array as _google_array
from amp_addons.sim import openai_chat as _openai_chat
from amp_addons.sim import openai_responses as _openai_responses
from amp_addons.sim import openrouter as _openrouter
from amp_addons.sim.turn import Turn, compose


def _of[**P](events: Callable[[Turn], Iterator[bytes]], turn: Callable[P, Turn]) -> Callable[P, list[bytes]]:
    def stream(*args: P.args, **kwargs: P.kwargs) -> list[bytes]:
        return list(events(turn(*args, **kwargs)))

    return stream


anthropic = _of(_anthropic.events, compose)
openai_chat = _of(_openai_chat.events, compose)
openai_responses = _of(_openai_responses.events, compose)
openrouter = _of(_openrouter.events, compose)
google = _of(_google.events, compose)
google_array = _of(_google_array.events, compose)


def connect(events: int, seed: int = 0) -> list[bytes]:
    """Events of `/api/connect`."""
    return list(_connect.stream(events, seed))
