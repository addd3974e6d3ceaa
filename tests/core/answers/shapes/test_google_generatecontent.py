"""Where the texts of Google's answers are: `yes` is one, `no` is none."""

from typing import Any

import pytest
from support.filters import heard, heard_whole, shouted

API = "google-generatecontent"
PARTS: list[dict[str, Any]] = [
    {"text": "yes", "thoughtSignature": "no"},
    {"text": "yes", "thought": True},
    {"functionCall": {"id": "no", "name": "no", "args": {"no": ["yes", {"no": "yes"}]}}, "thoughtSignature": "no"},
    {"functionCall": {"name": "no", "partialArgs": [{"jsonPath": "no", "stringValue": "yes"}, {"jsonPath": "no", "numberValue": 1}]}},
    {"executableCode": {"language": "no", "code": "yes"}},
    {"codeExecutionResult": {"outcome": "no", "output": "yes"}},
    {"inlineData": {"mimeType": "no", "data": "no"}},
]


def answer(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": [*parts], "role": "no"}, "index": 0}], "modelVersion": "no", "responseId": "no"}


@pytest.mark.parametrize("wrap", [lambda answer: answer, lambda answer: {"response": answer, "traceId": "no"}])
def test_a_body_and_an_event(wrap: Any) -> None:
    whole = wrap(answer(*PARTS))
    assert heard_whole(API, whole) == (shouted(whole), 0)
    assert heard_whole(API, [whole, whole]) == ([shouted(whole)] * 2, 0)
    for part in PARTS:
        assert heard(API, wrap(answer(part)), wrap(answer(part))) == ([shouted(wrap(answer(part)))] * 2, 0)


@pytest.mark.parametrize(
    "body",
    [{"error": {"message": "no"}}, {"promptFeedback": {"blockReason": "no"}}, {"totalTokens": 1}, {"candidates": [{"finishReason": "no"}]}],
)
def test_an_answer_without_text(body: dict[str, Any]) -> None:
    assert heard_whole(API, body) == (body, 0)
    assert heard(API, body) == ([body], 0)
