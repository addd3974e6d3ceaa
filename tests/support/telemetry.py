"""Flows that are over, as their spans and metrics are made of them."""

from amp_addons.core.clock import rfc3339
from amp_addons.core.events import RedactionDone, RuleAction
from amp_addons.core.gaps import Gaps
from amp_addons.telemetry.told import Told
from support.ledger import NOON, make_flow


def told(at=NOON, *, said=(), context=None, gaps=(0.03, 0.05, 0.08), bodies=None, **changed):
    """A stream that went well, unless told; `gaps`: when its pieces came, in seconds after the request."""
    flow = make_flow(at, **changed)
    found = None
    if gaps is not None:
        found = Gaps()
        found.add([(at + after, b"x") for after in gaps])
    return Told(at, flow.request, flow.response, flow.stream, flow.end, said, context, found, bodies)


def action(after=0.01, rule="send", mode="enforce", action="route", at=NOON):
    return RuleAction(time=rfc3339(at + after), flow="f", rule=rule, mode=mode, action=action)


def redaction(after=0.002, where="request body", kind="credential", count=2, rule="hide", at=NOON):
    return RedactionDone(time=rfc3339(at + after), flow="f", rule=rule, where=where, kind=kind, count=count)
