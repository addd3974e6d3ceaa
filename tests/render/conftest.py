import time

import pytest

from amp_addons.render import line


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    """Lines show local time: here that is UTC."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    line._clock.cache_clear()
    yield
    monkeypatch.undo()
    time.tzset()
    line._clock.cache_clear()
