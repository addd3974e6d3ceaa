"""What the real clients do: one row for each answer that a runtime asks for with an SDK, as data.

The requests are what the SDKs take as arguments; those of one API are the same in every language.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

AMP = "https://ampcode.com/api/provider"
PARAMETERS = {
    "type": "object",
    "properties": {"query": {"type": "string"}, "limit": {"type": "integer"}},
    "required": ["query", "limit"],
    "additionalProperties": False,
}
TOOL = {"name": "Grep", "description": "Search files"}
FUNCTION = {**TOOL, "strict": True, "parameters": PARAMETERS}
SAID = "Where is größer? 🚀"


def request_of(api: str, said: str = SAID) -> dict[str, Any]:
    """What a client asks for, saying this."""
    request = dict(REQUESTS[api])
    message = {"role": "user", "content": said}
    if api == "google-generatecontent":
        return {**request, "contents": [{"role": "user", "parts": [{"text": said}]}]}
    return {**request, "input" if api == "openai-responses" else "messages": [message]}


REQUESTS: dict[str, dict[str, Any]] = {
    "anthropic-messages": {
        "max_tokens": 4096,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "tools": [{**TOOL, "input_schema": PARAMETERS}],
    },
    "openai-chat": {"reasoning_effort": "low", "tools": [{"type": "function", "function": FUNCTION}]},
    "openai-responses": {
        "reasoning": {"effort": "low", "summary": "auto"},
        "tools": [{"type": "function", **FUNCTION}],
    },
    "google-generatecontent": {
        "config": {
            "thinkingConfig": {"includeThoughts": True},
            "tools": [{"functionDeclarations": [{**TOOL, "parametersJsonSchema": PARAMETERS}]}],
        },
    },
}


@dataclass(frozen=True)
class Way:
    """How a client reaches one provider: with which API, below which base URL, for which row of the endpoint document."""

    api: str
    base: str
    endpoint: str
    model: str
    vertexai: bool = False


WAYS = {
    "anthropic": Way("anthropic-messages", f"{AMP}/anthropic", "provider.anthropic", "claude-sonnet-4-5"),
    "openai-chat": Way("openai-chat", f"{AMP}/openai/v1", "provider.openai", "gpt-5"),
    "openai-responses": Way("openai-responses", f"{AMP}/openai/v1", "provider.openai", "o4-mini"),
    # Below /v1beta1/publishers/google/models/, as the Amp CLI does, and below /v1beta/models/, as the SDK does by itself.
    "google": Way("google-generatecontent", f"{AMP}/google", "provider.google", "gemini-2.5-pro", vertexai=True),
    "google-gemini": Way("google-generatecontent", f"{AMP}/google", "provider.google", "gemini-2.0-flash"),
    "xai": Way("openai-chat", f"{AMP}/xai/v1", "provider.xai", "grok-2"),
    "cerebras": Way("openai-chat", f"{AMP}/cerebras", "provider.cerebras", "llama-3.3-70b"),
    "groq": Way("openai-chat", f"{AMP}/groq", "provider.groq", "mixtral-8x7b"),
    "supernova": Way("openai-chat", f"{AMP}/supernova/v1", "provider.supernova", "supernova-1"),
    "openrouter": Way("openai-chat", "https://openrouter.ai/api/v1", "provider.openrouter", "moonshotai/kimi-k2"),
}
ONE_OF_EACH_API = ("anthropic", "openai-chat", "openai-responses", "google")


@dataclass(frozen=True)
class Case:
    """One request. `options` tell the simulated service how to answer; `leave` makes the client go after the first piece.

    `say` is what the user says.
    """

    name: str
    way: Way
    stream: bool = True
    leave: bool = False
    say: str = SAID
    options: dict[str, Any] = field(default_factory=dict)

    def thread(self, runtime: str) -> str:
        """What tells this request from all others, at the service and in the events: its thread."""
        return f"T-{runtime}/{self.name}"

    def order(self, runtime: str) -> dict[str, Any]:
        """The case as the client script reads it."""
        options = {f"x-sim-{name}": str(value) for name, value in self.options.items()}
        return {
            "case": self.name,
            "api": self.way.api,
            "base": self.way.base,
            "vertexai": self.way.vertexai,
            "key": self.key,
            "headers": {"x-amp-thread-id": self.thread(runtime), **options},
            "stream": self.stream,
            "leave": self.leave,
            "request": {"model": self.way.model, **request_of(self.way.api, self.say)},
        }

    @property
    def way_name(self) -> str:
        return self.name.partition("/")[0]

    @property
    def key(self) -> str:
        """What looks like the key for this way."""
        shape = "sk-" + "or-v1-" if self.way.endpoint == "provider.openrouter" else "sgamp_" + "user_"
        return shape + "0123456789abcdef" * 2


def _rows(suffix: str, ways: tuple[str, ...] = ONE_OF_EACH_API, **fields: Any) -> list[Case]:
    return [Case(f"{way}/{suffix}", WAYS[way], **fields) for way in ways]


STREAMED = _rows("streamed", (*WAYS,), options={"encoding": "auto", "seed": 3})
WHOLE = _rows("whole", (*WAYS,), stream=False, options={"encoding": "auto", "seed": 4})
ENCODED = [row for coding in ("gzip", "deflate", "br") for row in _rows(coding, options={"encoding": coding, "events": 50, "seed": 5})]
ZSTD = _rows("zstd", options={"encoding": "zstd", "events": 50, "seed": 6})
PACED = _rows("paced", (*WAYS,), options={"pace": 0.1, "encoding": "auto"})
LEFT = _rows("left", options={"error": "stall"}, leave=True)
REFUSED = [row for status in (401, 402, 429, 529) for row in _rows(str(status), options={"error": status, "encoding": "auto"})]
BROKEN_OFF = _rows("error", (*ONE_OF_EACH_API, "openrouter"), options={"error": "event"})
CUT = _rows("cut", options={"error": "cut"})
UNTRUSTED = _rows("untrusted")
ALL = [*STREAMED, *WHOLE, *ENCODED, *ZSTD, *PACED, *LEFT, *REFUSED, *BROKEN_OFF, *CUT]


def each(*rows: list[Case]) -> pytest.MarkDecorator:
    """A test for each of these cases."""
    return pytest.mark.parametrize("case", [case for some in rows for case in some], ids=lambda case: case.name)
