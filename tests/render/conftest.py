import pytest
from support.clock import time_zone

from amp_addons.render import line


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    """Lines show local time: here that is UTC."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    with time_zone("UTC"):
        line._clock.cache_clear()
        yield
    line._clock.cache_clear()
