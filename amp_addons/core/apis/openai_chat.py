"""Chat completions (https://platform.openai.com/docs/api-reference/chat-streaming): OpenAI's, and all that speak like it.

The relatives differ in what they add: reasoning fields, usage under `x_groq` or in a choice, errors beside usage, no `[DONE]`, tool
calls without an index. Only the first choice is read; the others are counted as events and not mixed in.
"""

from typing import Any, Literal

import msgspec

from amp_addons.core.chat_calls import ChatCalls, Function, Piece
from amp_addons.core.payload import PayloadDecoder, dumps, each_of
from amp_addons.core.reading import Delta, Reading
from amp_addons.core.stream import DONE


class _PlainDelta(msgspec.Struct, gc=False):
    content: str
    reasoning: None = None
    reasoning_content: None = None
    reasoning_text: None = None
    reasoning_details: None = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None


class _PlainChoice(msgspec.Struct, gc=False):
    delta: _PlainDelta
    index: Literal[0] = 0
    finish_reason: None = None
    usage: None = None
    error: None = None


class _Plain(msgspec.Struct, gc=False):
    """Nearly every event, read strictly because that is quickest: text of the first choice and nothing else."""

    object: Literal["chat.completion.chunk"]
    choices: tuple[_PlainChoice]
    id: str
    model: str
    type: None = None
    usage: None = None
    x_groq: None = None
    error: None = None


class _Thought(msgspec.Struct):
    text: Any = None
    summary: Any = None


class _Message(msgspec.Struct):
    """A delta of a stream, or the message of a whole answer."""

    content: Any = None
    reasoning: Any = None
    reasoning_content: Any = None
    reasoning_text: Any = None
    reasoning_details: list[_Thought] | None = None
    refusal: Any = None
    tool_calls: list[Piece] | None = None
    function_call: Function | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: Any = None
    cache_write_tokens: Any = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: Any = None


class _Usage(msgspec.Struct):
    prompt_tokens: Any = None
    completion_tokens: Any = None
    total_tokens: Any = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None
    prompt_cache_hit_tokens: Any = None  # DeepSeek
    cached_tokens: Any = None  # Moonshot, Together


class _Choice(msgspec.Struct):
    index: Any = None
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: Any = None
    text: Any = None
    usage: _Usage | None = None  # Moonshot
    error: Any = None  # OpenRouter


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
    code: Any = None
    message: Any = None
    detail: Any = None


_plains = msgspec.json.Decoder(_Plain)
_plain = _plains.decode
_chunk = PayloadDecoder(_Chunk)

_TEXT: tuple[str, Delta] = ("chat.completion.chunk", "text")
_NONE: tuple[str, Delta | None] = ("chat.completion.chunk", None)


