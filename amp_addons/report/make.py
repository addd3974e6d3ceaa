"""From captures to the page of a report."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from amp_addons.core.redact.redactor import Redactor
from amp_addons.core.rules.match import Match
from amp_addons.core.scrub import deepen
from amp_addons.render.units import counted
from amp_addons.replay.captures import STDIN
from amp_addons.report.clean import Cleaner
from amp_addons.report.model import Report
from amp_addons.report.page import page
from amp_addons.report.reading import Reading
from amp_addons.report.threads import threads_of


class Made(NamedTuple):
    """A page, and what it has: sentences on what is missing are in `problems`."""

    html: str
    flows: int
    left_out: int
    conversations: int
    problems: list[str]


def make_report(
    names: Sequence[str],
    redactor: Redactor,
    *,
    title: str | None = None,
    amp_url: str,
    catalogs: Sequence[str] = (),
    where: Match | None = None,
    tick: Callable[[int, int], object] = lambda size, flows: None,
) -> Made:
    """Make the report of captures. From now on everything that is shown is masked by `redactor` as well. Raises OSError."""
    deepen(lambda text: redactor.mask(text).text)
    cleaner = Cleaner(redactor)
    reading = Reading(cleaner, amp_url=amp_url, catalogs=catalogs, where=where)
    problems: list[str] = []
    for name in names:
        before, damage = len(reading.flows), len(reading.damage)
        reading.read(name, lambda size: tick(size, 0))
        tick(0, len(reading.flows) - before)
        problems += [f"{name}: {each}" for each in reading.damage[damage:]]
    flows = sorted(reading.flows, key=lambda flow: flow.started)
    for number, flow in enumerate(flows, 1):
        flow.number = number
    notes = [_shown(each, cleaner) for each in problems]
    if reading.left_out:
        notes.append(f"The first {len(flows):,} flows are shown; {counted(reading.left_out, 'flow')} more are in the sums of rules only.")
    if any(flow.stream for flow in flows) and not any(flow.stream and flow.is_timed for flow in flows):
        notes.append("This recording does not say when each event came, so there are no times to the first token; one by amp_record does.")
    threads = threads_of(flows, reading.kept)
    report = Report(
        title=cleaner.name(title) if title else "What the Amp CLI sent",
        # No path of this machine: a report is to be shared.
        sources=[cleaner.name("standard input" if name == STDIN else Path(name).name) for name in names][:20],
        flows=flows,
        threads=threads,
        totals=reading.totals,
        left_out=reading.left_out,
        notes=notes,
    )
    return Made(page(report, cleaner), len(flows), reading.left_out, len(threads), problems)


def _shown(problem: str, cleaner: Cleaner) -> str:
    name, _, text = problem.partition(": ")
    return cleaner.name(f"{Path(name).name}: {text}")
