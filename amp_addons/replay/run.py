"""Going through captures, in this process or in several: the same result in the same order, whatever the number."""

import gc
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from itertools import islice
from multiprocessing import get_context
from typing import TYPE_CHECKING, NamedTuple

from amp_addons.core.classify import Classification
from amp_addons.core.events import Event, encode_lines
from amp_addons.core.trace import FlowTrace
from amp_addons.prices import Prices, kept_prices
from amp_addons.replay.analysis import Analysis
from amp_addons.replay.captured import Captured, Damage
from amp_addons.replay.captures import STDIN, flows_of, size_of
from amp_addons.replay.parts import Part, flows_in, parts_of
from amp_addons.replay.totals import Totals
from amp_addons.replay.url import is_url
from amp_addons.rulefiles.catalog import Catalog

if TYPE_CHECKING:  # imported for those who ask for rules or conditions
    from amp_addons.core.rules.condition import Conditions
    from amp_addons.core.rules.match import Match
    from amp_addons.core.rules.outcome import Outcome
    from amp_addons.replay.parquet import Tables
    from amp_addons.rulefiles.rules import RuleSet
    from amp_addons.telemetry.told import Told

AHEAD = 3
"""Parts handed out per process before the first of them is done: none waits for work, and results do not pile up."""


class Wish(NamedTuple):
    """What is wanted of captures. `where`: only flows that this matches; `rules`: files whose rules are tried; `events`: their lines too,
    `tables`: the folder or URL for Parquet files of them; `each_event`: with those of server-sent events, `text`: and what they say;
    `telemetry`: each flow as its spans and metrics are made of it."""

    amp_url: str
    catalogs: tuple[str, ...] = ()
    where: "Match | None" = None
    rules: tuple[str, ...] = ()
    events: bool = False
    each_event: bool = False
    text: bool = False
    tables: str | None = None
    telemetry: bool = False


def _rules(wish: Wish, catalog: Catalog) -> "RuleSet":
    from amp_addons.rulefiles.rules import RuleSet

    return RuleSet.load(*wish.rules, catalog=catalog, amp_url=wish.amp_url, observe=True, placeholders=True)


def _conditions(where: "Match") -> "Conditions":
    from amp_addons.core.rules.condition import compile_match

    return compile_match(where, "where")


class Found(NamedTuple):
    """What came of one part. `damage` is where and why its reading stopped."""

    part: Part
    totals: Totals
    lines: bytes
    damage: str | None = None
    told: "Sequence[Told]" = ()


