import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons import StreamReader
from amp_addons.core.apis.google_generatecontent import GoogleGenerateContent
from amp_addons.sim import streams


def answer(*parts, finish=None, **fields):
    candidate = {"content": {"parts": list(parts), "role": "model"}} | ({"finishReason": finish} if finish else {})
    return {"candidates": [candidate], "modelVersion": "gemini-x", "responseId": "r1", **fields}


def read(*answers, form="sse"):
    items = [json.dumps(item) for item in answers]
    body = "[" + ",\r\n".join(items) + "]" if form == "array" else "".join(f"data: {item}\r\n\r\n" for item in items)
    reader = StreamReader("google-generatecontent")
    for at in range(0, len(body), 5):
        reader.feed(body[at : at + 5].encode())
    reader.close()
    return reader.summary()


USAGE = {"promptTokenCount": 10, "candidatesTokenCount": 5, "cachedContentTokenCount": 4, "thoughtsTokenCount": 2}
TURN = [
    answer({"text": "hm", "thought": True}, usageMetadata={"promptTokenCount": 10, "candidatesTokenCount": 1}),
    answer({"text": "Hel"}),
    answer({"text": "lo"}, {"functionCall": {"name": "grep", "args": {"a": 1}}}, finish="STOP", usageMetadata=USAGE),
]


@pytest.mark.parametrize("form", ["sse", "array"])
def test_turn(form):
    found = read(*TURN, form=form)
    assert (found.text, found.thinking, found.stop_reason, found.model, found.id) == ("Hello", "hm", "STOP", "gemini-x", "r1")
    assert found.tool_calls == [{"id": "", "name": "grep", "args": {"a": 1}}]
    assert found.tokens == {"input": 10, "output": 5, "cache_read": 4, "reasoning": 2}
    assert found.usage == {"input": 10, "output": 7, "cache_read": 4, "reasoning": 2}
    assert found.ended == "complete" and sum(found.event_counts.values()) == 3


def test_last_usage_counts_alone():
    found = read(answer(usageMetadata=USAGE), answer(usageMetadata={"promptTokenCount": 3}))
    assert found.tokens == {"input": 3}


def test_usage_without_numbers_does_not_count():
    assert read(answer(usageMetadata=USAGE), answer(usageMetadata={"trafficType": "ON_DEMAND"})).tokens["input"] == 10


PIECES = [
    {"name": "f", "willContinue": True},
    {"partialArgs": [{"jsonPath": "$.a", "stringValue": "x", "willContinue": True}], "willContinue": True},
    {"partialArgs": [{"jsonPath": "$.a", "stringValue": "y"}, {"jsonPath": "$.b[0]", "numberValue": 2}], "willContinue": True},
    {},
]


def test_arguments_of_a_call_that_come_value_by_value():
    found = read(*[answer({"functionCall": piece}) for piece in [*PIECES, {"name": "g"}, *PIECES]])
    args = {"a": "xy", "b": [2]}
    assert [(call["name"], call["args"]) for call in found.tool_calls] == [("f", args), ("g", {}), ("f", args)]


def test_part_without_a_name_does_not_go_on_with_a_finished_call():
    found = read(answer({"functionCall": {"name": "f", "args": {"a": 1}}}), answer({"functionCall": {"args": {"b": 2}}}))
    assert [(call["name"], call["args"]) for call in found.tool_calls] == [("f", {"a": 1}), ("", {"b": 2})]


def test_calls_are_bounded(monkeypatch):
    monkeypatch.setattr("amp_addons.core.reading.MAX_TEXT", 100)
    found = read(*[answer({"functionCall": {"name": "f", "args": {"a": "x" * 60}}})] * 5)
    assert sum(len(str(call)) for call in found.tool_calls) < 300


def test_first_candidate_is_read_and_others_are_not_mixed_in():
    found = read({"candidates": [{"index": 1, "content": {"parts": [{"text": "b"}]}}, {"index": 0, "content": {"parts": [{"text": "a"}]}}]})
    assert found.text == "a"


def test_answer_that_a_gateway_wrapped():
    assert read({"response": answer({"text": "Hi"}, finish="STOP")}).text == "Hi"


def test_blocked_prompt_is_an_error():
    found = read({"promptFeedback": {"blockReason": "SAFETY"}})
    assert (found.stop_reason, found.errors[0].type, found.ended) == ("SAFETY", "SAFETY", "error")


def test_error_object():
    found = read(answer({"text": "a"}), {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}})
    assert (found.errors[0].type, found.errors[0].message, found.ended) == ("UNAVAILABLE", "overloaded", "error")


def test_stream_without_a_reason_to_finish_is_truncated():
    assert read(answer({"text": "a"})).ended == "truncated"


def test_answer_without_a_stream():
    reader = StreamReader("google-generatecontent")
    reader.feed(json.dumps(answer({"text": "Hi"}, finish="STOP", usageMetadata=USAGE)).encode())
    reader.close()
    assert (reader.summary().text, reader.summary().tokens["input"], reader.summary().ended) == ("Hi", 10, "complete")


@pytest.mark.parametrize("form", [streams.google, streams.google_array])
def test_simulated_streams_are_read_as_they_were_meant(form):
    reader = StreamReader()
    reader.feed(b"".join(form(model="gemini-x", text="Hello there", thinking="Hm")))
    reader.close()
    found = reader.summary()
    assert (found.api, found.text, found.thinking, found.ended) == ("google-generatecontent", "Hello there", "Hm", "complete")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
FIELDS = st.sampled_from(["candidates", "content", "parts", "functionCall", "usageMetadata", "response", "promptFeedback", "error"])


@given(st.recursive(json_values, lambda inner: st.dictionaries(FIELDS, inner) | st.lists(inner), max_leaves=20))
def test_no_json_makes_it_raise(value):
    reading = GoogleGenerateContent()
    reading.take(json.dumps(value), "message")
    reading.whole(json.dumps(value).encode())
    assert isinstance(reading.text, str) and isinstance(reading.tool_calls(), list)
