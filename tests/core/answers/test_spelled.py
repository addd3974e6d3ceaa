"""The spelling of a text that a filter changes; with what JSON may be, it is tested with the arguments."""

import time

import pytest
from support.filters import NEW, WORD, Same, Swap

from amp_addons.core.answers.spelled import MAX_WAITING, Spelled, plain


class Silent(Same):
    def feed(self, text: str) -> str:
        return ""

    def flush(self) -> str:
        return "\xe9"


def test_plain_text_of_escapes() -> None:
    assert plain("\\u0061\\n\\ud83d\\ude00\\ud83db") == "a\n\U0001f600\ud83db"


@pytest.mark.parametrize(
    ("raw", "out"),
    [
        ("\\u0061 the", "\\u0061 the"),
        ("\\u00e9 the proxy", f"\\u00e9 {NEW}"),
        ("the proxy \\u003c \u20ac", f"{NEW} \\u003c \u20ac"),
    ],
)
def test_what_comes_out_is_spelled_as_it_was(raw: str, out: str) -> None:
    spelled = Spelled(Swap(), {})
    escaped = out.replace(NEW, NEW.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
    assert spelled.feed(raw, plain(raw)) + spelled.flush() == escaped


def test_spellings_are_those_of_the_other_strings_too() -> None:
    spellings: dict[str, str] = {}
    Spelled(Same(), spellings).feed("\\u20ac", "\u20ac")
    spelled = Spelled(Swap(), spellings)
    assert "\\u20ac" in spelled.feed(WORD, WORD)


def test_what_is_remembered_is_bounded() -> None:
    """A filter that lets nothing out for long has its text spelled anew, at a linear cost."""
    spelled = Spelled(Silent(), {})
    start = time.process_time()
    for _ in range(50 * MAX_WAITING // 1000):
        assert spelled.feed("a" * 1000, "a" * 1000) == ""
    assert spelled.flush() == "\xe9"
    assert time.process_time() - start < 2
