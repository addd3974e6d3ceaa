"""Anthropic's Messages API (https://docs.claude.com/en/build-with-claude/streaming), also behind Vertex and OpenRouter.

A message is a list of blocks, each started, filled by deltas and stopped. Blocks that a server runs itself (`server_tool_use`,
`mcp_tool_use`) are calls like those of the client's tools; their results are input, not output.
"""

from io import StringIO
from typing import Any

import msgspec

from amp_addons.core.partial_json import parse
from amp_addons.core.payload import PayloadDecoder, dumps, each_of, well_formed
from amp_addons.core.reading import Delta, Reading

MAX_BLOCKS = 10_000
"""Blocks of one answer that are told apart."""


class _Text(msgspec.Struct, tag="text_delta", gc=False):
    text: str


class _Thinking(msgspec.Struct, tag="thinking_delta", gc=False):
    thinking: str


class _Json(msgspec.Struct, tag="input_json_delta", gc=False):
    partial_json: str


class _Piece(msgspec.Struct, tag="content_block_delta", gc=False):
    """Nearly every event, read strictly because that is quickest."""

    index: int
    delta: _Text | _Thinking | _Json


class _TextPiece(msgspec.Struct, tag="content_block_delta", gc=False):
    """A piece of text and nothing else: what nearly every run of events consists of."""

    delta: _Text


class _ThoughtPiece(msgspec.Struct, tag="content_block_delta", gc=False):
    delta: _Thinking


class _Block(msgspec.Struct):
    type: Any = None
    id: Any = None
    name: Any = None
    input: Any = None
    text: Any = None
    thinking: Any = None


class _OutputDetails(msgspec.Struct):
    thinking_tokens: Any = None


class _Usage(msgspec.Struct):
    input_tokens: Any = None
    output_tokens: Any = None
    cache_read_input_tokens: Any = None
    cache_creation_input_tokens: Any = None
    output_tokens_details: _OutputDetails | None = None


class _Message(msgspec.Struct):
    type: Any = None
    id: Any = None
    model: Any = None
    content: list[_Block] | None = None
    stop_reason: Any = None
    usage: _Usage | None = None
    error: Any = None


class _Delta(msgspec.Struct):
    type: Any = None
    text: Any = None
    thinking: Any = None
    partial_json: Any = None
    stop_reason: Any = None


class _Event(msgspec.Struct):
    type: Any = None
    object: Any = None
    index: Any = None
    delta: _Delta | None = None
    content_block: _Block | None = None
    message: _Message | None = None
    usage: _Usage | None = None
    error: Any = None


_piece = msgspec.json.Decoder(_Piece).decode
_text_piece = msgspec.json.Decoder(_TextPiece)
_thought_piece = msgspec.json.Decoder(_ThoughtPiece)
_event = PayloadDecoder(_Event)
_message = PayloadDecoder(_Message)

_PIECE = "content_block_delta"
_TEXT: tuple[str, Delta] = (_PIECE, "text")
_THINKING: tuple[str, Delta] = (_PIECE, "thinking")
_TOOL: tuple[str, Delta] = (_PIECE, "tool")


class _Call:
    """A call of a tool: `start` is the input that its block began with, as JSON; the pieces that follow replace it."""

    def __init__(self, id: str, name: str, start: str) -> None:
        self.id = id
        self.name = name
        self.start = start
        self.pieces = StringIO()

    def read(self) -> dict[str, Any]:
        text = well_formed(self.pieces.getvalue() or self.start)
        return {"id": well_formed(self.id), "name": well_formed(self.name), "args": parse(text) if text else {}}