class OpenAIChat(Reading):
    """An answer of chat completions. It is finished with `[DONE]`, or with the first choice's `finish_reason`."""

    api = "openai-chat"

    def __init__(self) -> None:
        super().__init__()
        self._calls = ChatCalls(self._fits)
        self._total: object = None

    def take(self, data: str, name: str) -> tuple[str, Delta | None]:
        try:
            plain = _plain(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return self._take_other(data, name)
        self.id = self.id or plain.id
        self.model = plain.model or self.model
        if not (text := plain.choices[0].delta.content):
            return _NONE
        self.add_text(text)
        return _TEXT

    def take_run(self, data: list[str], name: str) -> tuple[str, Delta | None] | None:
        try:
            chunks = each_of(_plains, data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        texts = [chunk.choices[0].delta.content for chunk in chunks]
        text = "".join(texts)
        if not all(texts) or not self._has_room(text):
            return None
        self.id = self.id or next((chunk.id for chunk in chunks if chunk.id), "")
        self.model = next((chunk.model for chunk in reversed(chunks) if chunk.model), self.model)
        self.add_text(text)
        return _TEXT

    def whole(self, body: bytes) -> None:
        chunk = _chunk.decode(body)
        if chunk is None:
            self.unreadable += 1
            return
        self._take_chunk(chunk, bare=chunk.choices is None)
        self.finished = True

    def tool_calls(self) -> list[dict[str, Any]]:
        return self._calls.read()

    def usage(self) -> dict[str, int]:
        found = dict(self.tokens)
        output, reasoning = found.get("output", 0), found.get("reasoning", 0)
        # xAI leaves reasoning out of `completion_tokens`; the total tells.
        if reasoning and self._total == found.get("input", 0) + output + reasoning:
            found["output"] = output + reasoning
        return found

    def _take_other(self, data: str, name: str) -> tuple[str, Delta | None]:
        if data == DONE:
            self.finished = True
            return DONE, None
        chunk = _chunk.decode(data)
        if chunk is None:
            self.unreadable += 1
            return name, None
        kind = _text(chunk.type) or _text(chunk.object) or name
        return kind, self._take_chunk(chunk, bare="error" in (chunk.type, chunk.object, name))

    def _take_chunk(self, chunk: _Chunk, *, bare: bool) -> Delta | None:
        self.id = self.id or _text(chunk.id)
        self.model = _text(chunk.model) or self.model
        self._take_error(chunk, bare)
        if chunk.x_groq is not None:
            self._take_usage(chunk.x_groq.usage)
            if chunk.x_groq.error:
                self.add_error_of(chunk.x_groq.error)
        found: Delta | None = None
        for number, choice in enumerate(chunk.choices or ()):
            if (choice.index if isinstance(choice.index, int) else number) == 0:
                found = self._take_choice(choice) or found
        self._take_usage(chunk.usage)
        return found

    def _take_error(self, chunk: _Chunk, bare: bool) -> None:
        """An `error`, beside its `code` where it is text (xAI), or the whole object when `bare` (Cerebras, vLLM, FastAPI)."""
        if isinstance(chunk.error, str) and chunk.error:
            self.add_error(chunk.code, chunk.error)
        elif chunk.error:
            self.add_error_of(chunk.error)
        elif bare and (said := chunk.message or chunk.detail):
            kind = chunk.code if chunk.type in (None, "error") else chunk.type
            self.add_error(kind, said if isinstance(said, str) else dumps(said))

    def _take_usage(self, usage: _Usage | None) -> None:
        if usage is None:
            return
        prompt = usage.prompt_tokens_details or _PromptDetails()
        cached = (prompt.cached_tokens, usage.prompt_cache_hit_tokens, usage.cached_tokens)
        before, self.tokens = self.tokens, {}  # each tells all so far: the last one with a number counts
        self.set_tokens(
            input=usage.prompt_tokens,
            output=usage.completion_tokens,
            cache_read=next((number for number in cached if isinstance(number, int)), None),
            cache_write=prompt.cache_write_tokens,
            reasoning=usage.completion_tokens_details.reasoning_tokens if usage.completion_tokens_details else None,
        )
        self.tokens = self.tokens or before
        self._total = usage.total_tokens

    def _take_choice(self, choice: _Choice) -> Delta | None:
        if reason := _text(choice.finish_reason):
            self.stop_reason = reason
            self.finished = True
        self._take_usage(choice.usage)
        if choice.error:
            self.add_error_of(choice.error)
        if choice.delta is not None:
            return self._take_message(choice.delta)
        if self._kept:
            return None  # a message at the end of a stream repeats it
        return self._take_message(choice.message or _Message(content=choice.text))

    def _take_message(self, message: _Message) -> Delta | None:
        found = self._take_thoughts(message)
        if message.content:
            found = self._take_content(message.content) or found
        if refusal := _text(message.refusal):
            self.add_refusal(refusal)
            found = "text"
        pieces = message.tool_calls or []
        if message.function_call is not None:
            pieces = [*pieces, Piece(index="function_call", function=message.function_call)]
        for piece in pieces:
            self._calls.take(piece)
            found = "tool"
        return found

    def _take_thoughts(self, message: _Message) -> Delta | None:
        """The same thought may be under several names: it is read once."""
        thought = _text(message.reasoning_content) or _text(message.reasoning) or _text(message.reasoning_text)
        details = message.reasoning_details or ()
        thought = thought or "".join(_text(detail.text) or _text(detail.summary) or "" for detail in details)
        self.add_thinking(thought)
        return "thinking" if thought else None

    def _take_content(self, content: Any) -> Delta | None:
        """Text, or a list of parts, some of which may be thoughts (Mistral)."""
        if isinstance(content, str):
            self.add_text(content)
            return "text"
        found: Delta | None = None
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, dict):
                found = self._take_part(part) or found
        return found

    def _take_part(self, part: dict[str, Any]) -> Delta | None:
        thoughts = part.get("thinking")
        for piece in thoughts if isinstance(thoughts, list) else [{"text": thoughts}]:
            if isinstance(piece, dict) and (thought := _text(piece.get("text"))):
                self.add_thinking(thought)
        if text := _text(part.get("text")):
            self.add_text(text)
            return "text"
        if refusal := _text(part.get("refusal")):
            self.add_refusal(refusal)
            return "text"
        return "thinking" if thoughts else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
