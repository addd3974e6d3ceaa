import gzip
from itertools import pairwise

import pytest

from amp_addons.core import arrivals
from amp_addons.core.arrivals import Arrivals, recorded_moments
from amp_addons.core.codings import encode
from amp_addons.core.facts import Facts, chunks_of

PIECES = [b"data: 1\n\n", b"data: 22\n\n", b"data: 333\n\n"]
TIMES = [100.5, 101.0, 103.25]


def noted(pieces=PIECES):
    found = Arrivals(100.0)
    for at, piece in zip(TIMES, pieces, strict=True):
        found.add([(at, piece)])
    return found


def test_bytes_have_the_time_of_their_piece():
    moments = noted().moments(b"".join(PIECES), "")
    assert [moments.at(end) for end in (1, 9, 10, 19, 20, 29, 999)] == [500, 500, 1000, 1000, 3250, 3250, 3250]


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_places_are_those_of_the_decoded_body(coding):
    plain = b"".join(bytes([number]) * 500 for number in range(200))
    wire = encode(coding, plain)
    cut = [0, len(wire) // 3, 2 * len(wire) // 3, len(wire)]
    pieces = [wire[start:end] for start, end in pairwise(cut)]
    moments = noted(pieces).moments(wire, coding)
    assert moments.at(len(plain)) == 3250 and moments.at(1) in (500, 1000, 3250)


def test_another_body_has_no_times():
    """Somebody has edited it."""
    assert noted().moments(b"other", "") is None
    assert noted().moments(b"".join(PIECES), "gzip") is None
    assert Arrivals(1.0).moments(b"", "") is None


def test_pieces_are_bounded(monkeypatch):
    monkeypatch.setattr(arrivals, "MAX_PIECES", 2)
    assert noted().moments(b"".join(PIECES), "") is None


def test_of_many_encoded_pieces_none_is_decoded(monkeypatch):
    monkeypatch.setattr(arrivals, "MAX_DECODED", 2)
    wire = gzip.compress(b"x" * 1000)
    assert noted([wire[:5], wire[5:9], wire[9:]]).moments(wire, "gzip") is None


def test_recordings_tell_the_same():
    sizes = list(map(len, PIECES))
    facts = Facts(**chunks_of(100.0, TIMES, sizes, sizes)._asdict())
    moments = recorded_moments(facts, 100.0, b"".join(PIECES), "")
    assert [round(moments.at(end)) for end in (9, 19, 29)] == [500, 1000, 3250]
    assert recorded_moments(Facts(), 100.0, b"x", "") is None
