"""The pure functions for tests elsewhere."""

import pytest

from amp_addons.sim import anthropic, streams
from amp_addons.sim.turn import compose

CONTENT = {"model": "m", "text": "größer", "thinking": "Hm", "tools": [("grep", {"pattern": "x"})], "seed": 4}


@pytest.mark.parametrize("name", ["anthropic", "openai_chat", "openai_responses", "openrouter", "google", "google_array"])
def test_same_content_same_bytes(name):
    stream = getattr(streams, name)
    assert stream(**CONTENT) == stream(**CONTENT)
    assert "größer".encode() in b"".join(stream(**CONTENT))


def test_truth_is_that_of_the_composed_turn(parse, counted):
    truth = anthropic.truth(compose(**CONTENT))
    assert counted(parse(b"".join(streams.anthropic(**CONTENT)))) == truth.event_counts
    assert truth.tool_calls[0]["args"] == {"pattern": "x"}


def test_connect():
    assert b"event: disconnect\n" in streams.connect(2)[-1]
