"""Events of a stream, changed one by one; what bounds them is tested with the channels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.filters import cut, places

from amp_addons.core.answers.blocks import Blocks


def changed(stream: bytes, at: list[int]) -> bytes:
    blocks = Blocks(lambda block: b"<%b>" % block)
    pieces = [piece for part in cut(stream, at) for piece in blocks.feed(part)]
    assert b"" not in pieces
    return b"".join(pieces) + blocks.close()


@pytest.mark.parametrize(
    ("stream", "out"),
    [
        (b"", b""),
        (b"a\nb\n\nc\n\n", b"<a\nb>\n\n<c>\n\n"),
        (b"a\r\nb\r\n\r\nc\r\n\r\n", b"<a\r\nb\r>\n\r\n<c\r>\n\r\n"),
        (b"a\rb\r\rc\r\r", b"<a\rb>\r\r<c>\r\r"),
        (b"a\n\r\nb\r\n\nc\r\r\nd", b"<a>\n\r\n<b\r>\n\n<c>\r\r\nd"),
        (b"a\n\rb\n\n", b"<a>\n\r<b>\n\n"),
        (b"a\n\nb", b"<a>\n\nb"),
        (b"\n\n\n\na\n\n", b"<>\n\n<>\n\n<a>\n\n"),
    ],
)
def test_events_end_at_an_empty_line(stream: bytes, out: bytes) -> None:
    for at in range(len(stream) + 1):
        assert changed(stream, [at]) == out
    assert changed(stream, [*range(len(stream))]) == out


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b"\n\n", b": x\n", b":"]), max_size=20).map(b"".join), places)
def test_no_byte_is_lost_or_moved(stream: bytes, at: list[int]) -> None:
    blocks = Blocks(lambda block: block)
    assert b"".join([*(piece for part in cut(stream, at) for piece in blocks.feed(part)), blocks.close()]) == stream


def test_only_the_unfinished_event_is_held() -> None:
    blocks = Blocks(bytes.upper)
    assert blocks.feed(b"a\n\nb\n") == [b"A\n\n"]
    assert blocks.feed(b"\nc") == [b"B\n\n"]
    assert blocks.feed(b"\n\r") == [b"C\n\r"]
    assert blocks.feed(b"\nd\r\n\r") == [b"\n", b"D\r\n\r"]
    assert blocks.feed(b"\ne") == [b"\n"]
    assert blocks.close() == b"e"


def test_comments_before_an_event_go_on_line_by_line() -> None:
    blocks = Blocks(bytes.upper)
    assert blocks.feed(b": a\n: b") == [b": a\n"]
    assert blocks.feed(b"\r\n") == [b": b\r\n"]
    assert blocks.feed(b"c\n: d\n") == []
    assert blocks.feed(b"\n: e\rf\n") == [b"C\n: D\n\n"]
    assert blocks.close() == b": e\rf\n"
