"""What an API's module tells about an event or a body: which texts are in it, of which channel, and what ends with it."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from amp_addons.core.answers.filter import Kind
from amp_addons.core.json_pointer import Path

type Key = tuple[str | int, ...]
"""A channel's name. The channels that begin with the same words end together where the API says so."""

type Form = Literal["text", "json", "below"]
"""Plain text; JSON in a string; an array or object of which every string value is a text."""

MAX_SCALAR = 1_000
"""Longest value that is kept of an event to be used in an extra one (characters); ids of providers have some 60."""


MAX_SCALARS = 20
"""Most of them that are kept of an event; the richest have eight."""


class Place(NamedTuple):
    """One text. Without a key it is whole; with one it is what comes next in a channel, `last` if the channel ends with it."""

    path: Path
    kind: Kind
    text: str = ""
    key: Key | None = None
    form: Form = "text"
    last: bool = False


class Rest(NamedTuple):
    """What a channel held at its end, and what `Shape.about` told of it."""

    key: Key
    text: str
    about: dict[str, Any]


class Seen(msgspec.Struct):
    """What is in an event. `before` and `ends` are begins of the names of the channels that ended before it, and that end with it.

    `unseen` says that there is, or may be, text in it that `places` does not name.
    """

    places: list[Place] = []
    before: list[Key] = []
    ends: list[Key] = []
    unseen: bool = False

    def add(self, path: Path, kind: Kind, text: object, key: Key | None = None, form: Form = "text", *, last: bool = False) -> None:
        """Add a text, if it is one. An empty one matters where it is the last of a channel: what is held can go into it."""
        if isinstance(text, str) and (text or key is not None):
            self.places.append(Place(path, kind, text, key, form, last))
        elif isinstance(text, str | None):
            return
        elif form == "json" and isinstance(text, dict):  # some give the object itself
            self.below(path, kind, text)
        else:
            self.unseen = True

    def below(self, path: Path, kind: Kind, value: object) -> None:
        """Add every string value of an array or object."""
        if isinstance(value, dict | list) and value:
            self.places.append(Place(path, kind, form="below"))


class Shape:
    """One answer; this class for an API that is not known. It may keep what it needs to read on, within bounds."""

    numbered = False
    """Whether events have a `sequence_number`."""
    named = False
    """Whether events have a name, which is their `type`."""

    number = -1
    """The `sequence_number` of the event looked at last."""

    def quick(self, data: bytes) -> tuple[Key, str, bytes] | None:
        """Of an event with one delta and nothing else to look at: the channel, the text, and its key as JSON has it. Else None."""
        return None

    def read(self, event: dict[str, Any]) -> Seen:
        """Look into the payload of an event."""
        return Seen(unseen=True)

    def whole(self, body: dict[str, Any]) -> Seen:
        """Look into the body of an answer that did not stream."""
        return Seen(unseen=True)

    def about(self, event: dict[str, Any]) -> dict[str, Any]:
        """What an extra event repeats of the event with which its channel began."""
        return {}

    def extras(self, held: list[Rest]) -> list[dict[str, Any]]:
        """The payloads of delta events that bring what channels held at their end."""
        return [rest.about for rest in held]


def dict_of(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items_of(value: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects in an array, each with its index as a pointer has it."""
    return ((str(number), item) for number, item in enumerate(value if isinstance(value, list) else ()) if isinstance(item, dict))


def number_of(value: object, default: int = 0) -> int:
    return value if type(value) is int else default


def scalars_of(event: dict[str, Any]) -> dict[str, Any]:
    """What a payload says about itself: its ids and the like."""
    simple = [pair for pair in event.items() if isinstance(pair[1], str | int | float | None)]
    return {key: value for key, value in simple[:MAX_SCALARS] if len(key) + len(str(value)) <= MAX_SCALAR}
