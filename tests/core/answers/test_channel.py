"""One channel: whole characters, and JSON where there is some."""

from support.filters import Same, Upper

from amp_addons.core.answers.arguments import Arguments
from amp_addons.core.answers.channel import Channel, filter_of


class Seen(Same):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def feed(self, text: str) -> str:
        self.texts.append(text)
        return text


def test_halves_of_a_character_are_joined() -> None:
    seen = Seen()
    channel = Channel(seen, {})
    assert [*map(channel.feed, ["a\ud83d", "", "\ude00b", "\ud83d", "c\ud83d"])] == ["a", "", "\U0001f600b", "", "\ud83dc"]
    assert channel.flush() == "\ud83d"
    assert seen.texts == ["a", "", "\U0001f600b", "", "\ud83dc", "\ud83d"]


def test_json_that_is_none() -> None:
    channel = Channel(Arguments(Upper), {})
    assert (channel.feed('["a"'), channel.is_broken) == ('["A"', False)
    assert (channel.feed("a"), channel.is_broken) == ("a", True)


def test_a_kind_that_is_not_asked_for_has_no_filter() -> None:
    assert filter_of(lambda kind: None, "tool", json=True) is None
    assert isinstance(filter_of(lambda kind: Upper(), "tool", json=True), Arguments)
    assert isinstance(filter_of(lambda kind: Upper(), "tool", json=False), Upper)
