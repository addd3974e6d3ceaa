import pytest
from support.asks import ask, capture, conversation

from amp_addons.render.compared import compared_lines
from amp_addons.render.palette import PLAIN
from amp_addons.replay.captures import flows_of
from amp_addons.replay.compare import compared


def lines(tmp_path, old, new, width=100):
    return list(compared_lines(PLAIN, width, compared(*flows_of(str(capture(tmp_path / "f", ask(old, 1), ask(new, 2)))))))


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        (conversation("hi", "ho"), "1 addition; what was sent before stays as it was: a prompt cache holds."),
        (conversation("hello"), "0 additions; 1 change of what was sent before: a prompt cache holds up to /messages/0/content."),
        (conversation("hi"), "The bodies are the same."),
    ],
)
def test_verdict(tmp_path, new, verdict):
    assert lines(tmp_path, conversation("hi"), new)[-1] == verdict


def test_values_are_cut_to_the_width_and_cannot_steer_a_terminal(tmp_path):
    found = lines(tmp_path, conversation("hi"), conversation("hi", "\x1b[2J\u202e\u009b" + "long " * 100), width=80)
    assert all(len(line) <= 80 for line in found if line.startswith("    "))
    assert all(line.isprintable() for line in found) and any("\\x1b" in line or "\\u001b" in line for line in found)
