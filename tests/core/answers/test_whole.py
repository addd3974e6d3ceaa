"""Bodies that are changed as a whole."""

import pytest

from amp_addons.core.answers import whole as module
from amp_addons.core.answers.whole import TooLong, Whole


def test_nothing_goes_on_before_the_end() -> None:
    whole = Whole(bytes.upper)
    assert [whole.feed(b"a"), whole.feed(b""), whole.feed(b"b"), whole.close()] == [[], [], [], [b"AB"]]


@pytest.mark.parametrize("edit", [bytes.upper, lambda _body: b""])
def test_an_empty_piece_is_none(edit: module.Callable[[bytes], bytes]) -> None:
    assert Whole(edit).close() == []


def test_what_is_too_long_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 3)
    whole = Whole(bytes.upper)
    whole.feed(b"abc")
    with pytest.raises(TooLong, match="more than 3 bytes"):
        whole.feed(b"d")


def test_repr_holds_nothing_of_the_body() -> None:
    whole = Whole(bytes.upper)
    whole.feed(b"secret")
    assert "secret" not in repr(whole)
