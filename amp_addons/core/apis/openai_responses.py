"""OpenAI's Responses API (https://platform.openai.com/docs/api-reference/responses-streaming), also xAI's and OpenRouter's.

A response is a list of output items. What an item holds comes in deltas, again in a `.done` event, again in the finished item and
again in the finished response; each part is taken from the first of these that has it.
"""

from io import StringIO
from typing import Any, Literal

import msgspec

from amp_addons.core.partial_json import parse
from amp_addons.core.payload import PayloadDecoder, each_of, well_formed
from amp_addons.core.reading import Delta, Reading
from amp_addons.core.stream import DONE

MAX_PARTS = 10_000
"""Parts and calls of one answer that are told apart."""

type _Kind = Literal["text", "refusal", "summary", "reasoning", "tool", "server"]

_PIECES: dict[str, _Kind] = {
    "response.output_text.": "text",
    "response.refusal.": "refusal",
    "response.reasoning_summary_text.": "summary",
    "response.reasoning_text.": "reasoning",
    "response.function_call_arguments.": "tool",
    "response.custom_tool_call_input.": "tool",
    # What OpenAI runs itself: output of the model, but no call for a client to answer.
    "response.mcp_call_arguments.": "server",
    "response.code_interpreter_call_code.": "server",
}
_DELTAS = {f"{stem}delta": kind for stem, kind in _PIECES.items()}
_DONE = {f"{stem}done": kind for stem, kind in _PIECES.items()}
_OUTPUT: dict[_Kind, Delta] = {
    "text": "text",
    "refusal": "text",
    "summary": "thinking",
    "reasoning": "thinking",
    "tool": "tool",
    "server": "tool",
}
_CALLS = ("function_call", "custom_tool_call")
_ENDS = ("completed", "incomplete", "failed", "cancelled")


class _Piece(msgspec.Struct, gc=False):
    """Nearly every event, read strictly because that is quickest."""

    type: str
    delta: str
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0


class _Part(msgspec.Struct):
    type: Any = None
    text: Any = None
    refusal: Any = None


class _Item(msgspec.Struct):
    type: Any = None
    id: Any = None
    call_id: Any = None
    name: Any = None
    arguments: Any = None
    input: Any = None
    content: list[_Part] | None = None
    summary: list[_Part] | None = None


class _InputDetails(msgspec.Struct):
    cached_tokens: Any = None
    cache_write_tokens: Any = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: Any = None


class _Usage(msgspec.Struct):
    input_tokens: Any = None
    output_tokens: Any = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class _Incomplete(msgspec.Struct):
    reason: Any = None


class _Response(msgspec.Struct):
    id: Any = None
    model: Any = None
    status: Any = None
    error: Any = None
    incomplete_details: _Incomplete | None = None
    output: list[_Item] | None = None
    usage: _Usage | None = None


class _Event(msgspec.Struct):
    type: Any = None
    object: Any = None
    output_index: Any = None
    content_index: Any = None
    summary_index: Any = None
    delta: Any = None
    text: Any = None
    refusal: Any = None
    arguments: Any = None
    input: Any = None
    code: Any = None
    message: Any = None
    error: Any = None
    item: _Item | None = None
    response: _Response | None = None


_pieces = msgspec.json.Decoder(_Piece)
_piece = _pieces.decode
_event = PayloadDecoder(_Event)
_response = PayloadDecoder(_Response)


