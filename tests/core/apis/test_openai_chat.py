import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons import StreamReader
from amp_addons.core.apis.openai_chat import OpenAIChat
from amp_addons.sim import streams


def read(*chunks, done=True):
    body = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + (b"data: [DONE]\n\n" if done else b"")
    reader = StreamReader("openai-chat")
    for at in range(0, len(body), 7):
        reader.feed(body[at : at + 7])
    reader.close()
    return reader.summary()


def delta(index=0, finish=None, **fields):
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "model": "m",
        "choices": [{"index": index, "delta": fields, "finish_reason": finish}],
    }


def call(args=None, index=None, id=None, name=None):
    function = {key: value for key, value in {"name": name, "arguments": args}.items() if value is not None}
    return {key: value for key, value in {"index": index, "id": id, "function": function}.items() if value is not None}


TEXTS = [
    pytest.param([delta(content="Hel"), delta(content="lo")], "Hello", "", id="content"),
    pytest.param([delta(content=[{"type": "text", "text": "Hi"}])], "Hi", "", id="parts"),
    pytest.param([delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}])], "", "hm", id="thinking part"),
    pytest.param([delta(reasoning="hm"), delta(content="a")], "a", "hm", id="reasoning"),
    pytest.param([delta(reasoning_content="hm", content="")], "", "hm", id="reasoning_content"),
    pytest.param([delta(reasoning="hm", reasoning_content="hm", reasoning_text="hm")], "", "hm", id="one thought under three names"),
    pytest.param([delta(reasoning_text="hm")], "", "hm", id="reasoning_text"),
    pytest.param([delta(reasoning_details=[{"text": "h"}, {"summary": "m"}, {"data": "x"}])], "", "hm", id="reasoning_details"),
    pytest.param([delta(content=[{"type": "thinking", "thinking": "hm"}])], "", "hm", id="thinking part as text"),
    pytest.param([delta(content={"type": "text", "text": "Hi"})], "Hi", "", id="one part"),
    pytest.param([delta(1, content="other"), delta(content="a")], "a", "", id="only choice 0, also when it comes second"),
    pytest.param([delta(content="a"), {"choices": [{"message": {"content": "a"}}]}], "a", "", id="message at the end repeats the deltas"),
    pytest.param([delta(content="", reasoning="hm", role="assistant")], "", "hm", id="empty content beside reasoning"),
    pytest.param([delta(content=7), delta(content=None), delta(content="a")], "a", "", id="wrong types"),
    pytest.param([{"choices": [{"text": "dup", "delta": {"content": "dup"}}]}], "dup", "", id="text beside a delta"),
    pytest.param([{"choices": [{"text": "old"}]}], "old", "", id="text alone"),
]


@pytest.mark.parametrize(("chunks", "text", "thinking"), TEXTS)
def test_text(chunks, text, thinking):
    found = read(*chunks)
    assert (found.text, found.thinking, found.errors) == (text, thinking, [])


CALLS = [
    pytest.param([[call('{"a"', 0, "x", "f")], [call(":1}", 0)]], [("x", "f", {"a": 1})], id="by index"),
    pytest.param([[call("{}", 0, "x", "f"), call("{}", 1, "y", "g")]], [("x", "f", {}), ("y", "g", {})], id="two at once"),
    pytest.param([[call('{"a"', None, "x", "f")], [call(":1}")]], [("x", "f", {"a": 1})], id="without index"),
    pytest.param([[call("{}", id="x", name="f")], [call("{}", id="y", name="g")]], [("x", "f", {}), ("y", "g", {})], id="by id"),
    pytest.param([[call("{}", 0, "x", "f")], [call("{}", 0, "y", "g")]], [("x", "f", {}), ("y", "g", {})], id="another id at an index"),
    pytest.param([[call('{"a"', 0, "x", "f")], [call(":1}", 0, "x", "f")]], [("x", "f", {"a": 1})], id="id and name repeated"),
    pytest.param([[call({"a": 1}, 0, "x", "f")]], [("x", "f", {"a": 1})], id="arguments as an object"),
    pytest.param([[call(None, 0, "x", "f")]], [("x", "f", {})], id="no arguments"),
]


