"""What the rules make of a request in the end: a decision, and the request that is sent, or none.

The one place where a decision that cannot be carried out becomes a refusal, so that `explain`, `check` and the live proxy agree.
"""

from typing import NamedTuple

from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.rules.applied import Applied
from amp_addons.core.rules.decision import Decision
from amp_addons.core.rules.model import Block
from amp_addons.core.rules.outgoing import Outgoing, outgoing
from amp_addons.core.rules.ruleset import RuleSet


class Outcome(NamedTuple):
    """`out` is None where the request is answered here, and where it is sent on as it came."""

    decision: Decision
    out: Outgoing | None


def decided(rules: RuleSet, exchange: Exchange) -> Outcome:
    """The decision, and what is to be sent. Never raises on traffic: what cannot be done as the rules say is refused."""
    decision = rules.decide(exchange)
    if decision.action in ("block", "respond") or not (decision.upstream or decision.changes):
        return Outcome(decision, None)
    try:
        return Outcome(decision, outgoing(exchange, decision))
    except (Unreadable, ValueError) as error:
        return Outcome(refused(decision, f"A rule of the local proxy could not be applied ({error}); nothing was sent.", 400), None)


def refused(decision: Decision, message: str, status: int) -> Decision:
    """The decision turned into a refusal, by the rule that could not have its way."""
    last = decision.applied[-1]
    note = Applied(rule=decision.rule or last.rule, mode="enforce", action="block", detail=message)
    return Decision(
        action="block",
        rule=note.rule,
        applied=(*decision.applied, note),
        block=Block(message=message, status=status),
        tags=decision.tags,
        alerts=decision.alerts,
    )
