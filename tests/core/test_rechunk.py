"""A body that was scrubbed, in the pieces in which it came: who reads it piece by piece sees the same lines end in each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons.core.codings import ENCODERS
from amp_addons.core.encoding import ContentDecoder
from amp_addons.core.rechunk import data_sizes, rechunked

CODINGS = ("", "identity", *ENCODERS)
LINES = st.lists(st.sampled_from([b"data: secret-1", b"", b"event: x", b": \xc3\xbc", b"data: {}", b"secret"]), max_size=12)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


def in_pieces(plain: bytes, cuts: list[int], coding: str) -> list[bytes]:
    places = sorted({min(cut, len(plain)) for cut in cuts})
    pieces = [plain[start:stop] for start, stop in zip([0, *places], [*places, len(plain)], strict=True)]
    if coding in ("", "identity"):
        return pieces
    encoder = ENCODERS[coding]()
    coded = [encoder.feed(piece) for piece in pieces]
    return [*coded[:-1], coded[-1] + encoder.close()]


def read(pieces: list[bytes], coding: str) -> list[bytes]:
    """What has come after each piece."""
    decoder, found = ContentDecoder(coding), [b""]
    for piece in pieces:
        found.append(found[-1] + decoder.feed(piece))
    assert decoder.error is None and decoder.close() == b""
    return found[1:]


def line_ends(text: bytes) -> int:
    return text.count(b"\n") + text.count(b"\r")


@given(
    LINES, ENDS, st.lists(st.integers(0, 120), max_size=12), st.sampled_from(CODINGS), st.sampled_from([b"***", b"", b"longer than before"])
)
def test_the_same_lines_end_in_every_piece(lines: list[bytes], end: bytes, cuts: list[int], coding: str, mask: bytes) -> None:
    plain = b"".join(line + end for line in lines)
    clean = plain.replace(b"secret", mask)
    pieces = in_pieces(plain, cuts, coding)
    made = rechunked(pieces, clean, coding)
    assert made is not None and len(made) == len(pieces)
    before, after = read(pieces, coding), read(made, coding)
    assert after[-1] == clean
    assert list(map(line_ends, before)) == list(map(line_ends, after))


@given(LINES, st.lists(st.integers(0, 120), max_size=12), st.sampled_from(CODINGS))
def test_what_was_not_changed_is_cut_at_the_same_places(lines: list[bytes], cuts: list[int], coding: str) -> None:
    plain = b"\n".join(lines)
    pieces = in_pieces(plain, cuts, coding)
    made = rechunked(pieces, plain, coding)
    assert made is not None and read(made, coding) == read(pieces, coding)


@given(LINES, LINES, st.lists(st.integers(0, 60), max_size=6))
def test_no_byte_is_lost_whatever_the_new_body_is(old: list[bytes], new: list[bytes], cuts: list[int]) -> None:
    pieces = in_pieces(b"\n".join(old), cuts, "")
    clean = b"\n".join(new)
    assert b"".join(rechunked(pieces, clean, "") or ()) == clean


@pytest.mark.parametrize("coding", ["gzip, br", "lzma", "identity, gzip"])
def test_other_codings_cannot_be_done(coding: str) -> None:
    assert rechunked([b"x"], b"y", coding) is None


def test_the_name_of_a_coding_is_read_as_servers_write_it() -> None:
    assert read(rechunked(in_pieces(b"ab\n", [1], "gzip"), b"xy\n", " GZip ") or [], "gzip") == [b"x", b"xy\n"]


@pytest.mark.parametrize("coding", CODINGS)
def test_a_body_without_pieces(coding: str) -> None:
    """Nothing, in its coding, is something."""
    made = rechunked([], b"", coding)
    assert made is not None and b"".join(ContentDecoder(coding).feed(piece) for piece in made) == b""


def test_sizes_are_of_the_data_in_utf_8() -> None:
    assert data_sizes("data: ü\n\ndata: a\ndata: b\n\n: x\n\ndata: unfinished".encode()) == [2, 3]