@pytest.mark.parametrize(("pieces", "expected"), CALLS)
def test_tool_calls(pieces, expected):
    found = read(*[delta(tool_calls=piece) for piece in pieces], delta(finish="tool_calls"))
    assert [(c["id"], c["name"], c["args"]) for c in found.tool_calls] == expected
    assert found.stop_reason == "tool_calls"


def test_custom_tool_call_takes_text():
    found = read(delta(tool_calls=[{"index": 0, "id": "x", "type": "custom", "custom": {"name": "patch", "input": "{1"}}]))
    assert found.tool_calls == [{"id": "x", "name": "patch", "args": "{1"}]


def test_refusal():
    found = read(delta(refusal="I "), delta(refusal="cannot"), delta(content=[{"type": "refusal", "refusal": "."}]))
    assert (found.refusal, found.text) == ("I cannot.", "")


def test_old_function_call():
    found = read(delta(function_call={"name": "f", "arguments": '{"a'}), delta(function_call={"arguments": '":1}'}))
    assert [(c["name"], c["args"]) for c in found.tool_calls] == [("f", {"a": 1})]


USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
TOKENS = {"input": 10, "output": 5, "cache_read": 4, "reasoning": 2}


@pytest.mark.parametrize(
    "chunk",
    [
        pytest.param({"choices": [], "usage": USAGE}, id="in a chunk without choices"),
        pytest.param({"choices": [{"delta": {}}], "usage": USAGE}, id="beside a choice"),
        pytest.param({"choices": [], "x_groq": {"usage": USAGE}}, id="under x_groq"),
        pytest.param({"choices": [{"delta": {}, "usage": USAGE}]}, id="in a choice"),
    ],
)
def test_usage(chunk):
    found = read({"choices": [], "usage": {"prompt_tokens": 1}}, chunk, {"choices": [], "usage": None})
    assert found.tokens == found.usage == TOKENS


def test_last_usage_counts_alone():
    assert read({"choices": [], "usage": USAGE}, {"choices": [], "usage": {"prompt_tokens": 11}}).tokens == {"input": 11}


@pytest.mark.parametrize(
    ("fields", "cached"),
    [
        ({"prompt_cache_hit_tokens": 3}, 3),
        ({"cached_tokens": 2}, 2),
        ({"prompt_tokens_details": {"cached_tokens": 0}, "cached_tokens": 9}, 0),
    ],
)
def test_cached_tokens_under_other_names(fields, cached):
    assert read({"choices": [], "usage": {"prompt_tokens": 10, **fields}}).tokens == {"input": 10, "cache_read": cached}


@pytest.mark.parametrize(("total", "output"), [(15, 5), (17, 7), (None, 5)])
def test_reasoning_that_the_total_shows_to_be_left_out_of_the_output_is_added_to_it(total, output):
    found = read({"choices": [], "usage": {**USAGE, "total_tokens": total}})
    assert (found.tokens["output"], found.usage["output"]) == (5, output)


ERRORS = [
    pytest.param({"error": {"message": "no", "type": "t"}}, ("t", "no"), id="object"),
    pytest.param({"error": {"message": "no", "code": 429}, "choices": [], "usage": USAGE}, ("429", "no"), id="beside usage, with a code"),
    pytest.param({"error": "no"}, ("error", "no"), id="text"),
    pytest.param({"error": "no", "code": "c"}, ("c", "no"), id="text and a code"),
    pytest.param({"choices": [{"delta": {}, "error": {"code": 502, "message": "no"}}]}, ("502", "no"), id="in a choice"),
    pytest.param({"x_groq": {"error": "no"}}, ("error", "no"), id="under x_groq"),
    pytest.param({"object": "error", "message": "no", "type": "t", "code": 4}, ("t", "no"), id="the object itself"),
    pytest.param({"type": "error", "message": "no", "code": "c"}, ("c", "no"), id="typed as an error"),
]


