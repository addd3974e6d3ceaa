"""What a simulated model says in one turn: the content, apart from any provider's way to write it down.

The same arguments give the same turn, so whoever knows the seed knows every byte of the answer.
"""

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import cycle, islice
from typing import Any

import msgspec

EPOCH = 1_767_225_600
"""When simulated answers were created, in Unix seconds: fixed, so that answers are the same every time."""

# Sixteen bytes apart from ASCII in the list make characters fall across chunk ends now and then.
WORDS = (
    *("the", "proxy", "sees", "every", "byte", "and", "changes", "none", "while", "a", "stream", "goes", "by", "quietly"),
    *("naïve", "façade", "größer", "日本語", "поток", "🚀", "👩‍💻", 'quote"', "back\\slash", "tab\there", "line\nbreak", "[DONE]", "data:"),
)

_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

PIECE = 24
"""Characters in a piece of given text: about what models send in one event."""


class ToolCall(msgspec.Struct, frozen=True):
    """A call of a tool. `args` is the JSON object that the client gets, `pieces` the same as streamed text."""

    id: str
    name: str
    args: dict[str, Any]

    @property
    def json(self) -> str:
        return msgspec.json.encode(self.args).decode()

    @property
    def pieces(self) -> Sequence[str]:
        return split(self.json, PIECE // 2)


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a model. `input` leaves out the cached tokens; `output` counts the reasoning in."""

    model: str
    seed: int = 0
    thinking: Sequence[str] = ()
    text: Sequence[str] = ()
    tools: Sequence[ToolCall] = ()
    input: int = 25
    cache_read: int = 1024
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0

    def token(self, label: str, length: int = 24) -> str:
        """An identifier of this turn: letters and digits that depend on the seed and the label alone."""
        return _token(self.seed, label, length)

    @property
    def deltas(self) -> int:
        """How many pieces of content there are."""
        return len(self.thinking) + len(self.text) + sum(len(call.pieces) for call in self.tools)


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What a client has put together at the end of a whole stream. `usage` is the provider's own object.

    `event_counts` go by the payload's `type`, else its `object`, else the event's name; `[DONE]` is left out.
    """

    api: str
    model: str
    id: str
    text: str
    thinking: str
    tool_calls: list[dict[str, Any]]
    stop_reason: str
    usage: dict[str, Any]
    event_counts: dict[str, int]


def assembled(
    turn: Turn, *, api: str, id: str, call_prefix: str, stop_reason: str, usage: dict[str, Any], event_counts: dict[str, int]
) -> Truth:
    """The truth of a turn as one provider tells it: `call_prefix` begins the ids of its tool calls."""
    return Truth(
        api=api,
        model=turn.model,
        id=id,
        text="".join(turn.text),
        thinking="".join(turn.thinking),
        tool_calls=[{"id": call_prefix + call.id, "name": call.name, "args": call.args} for call in turn.tools],
        stop_reason=stop_reason,
        usage=usage,
        event_counts=event_counts,
    )


def split(text: str, size: int) -> list[str]:
    """Cut text into pieces of `size` characters."""
    return [text[i : i + size] for i in range(0, len(text), size)]


def compose(
    *, model: str, text: str, thinking: str = "", tools: Sequence[tuple[str, dict[str, Any]]] = (), seed: int = 0, piece: int = PIECE
) -> Turn:
    """A turn with the given content: `tools` are pairs of name and arguments."""
    return _turn(model, seed, split(thinking, piece), split(text, piece), tools)


def invent(*, model: str, seed: int = 0, events: int = 8, size: int = PIECE, thinking: bool = False, tools: Sequence[str] = ()) -> Turn:
    """A turn made up from a seed: `events` pieces of text of about `size` bytes each, and a call of each tool named."""
    rng = random.Random(seed)
    thoughts = list(_pieces(rng, max(2, min(events // 2, 50)), size)) if thinking else []
    calls = [(name, {"query": " ".join(rng.choices(WORDS, k=3)), "limit": rng.randrange(100)}) for name in tools]
    return _turn(model, seed, thoughts, list(_pieces(rng, events, size)), calls)


@lru_cache(maxsize=1024)
def _token(seed: int, label: str, length: int) -> str:
    # Every chunk of a stream repeats its id.
    return "".join(random.Random(f"{seed}/{label}").choices(_ALPHABET, k=length))


def _turn(model: str, seed: int, thinking: Sequence[str], text: Sequence[str], tools: Sequence[tuple[str, dict[str, Any]]]) -> Turn:
    name = Turn(model=model, seed=seed)
    calls = [ToolCall(name.token(f"tool {i}"), tool, args) for i, (tool, args) in enumerate(tools)]
    return Turn(
        model=model,
        seed=seed,
        thinking=thinking,
        text=text,
        tools=calls,
        output=len(text) + len(thinking) + 10 * len(calls),
        reasoning=len(thinking),
    )


def _pieces(rng: random.Random, count: int, size: int) -> Iterator[str]:
    # A pool that is gone through again and again keeps a flood of 200,000 events cheap.
    pool = [_line(rng, size) for _ in range(min(count, 64))]
    return islice(cycle(pool), count)


def _line(rng: random.Random, size: int) -> str:
    line = ""
    while len(line.encode()) < size:
        line += rng.choice(WORDS) + " "
    return line
