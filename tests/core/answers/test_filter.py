"""A text that is there as a whole."""

from support.filters import Held

from amp_addons.core.answers.filter import filtered


def test_what_is_held_back_comes_with_the_rest() -> None:
    assert filtered(Held(3), "abcd") == "ABCD"
