"""A whole stream masked in place says the same as one masked on its way, with the events that it had."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.secrets import SECRET, SECRETS, redactor

from amp_addons.core.reader import StreamReader
from amp_addons.core.redact.deltas import mask_deltas
from amp_addons.core.redact.streaming import MaskStream
from amp_addons.sim import anthropic, openai_chat, openai_responses
from amp_addons.sim.turn import compose

SIMS = (anthropic, openai_chat, openai_responses)
TEXTS = st.lists(st.sampled_from([*SECRETS, SECRET[:40], " ", "Hm.", "größer ", "key: ", "\n", "sk-", 'a"b\\', "."]), max_size=6).map(
    "".join
)


def masked(body, api):
    return mask_deltas(body, api, redactor(), lambda finding, secret: "***")


def summary(body, api):
    reader = StreamReader(api)
    reader.feed(body)
    reader.close()
    return reader.summary()


def whole(text):
    stream = MaskStream(redactor(), lambda finding, secret: "***")
    return stream.feed(text) + stream.flush()


@given(st.sampled_from(SIMS), TEXTS, TEXTS, TEXTS)
def test_texts_are_masked_and_events_stay_as_many_as_they_were(sim, text, thinking, argument):
    turn = compose(model="m", text=text, thinking=thinking, tools=[("grep", {"pattern": argument, "n": 1})])
    body = b"".join(sim.events(turn))
    clean, findings = masked(body, sim.API)
    before, after = summary(body, sim.API), summary(clean, sim.API)
    assert after.event_counts == before.event_counts
    assert (after.text, after.thinking) == (whole(before.text), whole(before.thinking))
    assert [call["args"]["pattern"] for call in after.tool_calls] == [whole(argument)]
    assert json.dumps(after.tool_calls)
    assert bool(findings) is (clean != body)
    if not findings:
        assert clean is body


@pytest.mark.parametrize("sizes", [[1], [7, 50], [200], [3, 3, 3]])
def test_each_delta_keeps_what_it_had(sizes):
    text, pieces, at = f"my key: {SECRET} is it.", [], 0
    while at < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[at : at + size])
        at += size
    event = 'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%s}}\n\n'
    body = "".join(event % json.dumps(piece) for piece in pieces).encode()
    clean, [finding] = masked(body, "anthropic-messages")
    found = [json.loads(line[6:])["delta"]["text"] for line in clean.decode().splitlines() if line]
    assert len(found) == len(pieces) and "".join(found) == "my key: *** is it."
    begin = 8
    for piece, left in zip(pieces, found, strict=True):
        before, begin = begin, begin - len(piece)
        if before <= 0 and begin <= -len(SECRET) and before <= -len(SECRET):
            assert left == piece
        elif before >= len(piece):
            assert left == piece
    assert finding.start == 8


def test_more_than_can_be_placed_is_masked_all_the_same(monkeypatch):
    monkeypatch.setattr("amp_addons.core.redact.streaming.MAX_KEPT", 2)
    body = b"".join(anthropic.events(compose(model="m", text=" ".join([SECRET] * 5), thinking="Hm.")))
    clean, findings = masked(body, "anthropic-messages")
    assert SECRET.encode() not in clean and len(findings) == 2
    assert summary(clean, "anthropic-messages").text == " ".join(["***"] * 5)
