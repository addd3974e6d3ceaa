"""The Responses API (see `apis.openai_responses`): output items with parts, each a channel from its first delta to its `.done`.

What came in deltas comes again whole in the events that end a part, an item and the response.
"""

from typing import Any

import msgspec

from amp_addons.core.answers.filter import Kind
from amp_addons.core.answers.shapes.shape import Form, Key, Rest, Seen, Shape, dict_of, items_of, number_of, scalars_of
from amp_addons.core.json_pointer import Path

_PIECES: dict[str, tuple[str, Kind, Form]] = {
    "output_text": ("text", "text", "text"),
    "refusal": ("refusal", "refusal", "text"),
    "reasoning_summary_text": ("text", "thinking", "text"),
    "reasoning_text": ("text", "thinking", "text"),
    "function_call_arguments": ("arguments", "tool", "json"),
    "mcp_call_arguments": ("arguments", "tool", "json"),
    "custom_tool_call_input": ("input", "tool", "text"),
    "code_interpreter_call_code": ("code", "tool", "text"),
}
"""By the middle of the event's type: where its `.done` has the whole text, and what it is."""

_RESPONSE = ("created", "in_progress", "queued", "completed", "incomplete", "failed", "cancelled")
_ENDS = ("completed", "incomplete", "failed", "cancelled")
_PROGRESS = ("in_progress", "searching", "interpreting", "generating", "completed", "failed", "partial_image")
"""How far a tool of the service is: the ends of types such as `response.web_search_call.searching`."""

_ITEM_FIELDS: dict[str, tuple[tuple[str, Kind, Form], ...]] = {
    "function_call": (("arguments", "tool", "json"),),
    "custom_tool_call": (("input", "tool", "text"),),
    "mcp_call": (("arguments", "tool", "json"), ("output", "text", "text")),
    "code_interpreter_call": (("code", "tool", "text"),),
    "message": (),
    "reasoning": (),
    "image_generation_call": (),
    "file_search_call": (),
    "mcp_list_tools": (),
    "web_search_call": (),
    "computer_call": (),
    "local_shell_call": (),
    "shell_call": (),
    "apply_patch_call": (),
    "mcp_approval_request": (("arguments", "tool", "json"),),
}
_ACTIONS = ("action", "operation")
"""Where calls of the built-in tools (shell, computer, web search, patches) say what to do."""


class _Piece(msgspec.Struct, gc=False):
    """Nearly every event, read strictly because that is quickest."""

    type: str
    delta: str
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0
    sequence_number: int = -1


_piece = msgspec.json.Decoder(_Piece).decode
_QUICK = {f"response.{middle}.delta": middle for middle in _PIECES}
_DELTA: Path = ("delta",)
_SPOT = b'"delta"'


class OpenAIResponses(Shape):
    named = True
    numbered = True

    def quick(self, data: bytes) -> tuple[Key, str, bytes] | None:
        try:
            piece = _piece(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        middle = _QUICK.get(piece.type)
        self.number = piece.sequence_number
        return ((piece.output_index, piece.summary_index or piece.content_index, middle), piece.delta, _SPOT) if middle else None

    def read(self, event: dict[str, Any]) -> Seen:
        seen = Seen()
        self.number = number_of(event.get("sequence_number"), self.number)
        kind = event.get("type")
        family, _, rest = kind.partition(".") if isinstance(kind, str) else ("", "", "")
        middle, _, last = rest.partition(".")
        item = number_of(event.get("output_index"))
        part = number_of(event.get("summary_index")) or number_of(event.get("content_index"))
        if middle in _PIECES and last in ("delta", "done"):
            self._piece(event, (item, part, middle), seen, done=last == "done")
        elif middle == "output_item" or (family == "response" and "item" in event):
            seen.ends += [(item,)] if last == "done" else []
            _add_item(("item",), dict_of(event.get("item")), seen)
        elif middle in ("content_part", "reasoning_summary_part"):
            seen.ends += [(item, part)] if last == "done" else []
            _add_part(("part",), dict_of(event.get("part")), seen)
        elif family == "response" and rest in _RESPONSE:
            seen.ends += [()] if rest in _ENDS else []
            _add_response(("response",), dict_of(event.get("response")), seen)
        elif kind == "error" or "error" in event:
            seen.ends.append(())
        else:
            seen.unseen = last not in _PROGRESS and rest != "output_text.annotation.added" and kind != "keepalive"
        return seen

    def whole(self, body: dict[str, Any]) -> Seen:
        seen = Seen(unseen=not body.keys() & {"output", "error"})
        _add_response((), body, seen)
        return seen

    def about(self, event: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in scalars_of(event).items() if name not in ("delta", "obfuscation")}

    def extras(self, held: list[Rest]) -> list[dict[str, Any]]:
        return [{**about, "delta": text} | ({"logprobs": []} if key[-1] == "output_text" else {}) for key, text, about in held]

    def _piece(self, event: dict[str, Any], key: Key, seen: Seen, *, done: bool) -> None:
        field, kind, form = _PIECES[str(key[-1])]
        if done:
            seen.ends.append(key)
            seen.add((field,), kind, event.get(field), None, form)
            return
        seen.add(_DELTA, kind, event.get("delta"), key, form)


def _add_response(path: Path, response: dict[str, Any], seen: Seen) -> None:
    for at, item in items_of(response.get("output")):
        _add_item((*path, "output", at), item, seen)


def _add_item(path: Path, item: dict[str, Any], seen: Seen) -> None:
    """Add the texts of an output item, which may not be finished."""
    kind = item.get("type")
    fields = _ITEM_FIELDS.get(kind) if isinstance(kind, str) else None
    for field, what, form in fields or ():
        seen.add((*path, field), what, item.get(field), None, form)
    for field in ("summary", "content"):
        for at, part in items_of(item.get(field)):
            _add_part((*path, field, at), part, seen)
    for at, output in items_of(item.get("outputs")):
        seen.add((*path, "outputs", at, "logs"), "text", output.get("logs"))
    for field in _ACTIONS:
        seen.below((*path, field), "tool", item.get(field))
    seen.unseen = seen.unseen or fields is None


def _add_part(path: Path, part: dict[str, Any], seen: Seen) -> None:
    kind = part.get("type")
    seen.add((*path, "text"), "text" if kind in ("output_text", "text") else "thinking", part.get("text"))
    seen.add((*path, "refusal"), "refusal", part.get("refusal"))
