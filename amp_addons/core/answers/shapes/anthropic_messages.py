"""Anthropic's Messages API: blocks that are started, filled by deltas and stopped, each a channel (see `apis.anthropic_messages`)."""

from typing import Any

import msgspec

from amp_addons.core.answers.filter import Kind
from amp_addons.core.answers.shapes.shape import Form, Key, Rest, Seen, Shape, dict_of, items_of
from amp_addons.core.json_pointer import Path

_DELTAS: dict[str, tuple[str, Kind, Form]] = {
    "text_delta": ("text", "text", "text"),
    "thinking_delta": ("thinking", "thinking", "text"),
    "input_json_delta": ("partial_json", "tool", "json"),
}
_NAMES = {field: name for name, (field, _, _) in _DELTAS.items()}
_WITHOUT_TEXT = ("ping", "message_delta")
_BLOCKS_WITHOUT_TEXT = ("redacted_thinking", "container_upload")


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


_piece = msgspec.json.Decoder(_Piece).decode
_TEXT = b'"text"'
_JSON = b'"partial_json"'
_THINKING = b'"thinking"'


class AnthropicMessages(Shape):
    named = True

    def quick(self, data: bytes) -> tuple[Key, str, bytes] | None:
        try:
            piece = _piece(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        delta = piece.delta
        if isinstance(delta, _Text):
            return (piece.index, "text"), delta.text, _TEXT
        if isinstance(delta, _Json):
            return (piece.index, "partial_json"), delta.partial_json, _JSON
        return (piece.index, "thinking"), delta.thinking, _THINKING

    def read(self, event: dict[str, Any]) -> Seen:
        seen = Seen()
        match event.get("type"):
            case "content_block_delta":
                self._delta(dict_of(event.get("delta")), event.get("index"), seen)
            case "content_block_start":
                self._start(dict_of(event.get("content_block")), event.get("index"), seen)
            case "content_block_stop":
                index = event.get("index")
                seen.ends.append((index,) if isinstance(index, int) else ())
            case "message_start":
                message = dict_of(event.get("message"))
                for at, block in items_of(message.get("content")):
                    _add_block(("message", "content", at), block, seen)
            case "message_stop" | "error":
                seen.ends.append(())
            case kind:
                seen.unseen = kind not in _WITHOUT_TEXT
        return seen

    def whole(self, body: dict[str, Any]) -> Seen:
        seen = Seen(unseen=not body.keys() & {"content", "error", "input_tokens"})
        for at, block in items_of(body.get("content")):
            _add_block(("content", at), block, seen)
        return seen

    def extras(self, held: list[Rest]) -> list[dict[str, Any]]:
        return [
            {"type": "content_block_delta", "index": index, "delta": {"type": _NAMES[str(field)], str(field): text}}
            for (index, field), text, _ in held
        ]

    def _delta(self, delta: dict[str, Any], index: object, seen: Seen) -> None:
        kind = delta.get("type")
        if kind == "citations_delta":
            seen.add(("delta", "citation", "cited_text"), "text", dict_of(delta.get("citation")).get("cited_text"))
        elif isinstance(kind, str) and kind in _DELTAS and isinstance(index, int):
            field, what, form = _DELTAS[kind]
            seen.add(("delta", field), what, delta.get(field), (index, field), form)
        elif kind != "signature_delta":
            seen.unseen = True

    def _start(self, block: dict[str, Any], index: object, seen: Seen) -> None:
        """The start of a block may hold the begin of its text, or all of it."""
        kind = block.get("type")
        if isinstance(index, int) and (kind == "text" or kind == "thinking"):
            if block.get(kind):
                seen.add(("content_block", kind), kind, block[kind], (index, kind))
            _add_citations(("content_block", "citations"), block.get("citations"), seen)
        else:
            _add_block(("content_block",), block, seen)


def _add_block(path: Path, block: dict[str, Any], seen: Seen) -> None:
    """Add the texts of a block that is whole."""
    kind = block.get("type")
    if kind == "text":
        seen.add((*path, "text"), "text", block.get("text"))
        _add_citations((*path, "citations"), block.get("citations"), seen)
    elif kind == "thinking":
        seen.add((*path, "thinking"), "thinking", block.get("thinking"))
    elif isinstance(kind, str) and kind.endswith("tool_use"):
        seen.below((*path, "input"), "tool", block.get("input"))
    elif isinstance(kind, str) and kind.endswith("tool_result"):
        _add_result((*path, "content"), block.get("content"), seen)
    else:
        seen.unseen = seen.unseen or kind not in _BLOCKS_WITHOUT_TEXT


def _add_citations(path: Path, citations: object, seen: Seen) -> None:
    """What is quoted of a document."""
    for at, citation in items_of(citations):
        seen.add((*path, at, "cited_text"), "text", citation.get("cited_text"))


def _add_result(path: Path, content: object, seen: Seen) -> None:
    """What a tool of the service said. What is encrypted in it goes back to the service as it is."""
    if isinstance(content, str):
        seen.add(path, "text", content)
    for field in ("stdout", "stderr"):
        seen.add((*path, field), "text", dict_of(content).get(field))
    for at, item in items_of(content):
        seen.add((*path, at, "text"), "text", item.get("text"))
