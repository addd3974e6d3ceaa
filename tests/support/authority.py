"""Certificate authorities for tests: made by the suite, and older or younger than it would make them."""

from datetime import UTC, datetime, timedelta

from amp_addons.launch import authority

HOSTS = ["ampcode.com", "openrouter.ai"]


def made(place, hosts=HOSTS, age=timedelta(0)):
    """An authority in a folder, as if made so long ago. -> its certificate"""
    with aged(age):
        authority.ensure(place, hosts)
    return authority.load(place)


class aged:
    """The suite's authority believes that it is another time."""

    def __init__(self, age):
        self._now = datetime.now(UTC) - age

    def __enter__(self):
        now = self._now

        class Then(datetime):
            @classmethod
            def now(cls, tz=None):
                return now

        self._before, authority.datetime = authority.datetime, Then

    def __exit__(self, *_):
        authority.datetime = self._before
