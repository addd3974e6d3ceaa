import pytest
from support.addons import loaded


@pytest.fixture
async def suite():
    """The addons up to the tee, with a sink that keeps the events."""
    with loaded("tee") as found:
        yield found
