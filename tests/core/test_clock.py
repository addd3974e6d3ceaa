import pytest

from amp_addons.core.clock import LAST_TIME, rfc3339, sane_time


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1732400000.1239, "2024-11-23T22:13:20.123Z"),
        (1732400000.9999, "2024-11-23T22:13:20.999Z"),
        (1732400001.0, "2024-11-23T22:13:21.000Z"),
    ],
)
def test_time_is_utc_with_milliseconds(seconds, expected):
    assert rfc3339(seconds) == expected


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -float("inf"), -1.0, LAST_TIME + 1, 1e300])
def test_what_is_no_time_is_the_beginning_of_time(seconds):
    assert rfc3339(sane_time(seconds)) == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize("seconds", [0.0, 1732400000.1239, LAST_TIME])
def test_any_other_time_stays_and_can_be_written(seconds):
    assert sane_time(seconds) == seconds and rfc3339(seconds)
