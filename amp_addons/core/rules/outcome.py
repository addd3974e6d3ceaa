"""What the rules make of a request in the end: a decision, and the request that is sent, or none.

The one place where a decision that cannot be carried out becomes a refusal, so that `explain`, `check` and the live proxy agree.
"""

from collections import Counter
from typing import NamedTuple

import msgspec

from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.redact.action import Hiding, Redacted, Refused
from amp_addons.core.redact.vault import Vault
from amp_addons.core.rules.applied import Applied
from amp_addons.core.rules.decision import Decision
from amp_addons.core.rules.outgoing import Outgoing, outgoing, redacted
from amp_addons.core.rules.ruleset import RuleSet
from amp_addons.core.rules.then import Block


class Outcome(NamedTuple):
    """`out` is None where the request is answered here, and where it is sent on as it came."""

    decision: Decision
    out: Outgoing | None


def decided(rules: RuleSet, exchange: Exchange, hiding: Hiding | None = None) -> Outcome:
    """The decision, and what is to be sent. Never raises on traffic: what cannot be done as the rules say is refused."""
    decision = _counted(rules.decide(exchange), exchange)
    if decision.action in ("block", "respond") or not (decision.upstream or decision.changes):
        return Outcome(decision, None)
    try:
        return Outcome(decision, outgoing(exchange, decision, hiding))
    except Refused as error:
        return Outcome(refused(decision, f"A rule of the local proxy refuses this request: {error}; nothing was sent.", 403), None)
    except (Unreadable, ValueError) as error:
        return Outcome(refused(decision, f"A rule of the local proxy could not be applied ({error}); nothing was sent.", 400), None)


def _counted(decision: Decision, exchange: Exchange) -> Decision:
    """The decision, where rules that only observe say how much they would have redacted."""
    if not decision.observed_redactions:
        return decision
    counts: Counter[str] = Counter()
    doubts: dict[str, str] = {}
    for each in decision.observed_redactions:
        asked = msgspec.structs.replace(each, mode="mask")
        try:
            parts = Redacted(headers=exchange.headers, query=exchange.target[2], body=None, found={})
            found = redacted(exchange, [asked], Hiding(vault=Vault(b""), key=b""), None, parts).found
            counts[each.rule] += sum(found.values())
        except (Unreadable, ValueError) as error:
            doubts[each.rule] = str(error)
    noted = [
        msgspec.structs.replace(each, detail=f"would redact {counts[each.rule]}", unreadable=doubts.get(each.rule))
        if each.mode == "observe" and (each.rule in counts or each.rule in doubts)
        else each
        for each in decision.applied
    ]
    return msgspec.structs.replace(decision, applied=tuple(noted))


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
        record=decision.record,
    )
