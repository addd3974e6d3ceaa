"""Captured flows through the same classification, rules and decoder as live ones, to whoever wants their events."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from amp_addons.core.classify import Classification
from amp_addons.core.events import Event
from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.target import base_of
from amp_addons.core.trace import FlowTrace, Price
from amp_addons.core.watch import Mask
from amp_addons.replay.captured import Captured
from amp_addons.replay.retell import retell
from amp_addons.rulefiles.catalog import Catalog, classify

if TYPE_CHECKING:
    from amp_addons.core.rules.condition import Conditions
    from amp_addons.core.rules.outcome import Outcome
    from amp_addons.core.rules.ruleset import RuleSet

type Take = Callable[[Sequence[Event], FlowTrace], None]


class Analysis:
    """Gives the events of flows to `take`, as they are published live.

    `each_event` asks for a `stream.event` for every server-sent event, `mask` for what they say. `rules` are told in place of those that
    were in force when a flow was recorded.
    """

    def __init__(
        self,
        take: Take,
        *,
        catalog: Catalog,
        amp_url: str,
        each_event: bool = False,
        price: Price | None = None,
        mask: Mask | None = None,
        rules: "RuleSet | None" = None,
    ) -> None:
        self._take, self._each_event, self._price, self._mask = take, each_event, price, mask
        self._classify = lru_cache(maxsize=4096)(lambda method, url, base: classify(method, url, catalog=catalog, amp_url=base))
        self._amp_url, self._rules = amp_url, rules

    def classify(self, flow: Captured) -> Classification:
        """The classification of a flow by its method and URL; in reverse mode the upstream stands for amp.url."""
        return self._classify(flow.method, flow.url, base_of(flow.mode, self._amp_url))

    def tell(self, flow: Captured) -> None:
        """Publish all events of a flow."""
        trace = FlowTrace(flow.id, flow.started, self._take, each_event=self._each_event, price=self._price, mask=self._mask)
        retell(trace, flow, self.classify(flow), self.decide(flow, self._rules).decision if self._rules is not None else None)

    def decide(self, flow: Captured, rules: "RuleSet") -> "Outcome":
        """What rules make of a flow's request."""
        from amp_addons.core.rules.outcome import decided  # as slow to import as all else here together

        return decided(rules, self._exchange(flow))

    def holds(self, where: "Conditions | None", flow: Captured) -> bool:
        """Whether `where` holds. What cannot be told for sure does not."""
        if where is None:
            return True
        try:
            return where.hold(self._exchange(flow))
        except Unreadable:
            return False

    def _exchange(self, flow: Captured) -> Exchange:
        exchange = flow.exchange()
        exchange.classification = self.classify(flow)
        return exchange
