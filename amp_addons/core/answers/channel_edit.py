"""The texts in the JSON of an event or a body, run through the filters of their channels and put back where they stood."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from amp_addons.core.answers.arguments import Arguments
from amp_addons.core.answers.channel import Channel, filter_of
from amp_addons.core.answers.filter import Filters, filtered
from amp_addons.core.answers.shapes.shape import Key, Place, Rest, Shape
from amp_addons.core.json_edit import Piece, dumps, splice
from amp_addons.core.json_pointer import AmbiguousJson, locate
from amp_addons.core.json_problem import problem_of
from amp_addons.core.json_strings import encode_string, strings
from amp_addons.core.json_text import JsonText, Span
from amp_addons.core.payload import loads

_STRING = re.compile(rb'[ \t\r\n]*+:[ \t\r\n]*+("[^"\\]*+(?:\\.[^"\\]*+)*+")', re.DOTALL)
_FEW = 3  # texts of an event that are looked for one by one
_NUMBER = "sequence_number"


type Others = Callable[[bytes], bytes]
"""Changes strings of a payload that are no texts of a channel. What it gives is the same JSON but for their values."""


class Extra(NamedTuple):
    """An event that is to go before another one: the `type` of its payload, and the payload."""

    name: str
    data: bytes


class Edited(NamedTuple):
    data: bytes
    extras: tuple[Extra, ...] = ()


class ChannelEdit:
    """Edits the payloads of one answer, one after the other. `unseen` counts those that may hold texts which it did not look into."""

    def __init__(self, shape: Shape, filters: Filters, max_channels: int, others: Others | None = None) -> None:
        self.unseen = 0
        self._others = others
        self._shape = shape
        self._filters = filters
        self._max = max_channels
        self._channels: dict[Key, Channel | None] = {}  # None: not to be touched
        self._added = 0  # events that raise the numbers of those after them

    def quick(self, data: bytes) -> bytes | None:
        """Edit an event that has one more delta of a known channel and nothing else to look at; None when it is another one."""
        if self._added or (found := self._shape.quick(data)) is None:
            return None
        key, text, quoted = found
        if key not in self._channels or (at := _only_place(data, quoted)) is None:
            return None
        channel = self._channels[key]
        if channel is None:
            return data
        new = channel.feed(text)
        if channel.is_broken:
            self.unseen += 1
        if new == text or (string := _STRING.match(data, at)) is None:
            return data
        return data[: string.start(1)] + encode_string(new, data) + data[string.end() :]

    def event(self, data: bytes, *, last: bool = False) -> Edited:
        """Edit an event's payload; `last` ends all channels with it."""
        value = _object(data)
        if value is None:
            self.unseen += 1
            return self.end_all(data) if last else Edited(data)
        if self._others:
            data = self._others(data)
        seen = self._shape.read(value)
        self.unseen += seen.unseen
        ends = [*seen.ends, ()] if last else seen.ends
        extras = self._ended(seen.before) if seen.before else []
        spans = self._spans(data, seen.places) if seen.places else []
        pieces = self._pieces(data, seen.places, spans, value, ends)
        if ends:
            extras += self._ended(ends)
        if self._shape.numbered:
            pieces += self._renumbered(data, value, extras)
        return Edited(splice(data, pieces) if pieces else data, tuple(map(_encoded, extras)))

    def end_all(self, data: bytes) -> Edited:
        """End all channels before an event without a payload, or without an event."""
        extras = self._ended([()])
        self._number(extras, self._shape.number + 1)
        return Edited(data, tuple(map(_encoded, extras)))

    def whole(self, data: bytes) -> bytes:
        """Edit the body of an answer that did not stream."""
        value = _object(data)
        if value is None:
            self.unseen += 1
            return data
        if self._others:
            data = self._others(data)
        seen = self._shape.whole(value)
        self.unseen += seen.unseen + (problem_of(data, value.keys()) is not None)  # some readers take the first of two equal keys
        pieces = self._pieces(data, seen.places, self._spans(data, seen.places), value, ())
        return splice(data, pieces) if pieces else data

    def _spans(self, data: bytes, places: list[Place]) -> list[Span]:
        """Where the places are; nothing when that is not sure."""
        if len(places) <= _FEW:
            few = [span for place in places if (span := _only_span(data, place))]
            if len(few) == len(places):
                return few
        try:
            found = locate(JsonText(data), {place.path for place in places})
        except AmbiguousJson:
            found = {}
        spans = [each for place in places if isinstance(each := found.get(place.path), Span) and _is_there(data, each, place)]
        if len(spans) < len(places):
            self.unseen += 1
            return []
        return spans

    def _pieces(self, data: bytes, places: list[Place], spans: list[Span], about: dict[str, Any], ends: Iterable[Key]) -> list[Piece]:
        """The edits of the texts. A channel that ends here ends in its last place."""
        last = {place.key: at for at, place in enumerate(places)}
        pieces: list[Piece] = []
        for at, (place, span) in enumerate(zip(places, spans, strict=False)):
            if place.form == "below":
                pieces += self._below(data, span, place)
                continue
            if place.key is None:
                new = self._filtered(place)
            else:
                new = self._fed(place, place.key, about)
                if place.last or (last[place.key] == at and _is_of(place.key, ends)):
                    new += self._flushed(place.key)
            if new != place.text:
                pieces.append((span.start, span.end, encode_string(new, data)))
        return pieces

    def _below(self, data: bytes, span: Span, place: Place) -> list[Piece]:
        """The edits of all string values in an array or object; each of equal keys has its turn."""
        pieces: list[Piece] = []
        inner = data[span.start : span.end]
        if self._filters(place.kind) is None:
            return []
        try:
            for string in strings(inner):
                text = str(loads(inner[string.start : string.end].decode()))
                if (new := self._filtered(place._replace(text=text, form="text"))) != text:
                    pieces.append((span.start + string.start, span.start + string.end, encode_string(new, data)))
        except ValueError:  # nested too deep
            self.unseen += 1
            return []
        return pieces

    def _filtered(self, place: Place) -> str:
        filter = filter_of(self._filters, place.kind, json=place.form == "json")
        if filter is None:
            return place.text
        new = filtered(filter, place.text)
        self.unseen += isinstance(filter, Arguments) and filter.broken
        return new

    def _fed(self, place: Place, key: Key, about: dict[str, Any]) -> str:
        """The next text of a channel, which may begin with it."""
        if key not in self._channels:
            if not place.text:
                return ""
            if len(self._channels) >= self._max:
                self.unseen += 1
                return place.text
            filter = filter_of(self._filters, place.kind, json=place.form == "json")
            self._channels[key] = Channel(filter, self._shape.about(about)) if filter else None
        channel = self._channels[key]
        if channel is None:
            return place.text
        new = channel.feed(place.text)
        self.unseen += channel.is_broken
        return new

    def _flushed(self, key: Key) -> str:
        channel = self._channels.pop(key, None)
        return channel.flush() if channel else ""

    def _ended(self, ends: Iterable[Key]) -> list[dict[str, Any]]:
        """End channels. -> the payloads of what they held, in the order in which they began"""
        held = []
        for key in [key for key in self._channels if _is_of(key, ends)]:
            channel = self._channels.pop(key)
            if channel and (rest := channel.flush()):
                held.append(Rest(key, rest, channel.about))
        return self._shape.extras(held) if held else []

    def _renumbered(self, data: bytes, value: dict[str, Any], extras: list[dict[str, Any]]) -> list[Piece]:
        """Count the extra events in, and give the event the number that it then has."""
        number = value.get(_NUMBER)
        if type(number) is not int:
            self._number(extras, self._shape.number + 1)
            return []
        self._number(extras, number)
        if not self._added:
            return []
        span = _number_span(data)
        return [(span.start, span.end, b"%d" % (number + self._added))] if span else []

    def _number(self, extras: list[dict[str, Any]], number: int) -> None:
        for extra in extras:
            if _NUMBER in extra:
                extra[_NUMBER] = number + self._added
                self._added += 1


