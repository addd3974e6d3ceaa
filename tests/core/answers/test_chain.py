"""What comes out of each transform goes into the next, at the end too."""

from amp_addons.core.answers.chain import Chain
from amp_addons.core.answers.whole import Whole


class Mark:
    """Two pieces for one, and a last one."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark

    def feed(self, data: bytes) -> list[bytes]:
        return [data, self._mark]

    def close(self) -> list[bytes]:
        return [b"end" + self._mark]


def test_in_order() -> None:
    chain = Chain([Mark(b"1"), Mark(b"2")])
    assert chain.feed(b"x") == [b"x", b"2", b"1", b"2"]
    assert chain.close() == [b"end1", b"2", b"end2"]


def test_one_that_holds_everything_gives_it_to_those_behind_it() -> None:
    chain = Chain([Mark(b"1"), Whole(bytes.upper), Mark(b"2")])
    assert chain.feed(b"x") == []
    assert chain.close() == [b"X1END1", b"2", b"end2"]


def test_none_changes_nothing() -> None:
    assert Chain([]).feed(b"x") == [b"x"]
    assert Chain([]).close() == []
