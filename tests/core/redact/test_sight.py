import pytest

from amp_addons.core.redact.sight import Sight


@pytest.mark.parametrize("text", ["abcdefgh", "aé€😀bß", "\ud800é\udfffab"])
def test_bytes_and_characters_stay_together(text: str) -> None:
    sight = Sight()
    data = b"".join(sight.add(char) for char in text)
    assert data == text.encode("utf-8", "replace")
    assert (sight.end, sight.held) == (len(data), len(text))
    for place in range(sight.end + 1):
        assert text.encode("utf-8", "replace")[: sight.whole(place)].decode() == text[: sight.characters(sight.whole(place))].replace(
            "\ud800", "?"
        ).replace("\udfff", "?")


def test_what_is_let_go_and_forgotten() -> None:
    sight = Sight()
    sight.add("né 1")
    assert (sight.take(3), sight.take(2), sight.held) == ("né", "", 2)
    sight.forget(3)
    assert (sight.text, sight.data, sight.base, sight.passed) == (" 1", b" 1", 3, 2)
    sight.add("é")
    assert sight.take(sight.end) == " 1é"
    assert sight.held == 0
