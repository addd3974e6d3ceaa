"""What a report is made of: plain values, scrubbed and bounded, without HTML."""

from collections.abc import Hashable

import msgspec

from amp_addons.core.conversation.change import Change, Outline
from amp_addons.core.conversation.parts import Message, Tool
from amp_addons.core.events import FlowEnd, FlowRequest, FlowResponse, RedactionDone, RuleAction, StreamEnd, problem
from amp_addons.replay.totals import Totals


class Answer(msgspec.Struct, kw_only=True):
    """What a model said. `usage` is normalised: `input` has the cached tokens in it."""

    message: Message
    stop_reason: str | None = None
    usage: dict[str, int] = {}
    errors: list[str] = []


class SocketMessage(msgspec.Struct):
    """A WebSocket message: how long after the request (ms), who sent it, what it is, how large (bytes) and the beginning of its text."""

    at_ms: float
    from_client: bool
    event: str
    size: int
    text: str


class Flow(msgspec.Struct, kw_only=True):
    """One flow. `number` counts from 1, by the time of the request."""

    request: FlowRequest
    end: FlowEnd
    started: float
    number: int = 0
    is_timed: bool = False
    """Whether the recording says when each piece of the answer came; other tools' recordings have them all at the end."""
    response: FlowResponse | None = None
    stream: StreamEnd | None = None
    actions: list[RuleAction] = []
    redactions: list[RedactionDone] = []
    sockets: list[SocketMessage] = []
    socket_count: int = 0
    asked: Outline | None = None
    answer: Answer | None = None
    cost: float | None = None

    @property
    def model(self) -> str | None:
        return (self.stream.model if self.stream else None) or self.request.model

    @property
    def duration(self) -> float:
        return self.end.duration_ms

    @property
    def first_token(self) -> float | None:
        return self.stream.ttft_ms if self.stream and self.is_timed else None

    @property
    def problem(self) -> str | None:
        """What went wrong, in a word; None when nothing did."""
        return problem(self.stream, self.end)

    @property
    def errors(self) -> list[str]:
        """Sentences of what went wrong, each once."""
        found = [*(self.stream.errors if self.stream else ()), *(self.answer.errors if self.answer else ())]
        return list(dict.fromkeys(([self.end.error] if self.end.error else []) + found))


class Rewrite(msgspec.Struct):
    """Messages of the request before that are gone (`after` is None) or different. `number` counts from 1."""

    number: int
    before: Message
    after: Message | None


class Request(msgspec.Struct, kw_only=True):
    """A request to a model, as a step of its conversation: what it has that the one before had not."""

    flow: Flow
    branch: int = 0
    """Conversations side by side in one thread (of an agent and its helpers): which one, from 0."""
    follows: int | None = None
    """The number of the flow whose request it continues."""
    change: Change | None = None
    repeats: int = 0
    """Messages of what was added that are the answer to the request before."""
    added: list[Message] = []
    added_more: int = 0
    rewritten: list[Rewrite] = []
    rewritten_more: int = 0
    system: list[str] = []
    system_before: list[str] = []
    tools: list[Tool] = []


class Thread(msgspec.Struct, kw_only=True):
    """Requests that belong together. `id` is empty where the client gave none."""

    id: str
    title: str
    requests: list[Request]
    number: int = 0


class Report(msgspec.Struct, kw_only=True):
    """All of it. `left_out` counts flows past the limit; `notes` are sentences on what is missing."""

    title: str
    sources: list[str]
    flows: list[Flow]
    threads: list[Thread]
    totals: Totals
    left_out: int = 0
    notes: list[str] = []


class Kept(msgspec.Struct):
    """Each message, instruction and list of tools once, by what stands for it."""

    messages: dict[Hashable, Message] = {}
    system: dict[Hashable, str] = {}
    tools: dict[Hashable, Tool] = {}
