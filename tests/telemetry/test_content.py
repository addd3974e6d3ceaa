import gzip
import json

import pytest
from support.secrets import SECRETS, redactor
from support.telemetry import redaction, told

from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.sim import anthropic
from amp_addons.sim.turn import compose
from amp_addons.telemetry import content
from amp_addons.telemetry.content import messages_of
from amp_addons.telemetry.told import Bodies

REQUEST = {
    "model": "m",
    "system": "Be brief.",
    "messages": [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "read", "input": {"path": "a.txt"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "inside"}]},
    ],
}
ANSWER = b"".join(bytes(event) for event in anthropic.events(compose(model="m", text="It says inside. ", thinking="Hm.")))


def messages(request=REQUEST, answer=ANSWER, *, coding="", answer_coding="", is_stream=True, **more):
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    found = messages_of(told(bodies=Bodies(body, coding, answer, answer_coding, is_stream), **more), Scrubber(redactor()))
    return {name.removeprefix("gen_ai."): json.loads(value) for name, value in found.items()}


def test_messages_in_the_form_of_the_conventions():
    found = messages()
    assert found["system_instructions"] == [{"type": "text", "content": "Be brief."}]
    assert found["input.messages"] == [
        {"role": "user", "parts": [{"type": "text", "content": "Hello"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "t1", "name": "read", "arguments": '{"path":"a.txt"}'}]},
        {"role": "user", "parts": [{"type": "tool_call_response", "id": "t1", "response": "inside"}]},
    ]
    [answer] = found["output.messages"]
    assert (answer["role"], answer["finish_reason"]) == ("assistant", "end_turn")
    kinds = [part["type"] for part in answer["parts"]]
    assert kinds[:2] == ["reasoning", "text"] and "inside" in answer["parts"][1]["content"]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_piece_of_a_secret_is_in_it(secret):
    asked = {"model": "m", "system": f"key {secret}", "messages": [{"role": "user", "content": f"token = {secret}"}]}
    tool = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "x", "input": {"password": secret, "more": [secret]}}]}
    asked["messages"].append(tool)
    answer = b"".join(bytes(event) for event in anthropic.events(compose(model="m", text=f"your token is {secret} .")))
    found = json.dumps(messages(asked, answer))
    assert not [secret[at : at + 8] for at in range(12, len(secret) - 7) if secret[at : at + 8] in found]
    assert "***" in found


def test_coded_bodies_are_read():
    found = messages(gzip.compress(json.dumps(REQUEST).encode()), gzip.compress(ANSWER), coding="gzip", answer_coding="gzip")
    assert "input.messages" in found and "output.messages" in found


def test_answer_without_a_stream_is_read():
    whole = b'{"type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Yes."}],"stop_reason":"end_turn"}'
    assert messages(answer=whole, is_stream=False)["output.messages"][0]["parts"] == [{"type": "text", "content": "Yes."}]


def test_blocked_request_is_not_told():
    assert messages(end={"outcome": "blocked", "status": 403}) == {}


def test_answer_into_which_something_was_put_back_is_left_out():
    found = messages(said=[redaction(where="response", kind="restored")])
    assert "input.messages" in found and "output.messages" not in found
    assert "output.messages" in messages(said=[redaction(kind="credential")])


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"messages":7}', b"\xff\xfe", b'{"messages":[' * 5000])
def test_what_is_no_conversation_is_left_out(body):
    assert "system_instructions" not in messages(body) and messages(body).get("input.messages", []) == []


def test_too_large_a_body_is_left_out(monkeypatch):
    monkeypatch.setattr(content, "MAX_BODY", 20)
    assert messages() == {}


def test_long_conversation_keeps_its_newest_messages():
    asked = {"model": "m", "messages": [{"role": "user", "content": f"{number} " + "x" * 9000} for number in range(99)]}
    found = messages(asked)["input.messages"]
    assert 5 <= len(found) <= 8 and found[-1]["parts"][0]["content"].startswith("98 ")
    assert all(len(each["parts"][0]["content"]) == content.MAX_TEXT + 1 for each in found)
