import pytest
from support.capture import story
from support.secrets import redactor

from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.core.scrub import deepen
from amp_addons.report.clean import Cleaner
from amp_addons.report.reading import Reading
from amp_addons.report.threads import threads_of


@pytest.fixture
def cleaner():
    found = redactor()
    deepen(lambda text: found.mask(text).text)
    return Cleaner(found)


@pytest.fixture
def read(cleaner):
    """Reads captures; the flows are in order and have their numbers."""

    def read(*files, **wish):
        reading = Reading(cleaner, amp_url=DEFAULT_AMP_URL, **wish)
        for file in files:
            reading.read(str(file))
        reading.flows.sort(key=lambda flow: flow.started)
        for number, flow in enumerate(reading.flows, 1):
            flow.number = number
        return reading

    return read


@pytest.fixture
def told(read, tmp_path):
    """The day of work, and its conversations."""
    reading = read(story(tmp_path / "story.flows"))
    return reading, threads_of(reading.flows, reading.kept)
