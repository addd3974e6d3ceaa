"""Google's generateContent (https://ai.google.dev/api/generate-content), streamed as events (`alt=sse`) or as items of a JSON array."""

from typing import Any

import msgspec

from amp_addons.core.payload import PayloadDecoder, dumps, loads, well_formed
from amp_addons.core.reading import Delta, Reading

MAX_CALLS = 1_000
"""Function calls of one answer that are kept."""


class _Call(msgspec.Struct):
    id: Any = None
    name: Any = None
    args: Any = None


class _Part(msgspec.Struct):
    text: Any = None
    thought: Any = None
    functionCall: _Call | None = None


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct):
    index: Any = None
    content: _Content | None = None
    finishReason: Any = None


class _UsageMetadata(msgspec.Struct):
    promptTokenCount: Any = None
    candidatesTokenCount: Any = None
    cachedContentTokenCount: Any = None
    thoughtsTokenCount: Any = None


class _Feedback(msgspec.Struct):
    blockReason: Any = None
    blockReasonMessage: Any = None


class _Answer(msgspec.Struct):
    type: Any = None
    object: Any = None
    candidates: list[_Candidate] | None = None
    usageMetadata: _UsageMetadata | None = None
    modelVersion: Any = None
    responseId: Any = None
    promptFeedback: _Feedback | None = None
    error: Any = None
    response: Any = None


_answer = PayloadDecoder(_Answer)


class GoogleGenerateContent(Reading):
    api = "google-generatecontent"

    def __init__(self) -> None:
        super().__init__()
        self._candidate: object = None
        self._calls: list[dict[str, Any]] = []

    def take(self, data: str, name: str) -> tuple[str, Delta | None]:
        answer = _answer.decode(data)
        if answer is None:
            self.unreadable += 1
            return name, None
        kind = answer.type if isinstance(answer.type, str) else answer.object if isinstance(answer.object, str) else name
        return kind, self._take_answer(answer)

    def whole(self, body: bytes) -> None:
        value = loads(body)
        for item in value if isinstance(value, list) else [value]:
            answer = _answer.decode(dumps(item)) if isinstance(item, dict) else None
            if answer is None:
                self.unreadable += 1
            else:
                self._take_answer(answer)
        self.finished = True

    def tool_calls(self) -> list[dict[str, Any]]:
        return [dict(call) for call in self._calls]

    def usage(self) -> dict[str, int]:
        found = dict(self.tokens)
        if "reasoning" in found:
            found["output"] = found.get("output", 0) + found["reasoning"]
        return found

    @property
    def text(self) -> str:
        return well_formed(super().text)

    def _take_answer(self, answer: _Answer) -> Delta | None:
        if (
            answer.candidates is None
            and isinstance(answer.response, dict)
            and (inner := _answer.decode(dumps(answer.response))) is not None
        ):
            answer = inner  # as some gateways wrap it
        if answer.error is not None:
            self.add_error_of(answer.error)
        self.model = self.model or _text(answer.modelVersion)
        self.id = self.id or _text(answer.responseId)
        if (usage := answer.usageMetadata) is not None:
            self.tokens = {}  # each tells all so far: the last one counts
            self.set_tokens(
                input=usage.promptTokenCount,
                output=usage.candidatesTokenCount,
                cache_read=usage.cachedContentTokenCount,
                reasoning=usage.thoughtsTokenCount,
            )
        if answer.promptFeedback is not None and (reason := _text(answer.promptFeedback.blockReason)):
            self.stop_reason = reason
            self.finished = True
            self.add_error(reason, answer.promptFeedback.blockReasonMessage or "the prompt was blocked")
        found: Delta | None = None
        for candidate in answer.candidates or ():
            found = self._take_candidate(candidate) or found
        return found

    def _take_candidate(self, candidate: _Candidate) -> Delta | None:
        index = candidate.index if isinstance(candidate.index, int) else 0
        if self._candidate is None:
            self._candidate = index
        if index != self._candidate:
            return None
        if reason := _text(candidate.finishReason):
            self.stop_reason = reason
            self.finished = True
        found: Delta | None = None
        for part in (candidate.content.parts if candidate.content else None) or ():
            found = self._take_part(part) or found
        return found

    def _take_part(self, part: _Part) -> Delta | None:
        if (call := part.functionCall) is not None:
            if len(self._calls) < MAX_CALLS:
                self._calls.append({"id": _text(call.id), "name": _text(call.name) or "", "args": call.args or {}})
            return "tool"
        if not isinstance(part.text, str) or not part.text:
            return None
        if part.thought is True:
            self.add_thinking(part.text)
            return "thinking"
        self.add_text(part.text)
        return "text"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
