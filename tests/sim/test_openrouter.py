"""OpenRouter's own in an answer; what it shares with chat completions is tested in test_openai_chat.py."""

from amp_addons.sim import openrouter
from amp_addons.sim.turn import invent

TURN = invent(model="m", seed=1, events=40)


def test_comments_before_and_between():
    events = list(openrouter.events(TURN))
    assert events[:2] == [b": OPENROUTER PROCESSING\n\n"] * 2
    assert events.count(b": OPENROUTER PROCESSING\n\n") > 2


def test_cost_is_in_the_usage():
    assert openrouter.whole(TURN)["usage"]["cost"] > 0


def test_errors_have_the_status_as_code():
    assert openrouter.error(402, "No") == {"error": {"code": 402, "message": "No"}}


def test_error_in_mid_stream_is_a_chunk_and_the_marker_follows(parse):
    *_, error, done = openrouter.error_events(TURN)
    [(_, payload)] = parse(error)
    assert payload["choices"][0]["finish_reason"] == "error"
    assert payload["error"]["code"] == 502
    assert done == b"data: [DONE]\n\n"
