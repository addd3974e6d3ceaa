import pytest
from support.addons import loaded

from amp_addons.addons.startup import refuse


@pytest.fixture
async def suite():
    """The addons up to the tee, with a sink that keeps the events."""
    with loaded("tee") as found:
        yield found


@pytest.fixture(autouse=True)
def fresh_refusal():
    """Each test is a proxy's start: what an earlier one refused is none of its business."""
    refuse.running = refuse.refused = False
