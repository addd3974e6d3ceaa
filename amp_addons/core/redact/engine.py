"""Finding: one pass of an Aho-Corasick automaton for all keywords, then RE2 near the keywords alone.

All work is on bytes: `re2` turns offsets of `str` into bytes and back on each call, at the price of the whole text. Where a detector's
keywords stand close together, the windows around them that touch are searched as one, so that a text full of them costs one linear search.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from operator import sub

import ahocorasick_rs
import msgspec

from amp_addons.core.redact.beginnings import Beginnings, Users
from amp_addons.core.redact.claims import Claims
from amp_addons.core.redact.detector import WORD, Detector, Kind, stands_apart

MAX_FINDINGS = 100_000
"""Most findings in one text. A megabyte of nothing but keys has 40,000."""

MAX_REFUSED = 1000
"""So many times in a text, and for a detector, the inside of a value that was refused is searched for another secret; later ones are passed
over as a whole. Without it, values of a thousand characters that begin one after the other would be read a thousand times each."""

SPARSE, ALONE = 128, 4
"""Keywords close to each other are tried one by one as long as that reads, at SPARSE bytes or more for each, up to ALONE times the text
around them. RE2 is quick at a given place; a search keeps all beginnings in mind, and is slow where many of them go on for long."""

CONTINUATION = bytes(range(0x80, 0xC0))

type Span = tuple[int, int, int]
"""Start and end in bytes, and the detector's number."""


class Finding(msgspec.Struct, frozen=True):
    """A secret's place, in characters. Never the secret itself."""

    detector: str
    kind: Kind
    start: int
    end: int


class TooManyFindings(ValueError):
    """There are more than MAX_FINDINGS in the text. Whoever enforces must not let it pass."""

    def __init__(self) -> None:
        super().__init__(f"more than {MAX_FINDINGS:,} secrets in one text")


class Engine:
    """Finds what the detectors know. The same id twice: the later one replaces the earlier."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        known = {detector.id: detector for detector in detectors}.values()
        self.detectors = tuple(sorted(known, key=lambda detector: detector.yields))

    def find(self, text: str) -> list[Finding]:
        """The secrets in `text` in order, each place once: of findings that overlap, the widest gives the name."""
        data = text.encode("utf-8", "replace")  # a lone surrogate becomes one `?`: the count of characters stays
        spans = merge(self._spans(data))
        at = (lambda place: place) if len(data) == len(text) else _characters(data)
        return [Finding(self.detectors[who].id, self.detectors[who].kind, at(start), at(end)) for start, end, who in spans]

    def _spans(self, data: bytes) -> list[Span]:
        spans: list[Span] = []
        for who, places in self._places(data).items():
            detector = self.detectors[who]
            found = _confirm(detector, data, places)
            if detector.yields:
                found = (span for span in found if not self.claims.claim(data, *span))
            spans += ((start, end, who) for start, end in found)
            if len(spans) > MAX_FINDINGS:
                raise TooManyFindings
        return spans

    def _places(self, data: bytes) -> dict[int, list[int]]:
        """Where each detector's keywords start, by the detector's number."""
        automaton, keywords = self._automaton
        starts: defaultdict[int, list[int]] = defaultdict(list)
        for word, start, _ in automaton.find_matches_as_indexes(data.lower(), overlapping=True):
            starts[word].append(start)
        places: defaultdict[int, list[int]] = defaultdict(list)
        for word, found in starts.items():
            every, anywhere = keywords[word]
            for who in anywhere:
                places[who] += found
            if every is not anywhere:
                apart = [start for start in found if data[start - 1] not in WORD or stands_apart(data, start)]
                for who in every if apart else ():
                    if who not in anywhere:
                        places[who] += apart
        return places

    @cached_property
    def claims(self) -> Claims:
        return Claims(self.detectors)

    @cached_property
    def beginnings(self) -> Beginnings:
        return Beginnings(self.detectors, self._keywords)

    @cached_property
    def _keywords(self) -> dict[bytes, Users]:
        """For each keyword all its detectors, and those that take it right after a letter or digit too (the same list where all do)."""
        numbers: dict[bytes, Users] = {}
        for who, detector in enumerate(self.detectors):
            for word in detector.keywords:
                every, anywhere = numbers.setdefault(word.encode(), ([], []))
                every.append(who)
                if not detector.apart:
                    anywhere.append(who)
        return {word: (every, every if every == anywhere else anywhere) for word, (every, anywhere) in numbers.items()}

    @cached_property
    def _automaton(self) -> tuple[ahocorasick_rs.BytesAhoCorasick, list[Users]]:
        automaton = ahocorasick_rs.BytesAhoCorasick(list(self._keywords), implementation=ahocorasick_rs.Implementation.DFA)
        return automaton, list(self._keywords.values())


def _confirm(detector: Detector, data: bytes, places: list[int]) -> Iterator[tuple[int, int]]:
    """The secrets of one detector, in order and apart from each other."""
    match, search, group, starts, _, before, after = detector.shape
    size, reach = len(data), max(after, SPARSE)
    at = refused = 0
    for inside in _clusters(places, before + after):
        start, stop = max(inside[0] - before, 0), min(inside[-1] + after, size)
        each = starts and (len(inside) == 1 or len(inside) * reach <= ALONE * (stop - start))
        for place in inside if each else (start,):
            if place > at:
                at = place
            elif each and place < at:
                continue
            while at < stop:
                found = match(data, at, stop) if each else search(data, at, stop)
                begun = found[0][0]
                if begun < 0:
                    break
                first, last = found[group]
                if first < 0 or (starts and not each and not _is_place(places, begun)):
                    at = begun + 1
                elif detector.refuses(data, first, last := detector.end(data, last)):
                    refused += 1
                    at = max(first, begun + 1)
                    if refused > MAX_REFUSED:
                        at = max(last, at)
                else:
                    at = last
                    yield first, last
                if each:
                    break


def _is_place(places: list[int], place: int) -> bool:
    at = bisect_left(places, place)
    return at < len(places) and places[at] == place


def _clusters(places: list[int], apart: int) -> Iterator[list[int]]:
    """The keywords in order, those together that are so near to each other that what is around them touches."""
    places.sort()  # they come in the order of their ends
    begun = 0
    for number, gap in enumerate(map(sub, places[1:], places), 1):
        if gap > apart:
            yield places[begun:number]
            begun = number
    yield places[begun:]


def merge(spans: list[Span]) -> list[Span]:
    """Spans that overlap as one, by the number of the widest of them."""
    merged: list[Span] = []
    widest = 0
    for start, end, who in sorted(spans):
        if merged and start < merged[-1][1]:
            first, last, owner = merged[-1]
            if end - start > widest:
                widest, owner = end - start, who
            merged[-1] = (first, max(last, end), owner)
        else:
            widest = end - start
            merged.append((start, end, who))
    return merged


class _characters:
    """Turns places in UTF-8 into places in characters; asked in rising order, so that each byte is counted once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._bytes = self._count = 0

    def __call__(self, place: int) -> int:
        self._count += len(self._data[self._bytes : place].translate(None, CONTINUATION))
        self._bytes = place
        return self._count
