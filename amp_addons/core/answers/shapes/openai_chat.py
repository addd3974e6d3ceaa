"""Chat completions, OpenAI's and its relatives' (see `apis.openai_chat`): a channel for each choice and field, and for each tool call.

Channels end with their choice. Thoughts end before that where the choice begins to speak, so that their rest is not told after it.
"""

from typing import Any

import msgspec

from amp_addons.core.answers.filter import Kind
from amp_addons.core.answers.shapes.shape import Key, Rest, Seen, Shape, dict_of, items_of, number_of, scalars_of
from amp_addons.core.json_pointer import Path

_FIELDS: dict[str, Kind] = {
    "reasoning_content": "thinking",
    "reasoning": "thinking",
    "reasoning_text": "thinking",
    "content": "text",
    "refusal": "refusal",
}
_WITHOUT_TEXT = frozenset(
    "role name channel audio images annotations signature token_ids encrypted_content reasoning_signature reasoning_details "
    "tool_calls function_call".split()
)
"""What else a delta or message may hold: `audio` is no text that anyone here reads, the last three are looked into by themselves."""


class _Function(msgspec.Struct, gc=False):
    arguments: str


class _PlainCall(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    index: int
    function: _Function


class _PlainDelta(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[_PlainCall] | None = None
    role: str | None = None
    refusal: None = None


class _PlainChoice(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    delta: _PlainDelta
    index: int = 0
    finish_reason: None = None
    native_finish_reason: None = None
    logprobs: None = None


class _Plain(msgspec.Struct, gc=False):
    """Nearly every event, read strictly because that is quickest."""

    choices: tuple[_PlainChoice]
    error: None = None


_plain = msgspec.json.Decoder(_Plain).decode
_ARGUMENTS = b'"arguments"'
_THOUGHT = b'"reasoning_content"'
_CONTENT = b'"content"'


class OpenAIChat(Shape):
    def __init__(self) -> None:
        self._thinks = False

    def quick(self, data: bytes) -> tuple[Key, str, bytes] | None:
        try:
            choice = _plain(data).choices[0]
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        match choice.delta:
            case _PlainDelta(content=str(text), reasoning_content=None, tool_calls=None) if not self._thinks:
                return (choice.index, "said", "content"), text, _CONTENT
            case _PlainDelta(content=None, reasoning_content=str(text), tool_calls=None):
                return (choice.index, "thought", "reasoning_content"), text, _THOUGHT
            case _PlainDelta(content=None, reasoning_content=None, tool_calls=(call,)) if not self._thinks:
                return (choice.index, "tool", call.index, "arguments"), call.function.arguments, _ARGUMENTS
        return None

    def read(self, event: dict[str, Any]) -> Seen:
        seen = Seen(unseen=not event.keys() & {"choices", "error", "usage", "x_groq"})
        if event.get("error"):
            seen.ends.append(())
        for at, choice in items_of(event.get("choices")):
            index = number_of(choice.get("index"), int(at))
            if "delta" in choice:
                self._delta(("choices", at, "delta"), index, dict_of(choice["delta"]), seen)
            elif "message" in choice:
                _add_message(("choices", at, "message"), dict_of(choice["message"]), seen)
            else:
                seen.add(("choices", at, "text"), "text", choice.get("text"), (index, "said", "text"))
            if choice.get("finish_reason"):
                seen.ends.append((index,))
        return seen

    def whole(self, body: dict[str, Any]) -> Seen:
        seen = Seen(unseen=not body.keys() & {"choices", "error"})
        for at, choice in items_of(body.get("choices")):
            _add_message(("choices", at, "message"), dict_of(choice.get("message")), seen)
            seen.add(("choices", at, "text"), "text", choice.get("text"))
        return seen

    def about(self, event: dict[str, Any]) -> dict[str, Any]:
        return scalars_of(event)

    def extras(self, held: list[Rest]) -> list[dict[str, Any]]:
        """The same thought under several names is one event, as it was before."""
        found: dict[Key, dict[str, Any]] = {}
        for key, text, about in held:
            index, what, *name = key
            choice = _choice(text, str(what), *name)
            if what == "thought" and (before := found.get((index,))):
                delta = before["choices"][0]["delta"]
                for field, value in choice["delta"].items():
                    delta[field] = delta[field] + value if field in delta else value
            else:
                found[(index,) if what == "thought" else key] = {
                    **about,
                    "choices": [{"index": index, **choice, "finish_reason": None}],
                }
        return [*found.values()]

    def _delta(self, path: Path, index: int, delta: dict[str, Any], seen: Seen) -> None:
        _add_texts(path, delta, seen, index)
        kinds = {place.kind for place in seen.places if place.text}
        self._thinks = self._thinks or "thinking" in kinds
        if self._thinks and ("text" in kinds or delta.get("tool_calls")):
            seen.ends.append((index, "thought"))
            self._thinks = False
        for at, call in items_of(delta.get("tool_calls")):
            number = number_of(call.get("index"), int(at))
            _add_call((*path, "tool_calls", at), call, seen, (index, "tool", number))
        _add_call(path, {"function": delta.get("function_call")}, seen, (index, "tool", "function_call"), "function_call")
        _note_unknown(delta, seen)


def _add_message(path: Path, message: dict[str, Any], seen: Seen) -> None:
    """Add the texts of a message that is whole."""
    _add_texts(path, message, seen)
    for at, call in items_of(message.get("tool_calls")):
        _add_call((*path, "tool_calls", at), call, seen)
    _add_call(path, {"function": message.get("function_call")}, seen, None, "function_call")
    _note_unknown(message, seen)


def _add_call(path: Path, call: dict[str, Any], seen: Seen, key: Key | None = None, name: str = "function") -> None:
    arguments, text = dict_of(call.get("function")).get("arguments"), dict_of(call.get("custom")).get("input")
    seen.add((*path, name, "arguments"), "tool", arguments, key and (*key, "arguments"), "json")
    seen.add((*path, "custom", "input"), "tool", text, key and (*key, "input"))


def _add_texts(path: Path, message: dict[str, Any], seen: Seen, index: int | None = None) -> None:
    """Add what is said and thought. With the index of a choice it comes in pieces."""

    def add(at: Path, kind: Kind, text: object, *name: str | int) -> None:
        seen.add((*path, *at), kind, text, None if index is None else (index, "thought" if kind == "thinking" else "said", *name))

    for field, kind in _FIELDS.items():
        if field == "content" and isinstance(parts := message.get(field), list):
            for at, part in items_of(parts):  # Mistral
                add((field, at, "text"), "text", part.get("text"), field, "text")
                add((field, at, "refusal"), "refusal", part.get("refusal"), field, "refusal")
                for inner, thought in items_of(part.get("thinking")):
                    add((field, at, "thinking", inner, "text"), "thinking", thought.get("text"), field, "thinking")
        else:
            add((field,), kind, message.get(field), field)
    for at, detail in items_of(message.get("reasoning_details")):  # OpenRouter
        for field in ("text", "summary"):
            number = number_of(detail.get("index"))
            add(("reasoning_details", at, field), "thinking", detail.get(field), "reasoning_details", field, number)


def _choice(text: str, what: str, *name: str | int) -> dict[str, Any]:
    """What is in a choice that holds this text alone."""
    if name == ("text",):
        return {"text": text}
    return {"delta": _call(text, *name) if what == "tool" else _message(text, *map(str, name))}


def _call(text: str, number: str | int, field: str | int) -> dict[str, Any]:
    """A delta that holds this piece of a call alone."""
    part: dict[str, Any] = {"custom": {"input": text}} if field == "input" else {"function": {"arguments": text}}
    return {"function_call": part["function"]} if number == "function_call" else {"tool_calls": [{"index": number, **part}]}


def _message(text: str, field: str, part: str = "", number: str = "0") -> dict[str, Any]:
    """A delta that holds this text alone, in the field and the kind of part that it is of."""
    if not part:
        return {field: text}
    if field == "reasoning_details":
        return {field: [{"type": f"reasoning.{part}", "index": int(number), part: text}]}
    return {field: [{"type": part, part: [{"type": "text", "text": text}] if part == "thinking" else text}]}


def _note_unknown(message: dict[str, Any], seen: Seen) -> None:
    for field, value in message.items():
        if value and not isinstance(value, bool | int | float) and field not in _FIELDS and field not in _WITHOUT_TEXT:
            seen.unseen = True
