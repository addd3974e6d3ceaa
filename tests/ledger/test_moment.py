import pytest
from support.clock import time_zone

from amp_addons.ledger.moment import moment

NOW = 1_793_534_400.0


@pytest.fixture(autouse=True)
def somewhere():
    with time_zone("Europe/Berlin"):
        yield


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", 1_793_529_000_000),
        ("24h", 1_793_448_000_000),
        ("7d", 1_792_929_600_000),
        ("2w", 1_792_324_800_000),
        ("999999w", 0),
        ("2026-11-01", 1_793_487_600_000),
        ("2026-11-01T12:00", 1_793_530_800_000),
        ("2026-11-01T12:00:00.500Z", 1_793_534_400_500),
        ("2026-11-01T12:00+02:00", 1_793_527_200_000),
    ],
)
def test_moments(text, expected):
    assert moment(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "7", "d", "-7d", "7 d", "7y", "yesterday", "2026-13-01", "1.5h", "٣d"])
def test_others_are_refused_with_what_is_expected(text):
    with pytest.raises(ValueError, match=r"expected a time ago \(90m, 24h, 7d, 2w\) or a date"):
        moment(text, NOW)
