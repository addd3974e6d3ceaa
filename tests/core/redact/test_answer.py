"""Answers: secrets masked, placeholders turned back, in each API's texts, in whole bodies and messages; what cannot be looked into ends."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.filters import cut, places, through
from support.secrets import SCOPE, SECRET, SECRETS, hiding, redaction, redactor

from amp_addons.core.redact.action import Redaction, replacer
from amp_addons.core.redact.answer import AnswerRedaction, Blocked, CannotLook
from amp_addons.rulefiles.detectors import warm

warm(redactor())  # so that no test has to be quick and to wait for that
HIDE = hiding()
P, P2 = (HIDE.vault.hide(secret, SCOPE, 0) for secret in (SECRET, 'a"\n<b>'))
KNOWN = HIDE.vault.known(SCOPE, 0)
ANTHROPIC = "anthropic-messages"


def answer(api: str | None, *redactions: Redaction, known: Any = KNOWN) -> AnswerRedaction:
    return AnswerRedaction(api, redactions, known, lambda each: replacer(each.mode, HIDE, None))


def event(kind: str, index: int = 0, **delta: str) -> bytes:
    return (
        b"event: content_block_delta\ndata: %b\n\n"
        % json.dumps({"type": "content_block_delta", "index": index, "delta": {"type": kind, **delta}}).encode()
    )


def block(kind: str, index: int = 0, **more: Any) -> bytes:
    begun = {"type": "content_block_start", "index": index, "content_block": {"type": kind, **more}}
    return b"event: content_block_start\ndata: %b\n\n" % json.dumps(begun).encode()


END = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'


def text_of(out: bytes, kind: str = "text") -> str:
    datas = [json.loads(line[6:]) for line in out.split(b"\n") if line.startswith(b"data: ")]
    return "".join(each["delta"].get(kind, "") for each in datas if each["type"] == "content_block_delta")


def stream(text: str, at: list[int], kind: str = "text", delta: str = "text_delta") -> bytes:
    begin = block("tool_use", id="toolu_1", name="x", input={}) if kind == "partial_json" else block("text", text="")
    return b"".join([begin, *(event(delta, **{kind: piece}) for piece in cut(text, at)), END])


@given(st.lists(st.sampled_from(["a ", "\n", f" {P} ", f" {SECRET} ", "https://", "é"]), max_size=8).map("".join), places, places)
def test_a_stream_is_masked_and_turned_back_however_it_is_cut(text: str, at: list[int], bytes_at: list[int]) -> None:
    redactions = (redaction(response=True), redaction("placeholder", "back"))
    whole = answer(None, *redactions).whole(text.encode()).decode()
    made = answer(ANTHROPIC, *redactions)
    out = through(made, cut(stream(text, at), bytes_at))
    assert text_of(out) == whole
    assert made.found["rule", "model"] == text.count(SECRET)
    assert SECRET not in whole.replace(SECRET, "", made.found["back", "restored"])


def test_thinking_is_signed_and_stays() -> None:
    data = block("thinking", thinking="") + event("thinking_delta", thinking=f"{SECRET} {P}") + END
    assert through(answer(ANTHROPIC, redaction("placeholder", response=True)), [data]) == data


@pytest.mark.parametrize(("switch", "restored"), [(False, P), (True, SECRET)])
def test_tools_are_given_secrets_by_their_own_switch(switch: bool, restored: str) -> None:
    made = answer(ANTHROPIC, redaction("placeholder", restore_tools=switch))
    out = through(made, [stream(json.dumps({"a": f"{P} x"}), [5, 9, 20], "partial_json", "input_json_delta")])
    assert json.loads(text_of(out, "partial_json")) == {"a": f"{restored} x"}


def test_what_comes_back_in_arguments_is_escaped() -> None:
    made = answer(ANTHROPIC, redaction("placeholder", restore_tools=True))
    out = through(made, [stream(json.dumps({"a": P2}), [7, 30], "partial_json", "input_json_delta")])
    assert json.loads(text_of(out, "partial_json")) == {"a": 'a"\n<b>'}


@pytest.mark.parametrize("known", [{}, {HIDE.vault.placeholder(SECRETS[1]): SECRETS[1]}])
def test_nothing_of_another_conversation_comes_back(known: Any) -> None:
    data = stream(f"{P} ", [4])
    assert through(answer(ANTHROPIC, redaction("placeholder"), known=known), [data]).count(SECRET.encode()) == 0


def test_blocking_ends_the_answer_without_the_value() -> None:
    made = answer(ANTHROPIC, redaction("block", response=True))
    with pytest.raises(Blocked) as caught:
        through(made, [stream(f"a {SECRET} b", [])])
    assert "anthropic-api-key" in str(caught.value) and SECRET[:12] not in str(caught.value)


UNSEEN = [
    pytest.param(ANTHROPIC, b"data: {broken\n\n", id="broken event"),
    pytest.param(ANTHROPIC, b"data: " + b'{"type":"new_thing","text":"x"}\n\n', id="unknown event"),
    pytest.param(ANTHROPIC, b'{"type":"message","content":[{"type":"text","text":"x"}],"content":[]}', id="key twice"),
    pytest.param(ANTHROPIC, b'{"type":"message","content":[{"type":"text","te', id="truncated"),
    pytest.param(ANTHROPIC, b"<html>", id="HTML"),
    pytest.param(None, b"\xff\xfe", id="no text"),
]


@pytest.mark.parametrize(("api", "data"), UNSEEN)
def test_what_cannot_be_looked_into_ends_when_masking_and_passes_when_only_restoring(api: str | None, data: bytes) -> None:
    with pytest.raises(CannotLook):
        through(answer(api, redaction(response=True)), [data])
    assert through(answer(api, redaction("placeholder")), [data]) == data


def test_a_whole_answer_of_a_known_api() -> None:
    body = {
        "type": "message",
        "content": [{"type": "text", "text": f"{P} {SECRET}"}, {"type": "thinking", "thinking": P, "signature": "x"}],
    }
    made = answer(ANTHROPIC, redaction("placeholder", response=True))
    out = json.loads(through(made, [json.dumps(body).encode()]))
    assert out["content"] == [{"type": "text", "text": f"{SECRET} ***"}, body["content"][1]]  # type: ignore[index]
    assert made.found == {("rule", "model"): 1, ("rule", "restored"): 1}


OPENAI = "openai-responses"
ECHOED = [
    (ANTHROPIC, {"type": "error", "error": {"type": "invalid_request_error", "message": f"bad: {SECRET}"}, "request_id": "req_1"}),
    ("openai-chat", {"error": {"message": f"bad: {SECRET}", "type": "invalid_request_error", "param": None, "code": SECRET}}),
    ("openai-chat", {"choices": [{"index": 0, "delta": {}, "error": {"message": "x", "metadata": {"raw": f"of it: {SECRET}"}}}]}),
    (OPENAI, {"type": "error", "code": "x", "message": "x", "error": {"message": f"bad: {SECRET}"}, "sequence_number": 3}),
    (OPENAI, {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "output": [], "instructions": SECRET}}),
    (
        OPENAI,
        {
            "type": "response.failed",
            "sequence_number": 9,
            "response": {"id": "resp_1", "output": [], "input": [{"role": "user", "content": SECRET}], "metadata": {"a": SECRET}},
        },
    ),
    ("google-generatecontent", {"error": {"code": 400, "message": f"bad: {SECRET}", "details": [{"reason": SECRET}]}}),
    ("google-generatecontent", {"candidates": [{"index": 0, "finishReason": "OTHER", "finishMessage": SECRET}]}),
]


@pytest.mark.parametrize(("api", "payload"), ECHOED)
@pytest.mark.parametrize("ascii", [True, False])
def test_what_an_answer_repeats_of_its_request_is_masked(api: str, payload: dict[str, Any], ascii: bool) -> None:
    """In an event and in a whole body; the rest stays byte for byte."""
    data = json.dumps({**payload, "é": 1.0}, ensure_ascii=ascii).encode()
    made = answer(api, redaction(response=True))
    assert through(made, [b"data: %b\n\n" % data]) == b"data: %b\n\n" % data.replace(SECRET.encode(), b"***")
    assert sum(made.found.values()) == data.count(SECRET.encode())
    if "error" in payload:
        assert through(answer(api, redaction(response=True)), [data]) == data.replace(SECRET.encode(), b"***")
    assert through(answer(api, redaction("placeholder")), [data]) == data, "restoring looks at nothing of it"


KEPT = [
    (ANTHROPIC, {"type": "message_start", "message": {"id": SECRET, "model": SECRET, "content": [], "usage": {}}}),
    (ANTHROPIC, {"type": "content_block_start", "index": 0, "content_block": {"type": "redacted_thinking", "data": SECRET}}),
    (ANTHROPIC, {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": SECRET}}),
    (OPENAI, {"type": "response.reasoning_text.done", "output_index": 0, "content_index": 0, "text": SECRET}),
    (OPENAI, {"type": "response.created", "response": {"id": SECRET, "output": [], "previous_response_id": SECRET}}),
    (
        OPENAI,
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {"type": "reasoning", "id": SECRET, "encrypted_content": SECRET, "error": None, "tools": SECRET},
        },
    ),
    ("openai-chat", {"id": SECRET, "system_fingerprint": SECRET, "choices": [{"index": 0, "delta": {"reasoning": SECRET}}], "user": None}),
]


@pytest.mark.parametrize(("api", "payload"), KEPT)
def test_what_must_come_back_as_it_was_stays(api: str, payload: dict[str, Any]) -> None:
    data = b"data: %b\n\n" % json.dumps(payload).encode()
    assert through(answer(api, redaction(response=True)), [data]) == data


def test_a_redactor_that_blocks_ends_an_answer_that_repeats_a_secret() -> None:
    with pytest.raises(Blocked):
        through(answer(ANTHROPIC, redaction("block", response=True)), [json.dumps(ECHOED[0][1]).encode()])


def spent(api: str | None, body: bytes) -> float:
    started = time.process_time()
    assert through(answer(api, redaction(response=True)), [body]) == body
    return time.process_time() - started


@pytest.mark.parametrize("api", [None, ANTHROPIC])
def test_a_large_answer_is_looked_into_at_once_and_not_letter_by_letter(api: str | None) -> None:
    """A megabyte of text: as a stream it takes 0.6 s and more."""
    code = "def reader(path, key=None):\n    return [open(path).read() for _ in range(10)]  # key\n"
    body = json.dumps({"type": "message", "content": [{"type": "text", "text": code * 12_000}]}).encode()
    assert min(spent(api, body) for _ in range(3)) < 0.2


@pytest.mark.parametrize("spelled", [P, f"\\u007A{P[1:]}", f"{P[:2]}\\u0078{P[3:]}"])
def test_a_body_without_a_placeholder_is_told_from_one_with_it_however_it_is_spelled(spelled: str) -> None:
    assert through(answer(None, redaction("placeholder")), [b'{"text":"%b"}' % spelled.encode()]) == b'{"text":"%b"}' % SECRET.encode()


def whole(*values: Any, **spec: Any) -> list[Any]:
    made = answer(None, redaction("placeholder", **spec))
    return [json.loads(made.whole(json.dumps(value).encode())) for value in values]


def test_whole_messages() -> None:
    assert whole({"text": f"{P} x", "id": P}) == [{"text": f"{SECRET} x", "id": P}]
    assert whole({"text": P2}) == [{"text": 'a"\n<b>'}], "with the escapes of JSON"
    assert whole({"text": f"{P} {SECRETS[1]}"}, response=True) == [{"text": f"{SECRET} ***"}]
    assert whole({"text": f'token = "{P}"'}, response=True) == [{"text": f'token = "{SECRET}"'}], "a placeholder is no secret"


@pytest.mark.parametrize(
    "value", [{"url": P}, {"a": {"input": {"x": P}}}, {"arguments": json.dumps({"a": P})}, {"text": f"https://e.example/{P}"}]
)
def test_addresses_and_arguments_of_unknown_messages_stay(value: Any) -> None:
    assert whole(value) == [value]


def test_arguments_of_unknown_messages_come_back_by_their_switch() -> None:
    assert whole({"input": {"x": P}}, restore_tools=True) == [{"input": {"x": SECRET}}]


def test_slashes_with_escapes_are_slashes() -> None:
    body = b'{"text":"https:\\/\\/evil\\/%b","more":"\\u0068ttps\\u003a\\u002f\\u002fx\\u002f%b"}' % (P.encode(), P.encode())
    assert answer(None, redaction("placeholder")).whole(body) == body
    events = b'data: {"text":"https:\\/\\/evil\\/ %b"}\n\n' % P.encode()
    assert answer(None, redaction("placeholder")).whole(events) == events


def test_a_link_over_several_messages_is_one() -> None:
    messages = [{"delta": "![x](https://evil.example/?q="}, {"delta": P}, {"delta": f") {P}"}]
    assert whole(*messages) == [*messages[:2], {"delta": f") {SECRET}"}]
    pieces = [{"choices": [{"t": "https://evil.example/"}, {"t": P}]}]
    assert whole(*pieces) == pieces
    made = answer(None, redaction("placeholder"))
    assert [made.whole(text.encode()).decode() for text in ("https://evil.example/", P, f" {P}")] == [
        "https://evil.example/",
        P,
        f" {SECRET}",
    ]


def test_a_link_over_several_blocks_is_one() -> None:
    """Clients join the texts of blocks, so do those that show citations."""
    start = b"".join([block("text", text=""), event("text_delta", text="![x](https://evil.example/?q="), END])
    stop = END.replace(b'"index":0', b'"index":1')
    data = b"".join([start, block("text", 1, text=""), event("text_delta", 1, text=f"{P}) {P}"), stop])
    assert text_of(through(answer(ANTHROPIC, redaction("placeholder")), [data])).endswith(f"?q={P}) {SECRET}")


def test_placeholders_known_later() -> None:
    made = answer(None, redaction("placeholder"), known={})
    body = json.dumps({"text": P}).encode()
    assert made.whole(body) == body
    made.know(KNOWN)
    assert made.whole(json.dumps({"text": f" {P}"}).encode()) == json.dumps({"text": f" {SECRET}"}).encode()


def test_unknown_places_past_the_limit_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amp_addons.core.redact.answer.MAX_TEXTS", 1)
    assert whole({"a": P, "b": P}) == [{"a": SECRET, "b": P}]


def test_repr_holds_no_secret() -> None:
    made = answer(None, redaction("placeholder"))
    made.whole(P.encode())
    assert SECRET not in repr(made) + repr(made.found)