def _number_span(data: bytes) -> Span | None:
    try:
        span = locate(JsonText(data), [(_NUMBER,)]).get((_NUMBER,))
    except AmbiguousJson:
        return None
    return span if isinstance(span, Span) else None


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        value = loads(data.decode())
    except UnicodeDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _only_place(data: bytes, quoted: bytes) -> int | None:
    """Where the key ends, if it stands there but once, in whatever spelling."""
    return data.find(quoted) + len(quoted) if data.count(quoted) == 1 and b"\\u00" not in data else None


def _only_span(data: bytes, place: Place) -> Span | None:
    """Where the place is, when that can be told at a tenth of what `locate` costs."""
    if place.form == "below" or place.path[-1].isdigit():
        return None
    at = _only_place(data, b'"%b"' % place.path[-1].encode())
    string = _STRING.match(data, at) if at is not None else None
    return Span(*string.span(1), at or 0) if string else None


def _is_there(data: bytes, span: Span, place: Place) -> bool:
    """Whether readers will find there what `loads` found."""
    found = data[span.start : span.end]
    return found[:1] in (b"{", b"[") if place.form == "below" else found[:1] == b'"' and loads(found.decode()) == place.text


def _is_of(key: Key, ends: Iterable[Key]) -> bool:
    return any(key[: len(end)] == end for end in ends)


def _encoded(payload: dict[str, Any]) -> Extra:
    return Extra(str(payload.get("type", "")), dumps(payload))