class AnthropicMessages(Reading):
    """An answer of the Messages API."""

    api = "anthropic-messages"

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[_Call | None] = []  # by index as the SDKs count: in the order in which they began

    def take(self, data: str, name: str) -> tuple[str, Delta | None]:
        try:
            piece = _piece(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return self._take_other(data, name)
        delta = piece.delta
        if isinstance(delta, _Text):  # nearly every event: `add_text` without its calls
            text = delta.text
            self._kept += len(text)
            if self._kept <= self._limit:
                self._text.write(text)
            return _TEXT
        if isinstance(delta, _Thinking):
            self.add_thinking(delta.thinking)
            return _THINKING
        self._add_json(piece.index, delta.partial_json)
        return _TOOL

    def take_run(self, data: list[str], name: str) -> tuple[str, Delta | None] | None:
        try:
            text = "".join([piece.delta.text for piece in each_of(_text_piece, data)])
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return self._take_thoughts(data)
        kept = self._kept + len(text)  # `_has_room` and `add_text` without their calls
        if kept <= self._limit:
            self._text.write(text)
        elif self._limit >= 0:
            return None
        self._kept = kept
        return _TEXT

    def _take_thoughts(self, data: list[str]) -> tuple[str, Delta | None] | None:
        try:
            text = "".join([piece.delta.thinking for piece in each_of(_thought_piece, data)])
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        if not self._has_room(text):
            return None
        self.add_thinking(text)
        return _THINKING

    def whole(self, body: bytes) -> None:
        message = _message.decode(body)
        if message is None:
            self.unreadable += 1
        else:
            self._take_message(message)
            self.finished = True

    def tool_calls(self) -> list[dict[str, Any]]:
        return [call.read() for call in self._blocks if call is not None]

    def usage(self) -> dict[str, int]:
        tokens = dict(self.tokens)
        if "input" in tokens:
            tokens["input"] += tokens.get("cache_read", 0) + tokens.get("cache_write", 0)
        return tokens

    def _take_other(self, data: str, name: str) -> tuple[str, Delta | None]:
        event = _event.decode(data)
        if event is None:
            self.unreadable += 1
            return name, None
        kind = next((label for label in (event.type, event.object) if isinstance(label, str)), name)
        delta: Delta | None = None
        if kind == "content_block_start" and event.content_block is not None:
            delta = self._take_block(event.content_block)
        elif kind == _PIECE and event.delta is not None:
            delta = self._take_delta(event.index, event.delta)
        elif kind == "message_start" and event.message is not None:
            self._take_message(event.message)
        elif kind == "message_delta":
            self._take_end(event.delta.stop_reason if event.delta else None, event.usage)
        elif kind == "message_stop":
            self.finished = True
        if event.error is not None:
            self.add_error_of(event.error)
        return kind, delta

    def _take_message(self, message: _Message) -> None:
        """The start of a streamed message, or a whole one. A second start goes on with the first message, as in the SDKs."""
        if self.id is None and isinstance(message.id, str):
            self.id = message.id
        if self.model is None and isinstance(message.model, str):
            self.model = message.model
        for block in message.content or ():
            self._take_block(block)
        self._take_end(message.stop_reason, message.usage)
        if message.error is not None:
            self.add_error_of(message.error)

    def _take_end(self, stop_reason: object, usage: _Usage | None) -> None:
        if isinstance(stop_reason, str):
            self.stop_reason = stop_reason
        if usage is not None:
            self.set_tokens(
                input=usage.input_tokens,
                output=usage.output_tokens,
                cache_read=usage.cache_read_input_tokens,
                cache_write=usage.cache_creation_input_tokens,
                reasoning=usage.output_tokens_details.thinking_tokens if usage.output_tokens_details else None,
            )

    def _take_block(self, block: _Block) -> Delta | None:
        """The start of a block, which may hold all of it already."""
        is_call = isinstance(block.type, str) and block.type.endswith("tool_use")
        call = self._call(block) if is_call else None
        if len(self._blocks) < MAX_BLOCKS:
            self._blocks.append(call)
        return "tool" if is_call else self._take_delta(None, _Delta(text=block.text, thinking=block.thinking))

    def _take_delta(self, index: object, delta: _Delta) -> Delta | None:
        if isinstance(delta.text, str) and delta.text:
            self.add_text(delta.text)
            return "text"
        if isinstance(delta.thinking, str) and delta.thinking:
            self.add_thinking(delta.thinking)
            return "thinking"
        if isinstance(delta.partial_json, str):
            self._add_json(index, delta.partial_json)
            return "tool"
        return None

    def _call(self, block: _Block) -> _Call | None:
        start = dumps(block.input) if block.input else ""
        id, name = (label if isinstance(label, str) else "" for label in (block.id, block.name))
        return _Call(id, name, start) if self._fits(id + name + start) else None

    def _add_json(self, index: object, piece: str) -> None:
        if isinstance(index, int) and 0 <= index < len(self._blocks):
            call = self._blocks[index]
            if call is not None and self._fits(piece):
                call.pieces.write(piece)
