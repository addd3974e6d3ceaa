"""Events written here, read by the decoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons import ServerSentEvent, SSEDecoder
from amp_addons.core.answers.event_text import event_text

LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))


@given(st.text(st.characters(exclude_categories=["Cs"])), LINE, LINE, st.integers(0, 10**9), st.text("ab\r\n"))
def test_what_is_written_is_what_is_read(data: str, event: str, id: str, retry: int, comment: str) -> None:
    """But for ends of lines, which all become LF."""
    [read] = SSEDecoder().feed(event_text(data, event=event, id=id, retry=retry, comment=comment))
    plain = data.replace("\r\n", "\n").replace("\r", "\n")
    assert read == ServerSentEvent(event or "message", plain, id, retry)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (event_text(comment="a\nb"), b": a\n: b\n\n"),
        (event_text(comment=""), b":\n\n"),
        (event_text("", event="e"), b"event: e\ndata: \n\n"),
        (event_text(id="", retry=0), b"id: \nretry: 0\n\n"),
        (event_text("a\r\nb\rc", comment="x"), b": x\ndata: a\ndata: b\ndata: c\n\n"),
    ],
)
def test_written(written: bytes, text: bytes) -> None:
    assert written == text
