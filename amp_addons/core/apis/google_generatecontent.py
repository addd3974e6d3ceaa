"""Google's generateContent (https://ai.google.dev/api/generate-content), streamed as events (`alt=sse`) or as items of a JSON array."""

from typing import Any

import msgspec

from amp_addons.core.partial_args import PartialArgs
from amp_addons.core.partial_json import parse
from amp_addons.core.payload import PayloadDecoder, dumps, loads, well_formed
from amp_addons.core.reading import Delta, Reading

MAX_CALLS = 1_000
"""Function calls of one answer that are kept."""


class _FunctionCall(msgspec.Struct):
    id: Any = None
    name: Any = None
    args: Any = None
    partialArgs: Any = None
    willContinue: Any = None


class _Part(msgspec.Struct):
    text: Any = None
    thought: Any = None
    functionCall: _FunctionCall | None = None


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


class _Call:
    """A function call: its arguments came as an object, or value by value in the parts that follow."""

    def __init__(self, id: str, name: str, partial: PartialArgs) -> None:
        self.id = id
        self.name = name
        self.args = ""
        self.partial = partial

    def read(self) -> dict[str, Any]:
        args = parse(well_formed(self.args or dumps(self.partial.read())))
        return {"id": well_formed(self.id), "name": well_formed(self.name), "args": args}


class GoogleGenerateContent(Reading):
    """An answer of generateContent. It is finished with the first candidate's `finishReason`, or when the prompt was blocked."""

    api = "google-generatecontent"

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[_Call] = []
        self._open: _Call | None = None

    def take(self, data: str, name: str) -> tuple[str, Delta | None]:
        answer = _answer.decode(data)
        if answer is None:
            self.unreadable += 1
            return name, None
        kind = _text(answer.type) or _text(answer.object) or name
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
        return [call.read() for call in self._calls]

    def usage(self) -> dict[str, int]:
        found = dict(self.tokens)
        if "reasoning" in found:
            found["output"] = found.get("output", 0) + found["reasoning"]
        return found

    def _take_answer(self, answer: _Answer) -> Delta | None:
        if (
            answer.candidates is None
            and isinstance(answer.response, dict)
            and (inner := _answer.decode(dumps(answer.response))) is not None
        ):
            answer = inner  # as some gateways wrap it
        if answer.error:
            self.add_error_of(answer.error)
        self.model = self.model or _text(answer.modelVersion)
        self.id = self.id or _text(answer.responseId)
        self._take_usage(answer.usageMetadata)
        if answer.promptFeedback is not None and (reason := _text(answer.promptFeedback.blockReason)):
            self.stop_reason = reason
            self.finished = True
            self.add_error(reason, _text(answer.promptFeedback.blockReasonMessage) or "the prompt was blocked")
        found: Delta | None = None
        for number, candidate in enumerate(answer.candidates or ()):
            if (candidate.index if isinstance(candidate.index, int) else number) == 0:
                found = self._take_candidate(candidate) or found
        return found

    def _take_usage(self, usage: _UsageMetadata | None) -> None:
        if usage is None:
            return
        before, self.tokens = self.tokens, {}  # each tells all so far: the last one with a number counts
        self.set_tokens(
            input=usage.promptTokenCount,
            output=usage.candidatesTokenCount,
            cache_read=usage.cachedContentTokenCount,
            reasoning=usage.thoughtsTokenCount,
        )
        self.tokens = self.tokens or before

    def _take_candidate(self, candidate: _Candidate) -> Delta | None:
        if reason := _text(candidate.finishReason):
            self.stop_reason = reason
            self.finished = True
        found: Delta | None = None
        for part in (candidate.content.parts if candidate.content else None) or ():
            found = self._take_part(part) or found
        return found

    def _take_part(self, part: _Part) -> Delta | None:
        if part.functionCall is not None:
            self._take_call(part.functionCall)
            return "tool"
        if not isinstance(part.text, str) or not part.text:
            return None
        if part.thought is True:
            self.add_thinking(part.text)
            return "thinking"
        self.add_text(part.text)
        return "text"

    def _take_call(self, said: _FunctionCall) -> None:
        """A call, or what a part without a name adds to the call that is to be continued."""
        name = _text(said.name) or ""
        call = self._begin(_text(said.id) or "", name) if name or self._open is None else self._open
        if call is not None:
            if said.args and self._fits(args := dumps(said.args)):
                call.args = args
            call.partial.take(said.partialArgs)
        self._open = call if said.willContinue is True else None

    def _begin(self, id: str, name: str) -> _Call | None:
        if len(self._calls) >= MAX_CALLS or not self._fits(id + name):
            return None
        self._calls.append(_Call(id, name, PartialArgs(self._fits)))
        return self._calls[-1]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
