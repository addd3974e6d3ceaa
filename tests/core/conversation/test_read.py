import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amp_addons.core.conversation.body import MAX_MESSAGES, MAX_PARTS
from amp_addons.core.conversation.change import outline
from amp_addons.core.conversation.parts import Message, Text
from amp_addons.core.conversation.read import READERS, read_conversation


@pytest.mark.parametrize(
    ("body", "api"),
    [
        ({"contents": []}, "google-generatecontent"),
        ({"input": "x"}, "openai-responses"),
        ({"system": "x", "messages": []}, "anthropic-messages"),
        ({"messages": [], "tools": [{"name": "a", "input_schema": {}}]}, "anthropic-messages"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}, "anthropic-messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "openai-chat"),
        ({"messages": [3, {"content": [3, {"type": []}]}], "tools": 3}, "openai-chat"),
        ({"other": 1}, None),
        ({"messages": "x"}, None),
    ],
)
def test_the_api_is_told_by_the_fields(body, api):
    found = read_conversation(json.dumps(body).encode())
    assert (found.api if found else None) == api


def test_an_api_without_conversations_has_none():
    assert read_conversation(b'{"messages": []}', "amp-connect") is None and read_conversation(b"no") is None


def test_half_a_pair_is_replaced_and_the_rest_is_read():
    found = read_conversation(b'{"messages": [{"role": "user", "content": "a\\ud83d b"}]}', "openai-chat")
    assert found is not None and found.messages == (Message("user", (Text("a\ufffd b"),)),)


def test_what_is_past_the_limits_is_counted():
    block = {"type": "text", "text": ""}
    body = {"messages": [{"role": "user", "content": [block] * (MAX_PARTS + 2)}, *[{"role": "user"}] * MAX_MESSAGES]}
    found = read_conversation(json.dumps(body).encode(), "anthropic-messages")
    assert found is not None and found.left_out == 3 and len(found.messages) == MAX_MESSAGES


KEYS = """
    model messages input contents system tools role content parts type text thinking name id arguments args functionCall
    tool_calls function source
""".split()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["text", "tool_use", "function_call"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=6),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), JSON), st.sampled_from([None, *READERS]))
def test_nothing_raises_and_all_can_be_written_down_again(body, api):
    found = read_conversation(json.dumps(body).encode(), api)
    if found is not None:
        outline(found)
        text = repr(found)
        text.encode()
        assert all(isinstance(message.role, str) for message in found.messages)


@given(st.binary(max_size=60), st.sampled_from([None, *READERS]))
def test_any_bytes(body, api):
    read_conversation(body, api)


def test_values_are_plain():
    found = read_conversation(b'{"messages": [{"role": "user", "content": "a"}]}', "openai-chat")
    assert msgspec.json.encode(found.messages) == b'[{"role":"user","parts":[{"type":"Text","text":"a"}]}]'