class Reader:
    """Does what is wished, in one process: what is needed for it is loaded once."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._prices = Prices(kept_prices(), patient=True)
        self._catalog = Catalog.load(*wish.catalogs)
        self._where = _conditions(wish.where) if wish.where is not None else None
        self._lines: list[bytes] = []
        self._totals = Totals()
        self._tables: Tables | None = None
        self._told: list[Told] = []
        self._gathering = None
        if wish.telemetry:
            from amp_addons.telemetry.told import Gathering

            self._gathering = Gathering()
        mask = None
        if wish.text:
            from amp_addons.rulefiles.detectors import mask_streams

            mask = mask_streams()
        self._analysis = Analysis(
            self._take,
            catalog=self._catalog,
            amp_url=wish.amp_url,
            each_event=(wish.events or wish.tables is not None) and wish.each_event,
            price=self._prices.cost,
            mask=mask,
            rules=_rules(wish, self._catalog) if wish.rules else None,
        )

    def read(self, part: Part, tick: Callable[[int], object] = lambda count: None) -> Found:
        """Read a part. A file that cannot be read any more is damaged too. Raises OSError where tables cannot be written."""
        self._totals, self._lines, self._told, damage = Totals(), [], [], None
        self._tables = tables = self._new_tables(part)
        flows = flows_of(part.file, tick) if part.stop is None else flows_in(part)
        with nullcontext() if part.stop is None else _no_collection():  # what cannot be split may be of any size
            while True:
                try:
                    flow = next(flows)
                except StopIteration:
                    break
                except Damage as error:
                    damage = str(error)
                    break
                except OSError as error:
                    damage = error.strerror or str(error)
                    break
                if self.is_wanted(flow):
                    self._analysis.tell(flow)
        if tables is not None:
            tables.flush()
        return Found(part, self._totals, b"".join(self._lines), damage, self._told)

    def flows(self, names: Sequence[str], complain: Callable[[str], object]) -> Iterator[Captured]:
        """The flows of captures that are wanted. `complain` is told of damage, which ends a file. Raises OSError."""
        for name in names:
            try:
                yield from filter(self.is_wanted, flows_of(name))
            except Damage as error:
                complain(f"{name}: {error}; what is before it was read")

    def classify(self, flow: Captured) -> Classification:
        return self._analysis.classify(flow)

    def is_wanted(self, flow: Captured) -> bool:
        return self._analysis.holds(self._where, flow)

    def decide(self, flow: Captured, rules: "RuleSet") -> "Outcome":
        """What rules make of a flow's request."""
        return self._analysis.decide(flow, rules)

    def _new_tables(self, part: Part) -> "Tables | None":
        if self._wish.tables is None:
            return None
        from amp_addons.replay.parquet import Tables

        return Tables(self._wish.tables, part)

    def _take(self, events: Sequence[Event], trace: FlowTrace) -> None:
        self._totals.take(events)
        if self._tables is not None:
            self._tables.take(events)
        if self._wish.events:
            self._lines.append(encode_lines(events))
        if self._gathering is not None and (told := self._gathering.take(events, trace)):
            self._told.append(told)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing of a part is a cycle that has to be collected before its end: to look for one takes a tenth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def read_all(
    files: Sequence[str],
    wish: Wish,
    jobs: int,
    tick: Callable[[Found], object] = lambda found: None,
    reading: Callable[[int], object] = lambda count: None,
) -> Iterator[Found]:
    """Each part of the files, in order. `jobs`: processes; 1 is this one. `tick` is told of each part when it is done, `reading` of
    bytes of what cannot be split: while it is read where this process reads it, else then."""
    parts = [part for file in files for part in ([Part(file)] if file == STDIN else parts_of(file))]
    if jobs <= 1 or len(parts) < 2:
        reader = Reader(wish)
        for part in parts:
            found = reader.read(part, reading)
            tick(found)
            yield found
        return
    jobs = min(jobs, len(parts))
    # What reads URLs has threads, and what writes Parquet too: then nothing is forked.
    plain = wish.tables is None and not any(map(is_url, files))
    method = "fork" if sys.platform == "linux" and plain else "spawn"
    if method == "fork":
        _Process.reader = Reader(wish)  # the processes begin with it: each would take most of a second to load the same
    with ProcessPoolExecutor(jobs, get_context(method), _begin, (wish, method == "spawn")) as pool:
        for found in _in_order(pool, parts, jobs * AHEAD):
            if found.part.stop is None:
                reading(size_of(found.part.file))
            tick(found)
            yield found


def _in_order(pool: ProcessPoolExecutor, parts: Sequence[Part], ahead: int) -> Iterator[Found]:
    left = iter(parts)
    waiting: deque[Future[Found]] = deque()
    try:
        waiting.extend(pool.submit(_read, part) for part in islice(left, ahead))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(_read, part) for part in islice(left, 1))
    finally:
        for each in waiting:
            each.cancel()


class _Process:
    """What a process of the pool has: its reader."""

    reader: Reader


def _begin(wish: Wish, load: bool) -> None:
    if load:
        from amp_addons.rulefiles.detectors import deepen_scrubbing

        deepen_scrubbing()
        _Process.reader = Reader(wish)


def _read(part: Part) -> Found:
    return _Process.reader.read(part)


def cores() -> int:
    """Processes to use when nothing else is said."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def merged(found: Iterable[Found]) -> Totals:
    """All parts as one."""
    totals = Totals()
    for each in found:
        totals.merge(each.totals)
    return totals
