"""Chat completions (https://platform.openai.com/docs/api-reference/chat-streaming): OpenAI's, and all that speak like it.

The relatives differ in what they add: reasoning fields, usage under `x_groq` or beside the last choice, errors beside usage, no
`[DONE]`, tool calls without an index. Only the first choice is read; the others are counted as events and not mixed in.
"""

from typing import Any

import msgspec

from amp_addons.core.partial_json import parse
from amp_addons.core.payload import PayloadDecoder, dumps, well_formed
from amp_addons.core.reading import Delta, Reading

DONE = "[DONE]"

MAX_CALLS = 1_000
"""Tool calls of one answer that are told apart."""


class _Function(msgspec.Struct):
    name: Any = None
    arguments: Any = None


class _ToolCall(msgspec.Struct):
    index: Any = None
    id: Any = None
    function: _Function | None = None


class _Message(msgspec.Struct):
    """A delta of a stream, or the message of a whole answer."""

    content: Any = None
    reasoning: Any = None
    reasoning_content: Any = None
    refusal: Any = None
    tool_calls: list[_ToolCall] | None = None
    function_call: _Function | None = None


class _Choice(msgspec.Struct):
    index: Any = None
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: Any = None
    text: Any = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: Any = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: Any = None


class _Usage(msgspec.Struct):
    prompt_tokens: Any = None
    completion_tokens: Any = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class _XGroq(msgspec.Struct):
    usage: _Usage | None = None
    error: Any = None


class _Chunk(msgspec.Struct):
    type: Any = None
    object: Any = None
    id: Any = None
    model: Any = None
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    x_groq: _XGroq | None = None
    error: Any = None


_chunk = PayloadDecoder(_Chunk)


class _Call:
    """A tool call that is being put together."""

    __slots__ = ("args", "id", "index", "name")

    def __init__(self, index: object, identifier: str | None) -> None:
        self.index = index
        self.id = identifier
        self.name = ""
        self.args: list[str] = []


class OpenAIChat(Reading):
    api = "openai-chat"

    def __init__(self) -> None:
        super().__init__()
        self._choice: object = None
        self._calls: list[_Call] = []

    def take(self, data: str, name: str) -> tuple[str, Delta | None]:
        if data == DONE:
            self.finished = True
            return DONE, None
        chunk = _chunk.decode(data)
        if chunk is None:
            self.unreadable += 1
            return name, None
        kind = chunk.type if isinstance(chunk.type, str) else chunk.object if isinstance(chunk.object, str) else name
        return kind, self._take_chunk(chunk)

    def whole(self, body: bytes) -> None:
        chunk = _chunk.decode(body)
        if chunk is None:
            self.unreadable += 1
            return
        self._take_chunk(chunk)
        self.finished = True

    def tool_calls(self) -> list[dict[str, Any]]:
        return [{"id": call.id, "name": call.name, "args": parse(well_formed("".join(call.args)))} for call in self._calls]

    @property
    def text(self) -> str:
        return well_formed(super().text)

    def _take_chunk(self, chunk: _Chunk) -> Delta | None:
        if chunk.error is not None:
            self.add_error_of(chunk.error)
        self.id = self.id or _text(chunk.id)
        self.model = _text(chunk.model) or self.model
        if chunk.x_groq is not None:
            self._take_usage(chunk.x_groq.usage)
            if chunk.x_groq.error is not None:
                self.add_error_of(chunk.x_groq.error)
        self._take_usage(chunk.usage)
        found: Delta | None = None
        for choice in chunk.choices or ():
            found = self._take_choice(choice) or found
        return found

    def _take_usage(self, usage: _Usage | None) -> None:
        if usage is None:
            return
        prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
        self.set_tokens(
            input=usage.prompt_tokens,
            output=usage.completion_tokens,
            cache_read=prompt.cached_tokens if prompt else None,
            reasoning=completion.reasoning_tokens if completion else None,
        )

    def _take_choice(self, choice: _Choice) -> Delta | None:
        index = choice.index if isinstance(choice.index, int) else 0
        if self._choice is None:
            self._choice = index
        if index != self._choice:
            return None
        if reason := _text(choice.finish_reason):
            self.stop_reason = reason
            self.finished = True
        message = choice.delta if choice.delta is not None else choice.message
        if message is not None:
            return self._take_message(message)
        if text := _text(choice.text):
            self.add_text(text)
            return "text"
        return None

    def _take_message(self, message: _Message) -> Delta | None:
        found: Delta | None = None
        if thought := _text(message.reasoning) or _text(message.reasoning_content):
            self.add_thinking(thought)
            found = "thinking"
        if message.content:
            found = self._take_content(message.content) or found
        if refusal := _text(message.refusal):
            self.add_refusal(refusal)
            found = "text"
        for call in message.tool_calls or ():
            self._take_call(call.index, _text(call.id), call.function)
            found = "tool"
        if message.function_call is not None:
            self._take_call("function_call", None, message.function_call)
            found = "tool"
        return found

    def _take_content(self, content: Any) -> Delta | None:
        """Text, or a list of parts, some of which may be thoughts (Mistral)."""
        if isinstance(content, str):
            self.add_text(content)
            return "text"
        found: Delta | None = None
        for part in content if isinstance(content, list) else ():
            if not isinstance(part, dict):
                continue
            for piece in part["thinking"] if isinstance(part.get("thinking"), list) else ():
                if isinstance(piece, dict) and (thought := _text(piece.get("text"))):
                    self.add_thinking(thought)
                    found = "thinking"
            if text := _text(part.get("text")):
                self.add_text(text)
                found = "text"
        return found

    def _take_call(self, index: object, identifier: str | None, function: _Function | None) -> None:
        call = self._call(index, identifier)
        if call is None or function is None:
            return
        if (name := _text(function.name)) and name != call.name:
            call.name += name
        arguments = function.arguments if isinstance(function.arguments, str) else dumps(function.arguments) if function.arguments else ""
        if arguments and self._fits(arguments):
            call.args.append(arguments)

    def _call(self, index: object, identifier: str | None) -> _Call | None:
        """The call that a piece belongs to: by index, without one by id, without both the latest."""
        if index is None:
            if self._calls and (identifier is None or identifier == self._calls[-1].id):
                return self._calls[-1]
        else:
            for call in reversed(self._calls):
                if call.index == index and (identifier is None or call.id is None or identifier == call.id):
                    call.id = call.id or identifier
                    return call
        if len(self._calls) >= MAX_CALLS:
            return None
        self._calls.append(_Call(index, identifier))
        return self._calls[-1]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
