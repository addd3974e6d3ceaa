import pytest

from amp_addons.core.clock import rfc3339


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
