import json
import time

import pytest
from support.secrets import PEM, SECRET, SECRETS, redactor

from amp_addons.core.conversation.parts import Media, Message, Other, Text, Thinking, ToolCall, ToolResult
from amp_addons.core.scrub import deepen
from amp_addons.report.clean import HEAD, LOOKED, MAX_DEPTH, MAX_NAME, TAIL, Cleaner, cut, legible


@pytest.fixture(scope="module")
def cleaner():
    return Cleaner(redactor())


@pytest.fixture(autouse=True)
def deepened():
    found = redactor()
    deepen(lambda text: found.mask(text).text)


def pieces(secret):
    return [secret[at : at + 8] for at in range(len(secret) - 7)]


@pytest.mark.parametrize("secret", [*SECRETS, "\n".join(PEM)], ids=["anthropic", "github", "aws", "pem"])
@pytest.mark.parametrize(
    "shape", ["{}", "key {} here", "a\n{}\nb", '{{"note": "{}"}}', "x={}&y=1", "{}\n" + "x" * 3 * LOOKED, "x " * 2 * LOOKED + " {}"]
)
def test_no_piece_of_a_secret_is_left_whatever_it_stands_in(cleaner, secret, shape):
    text = shape.format(json.dumps(secret)[1:-1] if shape.startswith("{{") else secret)
    found = cleaner.text(text)
    assert not [piece for piece in pieces(secret.splitlines()[1] if "\n" in secret else secret) if piece in found]
    assert "***" in found


@pytest.mark.parametrize("at", [*range(HEAD - 12, HEAD + 2), LOOKED - 10, LOOKED - 40])
def test_a_secret_where_a_text_is_cut_goes_as_a_whole(cleaner, at):
    found = cleaner.text("x" * (at - 1) + " " + SECRET + " " + "y " * 2 * LOOKED)
    assert not [piece for piece in pieces(SECRET) if piece in found]


def test_a_long_text_keeps_its_ends_and_says_what_is_left_out(cleaner):
    found = cleaner.text("a" * HEAD + "b" * 5000 + "c" * TAIL)
    assert found == "a" * HEAD + "\n[… 5,000 characters left out …]\n" + "c" * TAIL
    found = cleaner.text("a " * LOOKED + "b " * LOOKED)
    assert found.startswith("a a") and found.endswith("b ") and f"[… {4 * LOOKED - HEAD - TAIL:,} characters left out …]" in found


def test_values_go_by_name(cleaner):
    args = {
        "password": "hunter2hunter2",
        "count": 5,
        "max_tokens": 9,
        "pin_secret": 1234,
        "nested": [{"api_key": "abcdefghij"}],
        "note": SECRET,
    }
    found = cleaner.arguments(args)
    assert found == {"password": "***", "count": 5, "max_tokens": 9, "pin_secret": "***", "nested": [{"api_key": "***"}], "note": "***"}
    assert cleaner.text(json.dumps(args)) == json.dumps(found, indent=2)


def test_values_are_bounded(cleaner):
    deep: object = "x"
    for _ in range(3 * MAX_DEPTH):
        deep = [deep]
    assert json.dumps(cleaner.value(deep)).count("[") == MAX_DEPTH
    assert cleaner.value({"n": 10**400})["n"] == "1" + "0" * (MAX_NAME - 1)
    assert cleaner.value({"f": 0.5, "b": True, "z": None}) == {"f": 0.5, "b": True, "z": None}
    hopeless: list = []
    for _ in range(100_000):
        hopeless = [hopeless]
    assert cleaner.arguments(hopeless) == "…"


def test_every_kind_of_part(cleaner):
    message = Message(
        SECRET,
        (
            Text(SECRET),
            Thinking(SECRET, 3),
            ToolCall(SECRET, SECRET, {"a": SECRET}),
            ToolCall("", "f", SECRET),
            ToolResult(SECRET, (Text(SECRET), Media("image", SECRET, 3, SECRET), Other(SECRET, SECRET)), SECRET, True),
            Media("image", "image/png", 3, f"https://x.example/?token=abcdefgh&x={SECRET}"),
        ),
    )
    found = cleaner.message(message)
    assert not [piece for piece in pieces(SECRET) if piece in repr(found)]
    assert found.role == "***" and found.parts[0] == Text("***") and found.parts[2] == ToolCall("***", "***", {"a": "***"})
    assert "abcdefgh" not in repr(found) and found.parts[4].is_error


def test_names_are_short_and_on_one_line(cleaner):
    assert cleaner.name("a\nb\tc") == "a b c" and cleaner.name(None) == ""
    assert cleaner.name("a" * 300).startswith("a" * MAX_NAME + "[… 100")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", "a\nb\tc"),
        ("a\r\nb", "a\nb"),
        ("a\rb\x1b[31m\x00", "a\\x0db\\x1b[31m\\x00"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("\U000e0041", "\\U000e0041"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("क्\u200dष", "क्\u200dष"),
        ("pass\u200dword", "pass\\u200dword"),
        ("👩\u200d", "👩\\u200d"),
        ("👩\u200d💻\n\u200b", "👩\u200d💻\n\\u200b"),
    ],
)
def test_what_is_invisible_becomes_visible_but_for_joined_letters(text, shown):
    assert legible(text) == shown


def test_half_a_pair_is_replaced(cleaner):
    assert cleaner.text("a\ud800b") == "a\ufffdb"


def test_cut_without_an_end():
    assert cut("abc", 3, 0) == "abc" and cut("abcd", 3, 0) == "abc[… 1 characters left out]"


def test_a_text_is_looked_through_once(cleaner):
    text = "some words and more " * 5000
    cleaner.text(text)
    started = time.perf_counter()
    cleaner.text(text)
    assert time.perf_counter() - started < 0.05
