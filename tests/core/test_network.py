import msgspec
import pytest

from amp_addons.core.network import Network, TimeLimits


def test_the_longest_limit_is_for_who_has_only_one() -> None:
    assert TimeLimits(connect=99, first_byte=5, idle=7, websocket=6).longest == 7


@pytest.mark.parametrize("limits", [{"connect": 0}, {"idle": 86401}, {"idle": "1h"}, {"iddle": 5}])
def test_limits_that_are_none_are_refused(limits: dict[str, object]) -> None:
    good = {"connect": 1, "first_byte": 1, "idle": 1, "websocket": 1}
    assert msgspec.convert({"timeouts": good}, Network).timeouts
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"timeouts": good | limits}, Network)
