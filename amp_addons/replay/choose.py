"""One flow of a capture, by the words for it."""

from amp_addons.replay.captured import Captured
from amp_addons.replay.captures import flows_of


class NoSuchRequest(ValueError):
    """A capture has no such request. The text says what was found and what was expected."""


def choose(words: str, default_file: str | None, number: int) -> Captured:
    """The request meant by `FILE`, `FILE:3` (the third), `FILE:ID` (the flow with this id), or `:3` (of the other file).

    Raises OSError, captured.Damage, and NoSuchRequest.
    """
    file, colon, which = words.rpartition(":")
    if not colon or (which and ("/" in which or "\\" in which)):
        file, which = words, str(number)
    file = file or default_file or ""
    count = 0
    for flow in flows_of(file):
        count += 1
        if flow.id == which or (which.isdecimal() and count == int(which)):
            return flow
    raise NoSuchRequest(f"{file} has {count:,} HTTP flows, expected {which} to be a number from 1 to that, or the id of one of them")
