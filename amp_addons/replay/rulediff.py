"""Which recorded flows two rule files treat differently."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from amp_addons.core.clock import rfc3339
from amp_addons.core.rules.decision import Decision
from amp_addons.core.scrub import scrub_text, scrub_url
from amp_addons.replay.run import Reader, Wish
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.rules import RuleSet


class Difference(NamedTuple):
    """A flow, and in words what the old and the new rules do with its request."""

    time: str
    flow: str
    method: str
    url: str
    endpoint: str
    old: str
    new: str


def differences(names: Sequence[str], wish: Wish, rules: tuple[str, str], complain: Callable[[str], object]) -> Iterator[Difference]:
    """The flows of the captures whose requests the two rule files do not treat alike. `complain` is told of damage.

    Raises OSError, and RuleFileError for rules that make no sense.
    """
    catalog = Catalog.load(*wish.catalogs)
    old, new = (RuleSet.load(path, catalog=catalog, amp_url=wish.amp_url, placeholders=True) for path in rules)
    reader = Reader(wish)
    for flow in reader.flows(names, complain):
        said = [_words(reader.decide(flow, each).decision) for each in (old, new)]
        if said[0] != said[1]:
            endpoint = reader.classify(flow).endpoint
            yield Difference(rfc3339(flow.started), flow.id, scrub_text(flow.method), scrub_url(flow.url), endpoint, said[0], said[1])


def _words(decision: Decision) -> str:
    """What becomes of a request, in words: the action, where it goes, and which rules had a say."""
    upstream = f" to {decision.upstream.name}" if decision.upstream else ""
    block = f" with {decision.block.status}" if decision.block else ""
    by = ", ".join(
        f"{each.rule}{'' if each.mode == 'enforce' else ' (observe)'}: {each.detail or each.action}" for each in decision.applied
    )
    return f"{decision.action}{upstream}{block}{f' [{by}]' if by else ''}"
