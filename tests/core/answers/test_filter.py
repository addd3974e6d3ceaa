"""A text that is there as a whole."""

from support.filters import Held, Same

from amp_addons.core.answers.filter import filtered


class Whole(Same):
    def feed_whole(self, text: str) -> str:
        return f"<{text}>"


def test_what_takes_it_as_a_whole_is_given_it_as_one() -> None:
    assert filtered(Whole(), "abcd") == "<abcd>"


def test_what_is_held_back_comes_with_the_rest() -> None:
    assert filtered(Held(3), "abcd") == "ABCD"