@pytest.mark.parametrize(("chunk", "expected"), ERRORS)
def test_errors(chunk, expected):
    found = read(delta(content="a"), chunk, done=False)
    assert [(e.type, e.message) for e in found.errors] == [expected]
    assert (found.ended, found.text) == ("error", "a")


BODIES = [
    pytest.param({"error": {"message": "no", "type": "t"}}, ("t", "no"), id="object"),
    pytest.param({"message": "no", "type": "t", "code": "c"}, ("t", "no"), id="bare"),
    pytest.param({"detail": "no"}, ("error", "no"), id="detail"),
    pytest.param({"detail": [{"msg": "no"}]}, ("error", '[{"msg": "no"}]'), id="list of details"),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_error_bodies(body, expected):
    reading = OpenAIChat()
    reading.whole(json.dumps(body).encode())
    assert [(e.type, e.message) for e in reading.errors] == [expected]


def test_nothing_wrong_is_no_error():
    assert not read(delta(content="a"), {"choices": [], "error": None}, {"choices": [], "error": {}, "message": "fine"}).errors


def test_first_output_of_an_event_is_told():
    reading = OpenAIChat()
    taken = [reading.take(json.dumps(delta(**fields)), "message")[1] for fields in ({"content": ""}, {"content": "a"}, {"reasoning": "a"})]
    assert taken == [None, "text", "thinking"]


def test_calls_are_bounded(monkeypatch):
    monkeypatch.setattr("amp_addons.core.reading.MAX_TEXT", 1000)
    pieces = [delta(tool_calls=[call("y" * 200, 0, str(n) * 200, f"f{n}" * 100)]) for n in range(20)]
    assert sum(len(str(found)) for found in read(*pieces).tool_calls) < 3000


@pytest.mark.parametrize(
    ("chunks", "done", "ended"),
    [
        ([delta(content="a"), delta(finish="stop")], True, "complete"),
        ([delta(content="a"), delta(finish="stop")], False, "complete"),
        ([delta(content="a")], True, "complete"),
        ([delta(content="a")], False, "truncated"),
    ],
)
def test_end(chunks, done, ended):
    assert read(*chunks, done=done).ended == ended


def test_answer_without_a_stream_gives_the_same():
    reader = StreamReader("openai-chat")
    message = {"content": "Hi", "tool_calls": [call('{"a":1}', None, "x", "f")]}
    whole = {
        "id": "c1",
        "object": "chat.completion",
        "model": "m",
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": USAGE,
    }
    reader.feed(json.dumps(whole).encode())
    reader.close()
    found = reader.summary()
    assert (found.id, found.model, found.text, found.stop_reason, found.tokens, found.ended) == (
        "c1",
        "m",
        "Hi",
        "stop",
        TOKENS,
        "complete",
    )
    assert found.tool_calls == [{"id": "x", "name": "f", "args": {"a": 1}}]


def test_counts_go_by_object_and_leave_the_end_marker_out():
    assert read(delta(content="a"), {"choices": []}).event_counts == {"chat.completion.chunk": 1, "message": 1}


def test_simulated_streams_are_read_as_they_were_meant():
    body = b"".join(streams.openai_chat(model="m", text="Hello there", tools=[("grep", {"pattern": "x"})]))
    reader = StreamReader()
    reader.feed(body)
    reader.close()
    found = reader.summary()
    assert (found.api, found.text, found.ended) == ("openai-chat", "Hello there", "complete")
    assert [(c["name"], c["args"]) for c in found.tool_calls] == [("grep", {"pattern": "x"})]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
FIELDS = st.sampled_from(["choices", "delta", "content", "tool_calls", "function", "usage", "error", "index", "x_groq"])


@given(st.recursive(json_values, lambda inner: st.dictionaries(FIELDS, inner) | st.lists(inner), max_leaves=20))
def test_no_json_makes_it_raise(value):
    reading = OpenAIChat()
    reading.take(json.dumps(value), "message")
    reading.whole(json.dumps(value).encode())
    assert isinstance(reading.text, str) and isinstance(reading.tool_calls(), list)
