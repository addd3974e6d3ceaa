"""The data in the lines of an event."""

import pytest

from amp_addons.core.answers.event_data import data_line, has_fields_only


@pytest.mark.parametrize(
    ("block", "data", "whole", "named"),
    [
        (b"data: {}", b"{}", True, False),
        (b"event: x\r\ndata:{} \r", b"{} ", True, True),
        (b"\nid: data: x\rdata: a\rdata: b", b"a", False, False),
        (b"data: a\nevents: x\ndatas: b", b"a", True, False),
    ],
)
def test_the_first_line_of_data(block: bytes, data: bytes, whole: bool, named: bool) -> None:
    line = data_line(block)
    assert line is not None
    assert (line.data, line.is_whole, line.is_named, line.crlf) == (data, whole, named, b"\r" in block)
    assert block[line.start : line.end] == data


@pytest.mark.parametrize("block", [b"", b": data: x", b"event: x\n data: y", b"datas: x"])
def test_no_data(block: bytes) -> None:
    assert data_line(block) is None


@pytest.mark.parametrize(
    ("block", "known"),
    [
        (b"", True),
        (b"\r\n", True),
        (b": x", True),
        (b"\ndata\nevent: x\r\nid:\nretry: 1\r", True),
        (b"x: y", False),
        (b"data: x\nerror: y", False),
        (b" data: x", False),
        (b"events", False),
    ],
)
def test_fields_that_the_standard_knows(block: bytes, known: bool) -> None:
    assert has_fields_only(block) is known