class _Call:
    """A call of a tool: the pieces of its arguments, or what the finished item says they are."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.custom = False
        self.final: str | None = None
        self.pieces = StringIO()

    def read(self) -> dict[str, Any]:
        text = well_formed(self.pieces.getvalue() if self.final is None else self.final)
        args = text if self.custom else parse(text) if text else {}
        return {"id": well_formed(self.id), "name": well_formed(self.name), "args": args}


class OpenAIResponses(Reading):
    """An answer of the Responses API. `stop_reason` is the final status, or the reason why it is incomplete."""

    api = "openai-responses"

    def __init__(self) -> None:
        super().__init__()
        self._calls: dict[int, _Call] = {}  # by output index
        self._said: set[tuple[_Kind, int, int]] = set()  # the parts that came already: kind, output index, index within the item
        self._has_items = False

    def take(self, data: str, name: str) -> tuple[str, Delta | None]:
        try:
            piece = _piece(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return self._take_other(data, name)
        kind = _DELTAS.get(piece.type)
        if kind is None:
            return piece.type, None
        self._add(kind, *_place(piece), piece.delta)
        return piece.type, _OUTPUT[kind]

    def take_run(self, data: list[str], name: str) -> tuple[str, Delta | None] | None:
        try:
            pieces = each_of(_pieces, data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        first = pieces[0]
        text = "".join([piece.delta for piece in pieces])
        if (kind := _DELTAS.get(first.type)) is None or not self._has_room(text):
            return None
        if any(piece.type != first.type or _place(piece) != _place(first) for piece in pieces):
            return None
        self._add(kind, *_place(first), text)
        return first.type, _OUTPUT[kind]

    def whole(self, body: bytes) -> None:
        response = _response.decode(body)
        if response is None:
            self.unreadable += 1
        else:
            self._take_response(response)
            self.finished = True

    def tool_calls(self) -> list[dict[str, Any]]:
        return [call.read() for call in self._calls.values()]

    def _take_other(self, data: str, name: str) -> tuple[str, Delta | None]:
        event = _event.decode(data)
        if event is None:
            self.unreadable += data != DONE
            return name, None
        label = next((label for label in (event.type, event.object) if isinstance(label, str)), name)
        output_index, part = _index(event.output_index), _index(event.summary_index) or _index(event.content_index)
        delta: Delta | None = None
        if kind := _DELTAS.get(label):
            if isinstance(event.delta, str):
                self._add(kind, output_index, part, event.delta)
                delta = _OUTPUT[kind]
        elif kind := _DONE.get(label):
            whole = event.arguments or event.input if kind == "tool" else event.refusal if kind == "refusal" else event.text
            delta = self._complete(kind, output_index, part, whole)
        elif event.item is not None:
            self._has_items = True
            delta = self._take_item(output_index, event.item, done=label.endswith(".done"))
        elif event.response is not None:
            self._take_response(event.response)
        if label == "error" or event.error is not None:
            self.add_error_of(event.error or {"code": event.code, "message": event.message})
        return label, delta

    def _add(self, kind: _Kind, output_index: int, part: int, piece: str) -> None:
        if kind == "tool":
            call = self._call(output_index)
            if call is not None and self._fits(piece):
                call.pieces.write(piece)
            return
        if len(self._said) < MAX_PARTS:
            self._said.add((kind, output_index, part))
        if kind == "text":
            self.add_text(piece)
        elif kind == "refusal":
            self.add_refusal(piece)
        elif kind != "server":
            self.add_thinking(piece)

    def _complete(self, kind: _Kind, output_index: int, part: int, whole: object) -> Delta | None:
        """Take a part as a whole, unless it came in pieces."""
        if not isinstance(whole, str) or not whole:
            return None
        if kind == "tool":
            call = self._call(output_index)
            if call is not None and whole != call.pieces.getvalue() and self._fits(whole):
                call.final = whole
            return None
        if (kind, output_index, part) in self._said:
            return None
        self._add(kind, output_index, part, whole)
        return _OUTPUT[kind]

    def _take_item(self, output_index: int, item: _Item, *, done: bool) -> Delta | None:
        if item.type in _CALLS:
            if (call := self._call(output_index)) is not None:
                self._name(call, item)
            if done:
                self._complete("tool", output_index, 0, item.input if item.type == "custom_tool_call" else item.arguments)
            return "tool"
        found: Delta | None = None
        for kind, parts in (("summary", item.summary), ("content", item.content)) if done else ():
            for number, part in enumerate(parts or ()):
                found = self._take_part(kind, output_index, number, part) or found
        return found

    def _take_part(self, kind: str, output_index: int, number: int, part: _Part) -> Delta | None:
        if kind == "summary":
            return self._complete("summary", output_index, number, part.text)
        if part.type == "refusal":
            return self._complete("refusal", output_index, number, part.refusal)
        return self._complete("reasoning" if part.type == "reasoning_text" else "text", output_index, number, part.text)

    def _take_response(self, response: _Response) -> None:
        self.id = response.id if isinstance(response.id, str) else self.id
        self.model = response.model if isinstance(response.model, str) else self.model
        if response.error is not None:
            self.add_error_of(response.error)
        if response.usage is not None:
            self._take_usage(response.usage)
        if response.status in _ENDS:
            self.finished = True
            reason = response.incomplete_details.reason if response.incomplete_details else None
            self.stop_reason = reason if isinstance(reason, str) else response.status
            # The numbers of the items need not be those of the events, so either these or those count.
            for number, item in enumerate(() if self._has_items or self._said else response.output or ()):
                self._take_item(number, item, done=True)

    def _take_usage(self, usage: _Usage) -> None:
        read = usage.input_tokens_details or _InputDetails()
        self.set_tokens(
            input=usage.input_tokens,
            output=usage.output_tokens,
            cache_read=read.cached_tokens,
            cache_write=read.cache_write_tokens,
            reasoning=usage.output_tokens_details.reasoning_tokens if usage.output_tokens_details else None,
        )

    def _call(self, output_index: int) -> _Call | None:
        if output_index not in self._calls and len(self._calls) < MAX_PARTS:
            self._calls[output_index] = _Call()
        return self._calls.get(output_index)

    def _name(self, call: _Call, item: _Item) -> None:
        id, name = (label if isinstance(label, str) else "" for label in (item.call_id or item.id, item.name))
        if self._fits(id + name):
            call.id, call.name, call.custom = id, name, item.type == "custom_tool_call"


def _place(piece: _Piece) -> tuple[int, int]:
    return piece.output_index, piece.summary_index or piece.content_index


def _index(value: object) -> int:
    return value if isinstance(value, int) else 0
