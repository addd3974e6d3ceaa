import pytest

from amp_addons.core.answers.replaced import Replaced


@pytest.mark.parametrize("pieces", [[], [b""], [b"a"], [b"", b"a", b"b"]])
def test_the_body_once_whatever_came(pieces: list[bytes]) -> None:
    transform = Replaced(b"new")
    found = [piece for data in pieces for piece in transform.feed(data)]
    assert found == ([b"new"] if any(pieces) else [])
    assert [*found, *transform.close()] == [b"new"]
    assert transform.close() == transform.feed(b"more") == []


def test_it_comes_as_soon_as_there_is_something_to_replace() -> None:
    transform = Replaced(b"new")
    assert transform.feed(b"") == []
    assert transform.feed(b"a") == [b"new"]


def test_nothing_may_take_its_place() -> None:
    transform = Replaced(b"")
    assert transform.feed(b"a") == transform.close() == []
