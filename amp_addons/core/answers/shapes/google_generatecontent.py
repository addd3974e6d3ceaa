"""Google's generateContent (see `apis.google_generatecontent`): a channel for each run of parts of one kind in a candidate.

A candidate's parts follow each other without a sign that one has ended: that shows when one of another kind begins.
"""

from typing import Any

import msgspec

from amp_addons.core.answers.filter import Kind
from amp_addons.core.answers.shapes.shape import MAX_SCALAR, Key, Rest, Seen, Shape, dict_of, items_of, number_of, scalars_of
from amp_addons.core.json_pointer import Path

_WITHOUT_TEXT = frozenset("thought thoughtSignature inlineData fileData videoMetadata mediaResolution partMetadata".split())
_TEXTS: dict[str, tuple[str, Kind]] = {"executableCode": ("code", "tool"), "codeExecutionResult": ("output", "text")}
_KNOWN = {"candidates", "error", "promptFeedback", "usageMetadata", "totalTokens"}
MAX_CANDIDATES = 1_000
"""Candidates that are told apart."""


class _PlainPart(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    text: str
    thought: bool = False
    thoughtSignature: str = ""


class _PlainContent(msgspec.Struct, gc=False):
    parts: tuple[_PlainPart]


class _PlainCandidate(msgspec.Struct, gc=False):
    content: _PlainContent
    index: int = 0
    finishReason: None = None


class _Plain(msgspec.Struct, gc=False):
    """Nearly every event, read strictly because that is quickest."""

    candidates: tuple[_PlainCandidate]
    error: None = None


_plain = msgspec.json.Decoder(_Plain).decode
_TEXT = b'"text"'


class GoogleGenerateContent(Shape):
    def __init__(self) -> None:
        self._runs: dict[int, str] = {}  # what the last part of each candidate was

    def quick(self, data: bytes) -> tuple[Key, str, bytes] | None:
        try:
            (candidate,) = _plain(data).candidates
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        (part,) = candidate.content.parts
        run = "thought" if part.thought else "text"
        return ((candidate.index, run), part.text, _TEXT) if self._runs.get(candidate.index) == run else None

    def read(self, event: dict[str, Any]) -> Seen:
        path: Path = ()
        if _is_wrapped(event):
            path, event = ("response",), event["response"]
        seen = Seen(unseen=not event.keys() & _KNOWN)
        if event.get("error"):
            seen.ends.append(())
        for at, candidate in items_of(event.get("candidates")):
            index = number_of(candidate.get("index"), int(at))
            for number, part in items_of(dict_of(candidate.get("content")).get("parts")):
                self._add_part((*path, "candidates", at, "content", "parts", number), index, part, seen)
            if candidate.get("finishReason"):
                seen.ends.append((index,))
        return seen

    def whole(self, body: dict[str, Any]) -> Seen:
        seen = self.read(body)
        seen.places = [place._replace(key=None) for place in seen.places]
        seen.before = seen.ends = []
        return seen

    def about(self, event: dict[str, Any]) -> dict[str, Any]:
        return {"response": scalars_of(event["response"])} if _is_wrapped(event) else scalars_of(event)

    def extras(self, held: list[Rest]) -> list[dict[str, Any]]:
        return [_extra(*rest) for rest in held]

    def _add_part(self, path: Path, index: int, part: dict[str, Any], seen: Seen) -> None:
        if "text" in part:
            run = "thought" if part.get("thought") is True else "text"
            self._begin(index, run, seen)
            seen.add((*path, "text"), "thinking" if run == "thought" else "text", part["text"], (index, run))
        elif isinstance(call := part.get("functionCall"), dict):
            self._begin(index, "call", seen)
            self._add_call((*path, "functionCall"), index, call, seen)
        else:
            self._begin(index, "other", seen)
            self._add_other(path, part, seen)

    def _begin(self, index: int, run: str, seen: Seen) -> None:
        """End the candidate's run of parts before this one, be it in an event before or in this one."""
        before = self._runs.get(index)
        if before == run or (before is None and len(self._runs) >= MAX_CANDIDATES):
            return
        self._runs[index] = run
        if before is None:
            return
        ended = (index, before)
        for at in range(len(seen.places) - 1, -1, -1):
            if seen.places[at].key == ended:
                seen.places[at] = seen.places[at]._replace(last=True)
                return
        seen.before.append(ended)

    def _add_call(self, path: Path, index: int, call: dict[str, Any], seen: Seen) -> None:
        """A call, or what is added to one: the pieces of a string follow each other under the same path."""
        seen.below((*path, "args"), "tool", call.get("args"))
        for at, value in items_of(call.get("partialArgs")):
            key = (index, "call", str(value.get("jsonPath"))[:MAX_SCALAR])
            last = value.get("willContinue") is not True
            seen.add((*path, "partialArgs", at, "stringValue"), "tool", value.get("stringValue"), key, last=last)
        if call.get("willContinue") is not True and "partialArgs" not in call:
            seen.ends.append((index, "call"))

    def _add_other(self, path: Path, part: dict[str, Any], seen: Seen) -> None:
        for name, value in part.items():
            if name in _TEXTS:
                field, kind = _TEXTS[name]
                seen.add((*path, name, field), kind, dict_of(value).get(field))
            else:
                seen.unseen = seen.unseen or name not in _WITHOUT_TEXT


def _is_wrapped(event: dict[str, Any]) -> bool:
    """Whether the answer is within another object, as some gateways have it."""
    return "candidates" not in event and isinstance(event.get("response"), dict)


def _extra(key: Key, text: str, about: dict[str, Any]) -> dict[str, Any]:
    index, run, *rest = key
    part: dict[str, Any] = {"text": text, "thought": True} if run == "thought" else {"text": text}
    if run == "call":
        partial = {"jsonPath": rest[0], "stringValue": text, "willContinue": True}
        part = {"functionCall": {"partialArgs": [partial], "willContinue": True}}
    candidates = [{"content": {"parts": [part], "role": "model"}, "index": index}]
    if "response" in about:
        return {"response": {"candidates": candidates, **about["response"]}}
    return {"candidates": candidates, **about}
