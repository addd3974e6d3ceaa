import json

import pytest
from support.excerpts import excerpts
from support.secrets import SECRET, redactor

from amp_addons.core.glance import FIRST, LAST, glance
from amp_addons.core.redact.pieces import masked_pieces
from amp_addons.render.stream_text import stream_text
from amp_addons.sim import anthropic, google, openai_chat, openai_responses
from amp_addons.sim.turn import compose


def shown(body, moment=lambda end: None, notes=()):
    return stream_text(glance(body), len(body), moment, lambda pieces: masked_pieces(redactor(), pieces), excerpts(), notes)


def deltas(*texts):
    pieces = [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}} for text in texts]
    return b"".join(f"data: {json.dumps(piece)}\n\n".encode() for piece in pieces)


TURN = compose(
    model="claude-sonnet-4-5", text="Hello there. ", thinking="Hm, let me see. ", tools=[("Read", {"path": "a.py", "password": "xyzzy"})]
)


def test_a_stream_is_shown_in_order_and_then_put_together():
    text = shown(b"".join(anthropic.events(TURN)), moment=lambda end: end / 10, notes=["something is missing"])
    lines = text.split("\n")
    assert lines[0].startswith("claude-sonnet-4-5 · anthropic-messages · complete (tool_use) · ") and "note: something is missing" in lines
    headings = [line for line in lines if line.startswith("── ")]
    assert [line.split()[1] for line in headings] == ["Events,", "Message", "Thinking", "Tool", "Tokens"]
    assert "the time since the request began" in headings[0] and " +0.0" in lines[4] and "message_start" in lines[4]
    for part in ("    Hello there.", "    Hm, let me see.", "  1 Read", "path: a.py", "password: ***", "output "):
        assert part in text
    assert "xyzzy" not in text.partition("Tool calls")[2]


@pytest.mark.parametrize("api", [anthropic, google, openai_chat, openai_responses])
def test_every_api_is_shown(api):
    text = shown(b"".join(api.events(TURN)))
    assert "Hello there." in text and "the byte at which each ended" in text and "@" in text and "Tokens" in text


def test_the_middle_of_a_long_stream_is_left_out():
    text = shown(deltas(*(f"w{number} " for number in range(1000))))
    assert f"{1000 - FIRST - LAST} events left out" in text and "w199" in text and "w950" in text
    assert sum("content_block_delta" in line for line in text.split("\n")) == FIRST + LAST


@pytest.mark.parametrize("size", [3, 20, 200])
@pytest.mark.parametrize("where", [0, 190, 930, 970])
def test_a_secret_in_pieces_is_in_no_event(size, where):
    """Among the first events, the last ones, and on the way to these."""
    texts = [f"w{number} " for number in range(1000)]
    texts[where:where] = [SECRET[at : at + size] for at in range(0, len(SECRET), size)]
    text = shown(deltas(*texts))
    seen = text.replace("\n", "")
    assert not [SECRET[at : at + 8] for at in range(14, len(SECRET) - 8) if SECRET[at : at + 8] in seen]
    said = "".join(line.rpartition("text   ")[2] for line in text.split("\n") if "content_block_delta" in line)
    assert not [SECRET[at : at + 8] for at in range(14, len(SECRET) - 8) if SECRET[at : at + 8] in said]


def test_secrets_in_other_events_are_masked():
    text = shown(b'data: {"type":"custom","note":"%b"}\n\n' % SECRET.encode())
    assert '{"note":"***"}' in text


def test_nothing_steers_a_terminal():
    text = shown(deltas("a\x1b]0;x\x07\u202e", "b\nc"))
    assert "\x1b" not in text and "\\x1b]0;x" in text and "\u202e" not in text and "b⏎c" in text


def test_what_was_not_read_is_said_and_no_end_is_claimed():
    body = deltas("a " * 10) * 60_000
    text = shown(body)
    assert "were not read" in text and "truncated" not in text.split("\n")[0]


def test_errors_come_first():
    text = shown(deltas("a") + b'data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n')
    assert text.index("overloaded_error: Overloaded") < text.index("Events,") and " · error · " in text.split("\n")[0]


def test_an_answer_that_is_no_stream():
    text = shown(json.dumps(anthropic.whole(TURN)).encode())
    assert "no stream" in text and "Events," not in text and "Hello there." in text and "  1 Read" in text
