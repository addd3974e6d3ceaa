import pytest

from amp_addons.render.units import counted, duration, figure, size

TEXTS = [
    (size, 0, "0 B"),
    (size, 999, "999 B"),
    (size, 1000, "1.0 kB"),
    (size, 12_345, "12.3 kB"),
    (size, 99_949, "99.9 kB"),
    (size, 99_950, "100 kB"),
    (size, 999_500, "1.0 MB"),
    (size, 3_400_000_000, "3.4 GB"),
    (size, 10**19, "10000 PB"),
    (figure, 0, "0"),
    (figure, 999_999, "999,999"),
    (figure, 5_000_000, "5.0M"),
    (duration, 0.0, "0 ms"),
    (duration, 999.9, "999 ms"),
    (duration, 1000.0, "1.0 s"),
    (duration, 99_949.0, "99.9 s"),
    (duration, 99_950.0, "1m 40s"),
    (duration, 3_599_400.0, "59m 59s"),
    (duration, 3_599_600.0, "1h 00m"),
    (duration, 7_500_000.0, "2h 05m"),
]


@pytest.mark.parametrize(("text", "value", "expected"), TEXTS)
def test_figures_are_short(text, value, expected):
    assert text(value) == expected


def test_counts_have_their_plural():
    assert [counted(n, "flow") for n in (0, 1, 1200)] == ["0 flows", "1 flow", "1,200 flows"]
