"""Lines of a stream, changed one by one; what bounds them is tested with the models."""

import pytest

from amp_addons.core.answers.lines import Lines


def lines() -> Lines:
    return Lines(b"x", lambda line: b"<%b>" % line)


@pytest.mark.parametrize(
    ("stream", "changed"),
    [
        (b"ax\nb\n", b"<ax>\nb\n"),
        (b"ax\rxb\r\n\nx\n", b"<ax>\r<xb>\r\n\n<x>\n"),
        (b"\r\r\n\nx", b"\r\r\n\n<x>"),
        (b"none\r\n", b"none\r\n"),
    ],
)
def test_lines_with_the_mark_are_changed_without_their_end(stream: bytes, changed: bytes) -> None:
    for size in range(1, len(stream) + 1):
        cut = lines()
        pieces = [piece for at in range(0, len(stream), size) for piece in cut.feed(stream[at : at + size])]
        assert b"".join(pieces + cut.close()) == changed


def test_only_the_unfinished_line_is_held() -> None:
    some = lines()
    assert some.feed(b"ax\nb") == [b"<ax>\n"]
    assert some.feed(b"x") == []
    assert some.feed(b"\r") == [b"<bx>\r"]
    assert some.feed(b"\nc") == [b"\n"]
    assert some.close() == [b"c"]
    assert some.close() == []
