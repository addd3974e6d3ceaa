import pytest
from support.excerpts import excerpts
from support.secrets import PEM, SECRET, SECRETS

from amp_addons.render.excerpt import BLANK, MARGIN, MAX_LINES, WIDTH, heading, indented


def test_short_texts_are_shown_as_a_whole():
    assert excerpts().lines("one\n\n  two\n") == ["one", "", "  two"]


def test_long_texts_show_their_beginning_and_end():
    text = "\n".join(f"line {number}" for number in range(20_000))
    found = excerpts().lines(text, 100, 50)
    assert found[0] == "line 0" and found[-1] == "line 19999" and len(found) < 30
    assert f"[… {len(text) - 150:,} characters left out …]" in found


@pytest.mark.parametrize("secret", [SECRET, "\n".join(PEM)])
@pytest.mark.parametrize("shift", range(-400, 401, 57))
@pytest.mark.parametrize("end", ["head", "tail", "margin", "margin of the tail"])
def test_no_piece_of_a_secret_is_left_wherever_a_text_is_cut(secret, shift, end):
    at = {"head": 2000, "tail": 100_000 - 400, "margin": 2000 + MARGIN, "margin of the tail": 100_000 - 400 - MARGIN}[end] + shift
    text = "word " * 20_000
    text = text[:at] + f" {secret} " + text[at:]
    shown = "\n".join(excerpts().lines(text))
    seen = "".join(line.strip() for line in shown.split("\n"))
    for body in (line[20:] for line in secret.split("\n") if len(line) > 40):
        assert not [body[at : at + 10] for at in range(len(body) - 10) if body[at : at + 10] in seen]


def test_secrets_make_no_room_for_what_was_not_looked_through():
    """Masks are shorter than secrets: what then moves up into view may end with a piece of one."""
    cloud_key = SECRETS[2]
    text = f"{SECRET} " * 50
    text += "-" * (2000 + MARGIN - 12 - len(text)) + f" {cloud_key} " + "word " * 5000
    shown = "\n".join(excerpts().lines(text))
    assert cloud_key[:10] not in shown and SECRET[14:24] not in shown and "characters left out" in shown


def test_lines_are_bounded_in_length_and_number():
    found = excerpts().lines("x" * 5 * WIDTH, 5000)
    assert [len(line) for line in found] == [WIDTH] * 5
    found = excerpts().lines("\n".join("a" for _ in range(500)), 5000)
    assert len(found) == MAX_LINES + 1 and f"[… {500 - MAX_LINES} lines left out …]" in found


def test_room_is_bounded_in_all():
    found = excerpts(budget=10_000)
    shown = [found.lines("word " * 400) for _ in range(8)]
    assert [each[0].startswith("word") for each in shown] == [True] * 5 + [False] * 3
    assert shown[-1] == ["[… 2,000 characters, not shown: this view is long enough …]"]
    assert found.line("late") == ""


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({"path": "a.py", "limit": 3}, ["path: a.py", "limit: 3"]),
        ({"old": "a\nb"}, ["old:", "    a", "    b"]),
        ({"password": "xyz"}, ["password: ***"]),
        ([1, 2], ["[1,2]"]),
        ("half {", ["half {"]),
        (None, ["null"]),
        ({}, []),
    ],
)
def test_values_of_json_are_shown_by_name(value, lines):
    assert [line.replace(", ", ",") for line in excerpts().value(value)] == lines


def test_large_values_are_cut():
    found = excerpts().value({"content": "text " * 20_000, "path": "a"})
    assert any("characters left out" in line for line in found) and len(found) < 60


def test_what_steers_a_terminal_is_visible():
    assert excerpts().lines("a\x1b[31m\u202eb") == ["a\\x1b[31m\\u202eb"]
    assert excerpts().line("a\x1b[31m\n b") == "a\\x1b[31m b"


def test_a_line_is_one():
    assert excerpts().line("word " * 100, 20) == "word word word word…" and excerpts().line("") == ""


def test_lines_between_are_never_empty():
    """mitmweb shows nothing of an empty line."""
    assert heading("x")[0] == BLANK and indented(["a", ""], 2) == ["  a", "  "]
