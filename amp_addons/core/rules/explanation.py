"""Why the rules do with a request what they do, as a value that may be shown: no credential is in it, nothing steers a terminal.

It is made of an exchange, wherever that comes from: a command line, a recorded flow, the flow in front of somebody.
"""

import msgspec

from amp_addons.core.exchange import Exchange
from amp_addons.core.rules.comparison import Line, compare
from amp_addons.core.rules.credential import credentials_in
from amp_addons.core.rules.decision import Action
from amp_addons.core.rules.examples import sent_of
from amp_addons.core.rules.kinds import Mode
from amp_addons.core.rules.outcome import Outcome, decided
from amp_addons.core.rules.ruleset import RuleSet, Step
from amp_addons.core.scrub import scrub_text, scrub_url


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The request, and what it was taken for."""

    method: str
    url: str
    endpoint: str
    category: str
    provider: str | None
    route: str
    api: str | None
    catalog: str | None
    known: bool


class Ruled(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. `failed` is the key of the first condition that does not hold, `unreadable` why that cannot be told.

    What is not `reached`, because an earlier rule ended the list, is not asked; `matched` then says what it would have been.
    """

    rule: str
    mode: Mode
    matched: bool
    reached: bool
    failed: str | None = None
    unreadable: str | None = None
    action: str | None = None
    detail: str | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What is done. `credential` is the name of the one that the upstream is given; `status` and `message` are of an answer given here.

    The client's own credentials have names, too, a `?` before those in the query; where the request goes where the client meant it to go,
    they are neither dropped nor kept, but its own affair.
    """

    action: Action
    rule: str | None = None
    upstream: str | None = None
    proxy: str | None = None
    credential: str | None = None
    credential_header: str | None = None
    dropped_credentials: tuple[str, ...] = ()
    kept_credentials: tuple[str, ...] = ()
    model: tuple[str, str] | None = None
    status: int | None = None
    message: str | None = None
    tags: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """`lines` hold the request as it came beside the one that is sent; there are none where nothing is sent."""

    request: Asked
    rules: tuple[Ruled, ...]
    result: Result
    lines: tuple[Line, ...] = ()


def explain(rules: RuleSet, exchange: Exchange) -> Explanation:
    """Decide, and say why. Never raises on traffic."""
    steps = rules.steps(exchange)
    outcome = decided(rules, exchange)
    sent = sent_of(exchange, outcome)
    lines = compare(exchange, sent) if sent else ()
    return Explanation(request=_asked(exchange), rules=_ruled(steps, outcome), result=_result(exchange, outcome), lines=lines)


def _asked(exchange: Exchange) -> Asked:
    found = exchange.classification
    assert found is not None  # `steps` sees to it
    return Asked(
        method=scrub_text(exchange.method),
        url=scrub_url(exchange.url),
        endpoint=found.endpoint,
        category=found.category,
        provider=found.provider,
        route=found.route,
        api=found.api,
        catalog=found.catalog,
        known=found.known,
    )


def _ruled(steps: list[Step], outcome: Outcome) -> tuple[Ruled, ...]:
    # The first note of a rule is what it did; a second one says that it could not.
    notes = {applied.rule: applied for applied in reversed(outcome.decision.applied)}
    return tuple(
        Ruled(
            rule=step.rule,
            mode=step.mode,
            matched=step.matched,
            reached=step.reached,
            failed=scrub_text(step.failed) if step.failed else None,
            unreadable=step.unreadable,
            action=note.action if (note := notes.get(step.rule)) else None,
            detail=scrub_text(note.detail) if note and note.detail else None,
        )
        for step in steps
    )


def _result(exchange: Exchange, outcome: Outcome) -> Result:
    decision, out = outcome
    upstream, answer = decision.upstream, decision.block or decision.respond
    given = upstream if upstream and out and out.elsewhere and upstream.credential else None
    clients = tuple(map(scrub_text, credentials_in(exchange.headers, exchange.target[2]))) if out and out.elsewhere else ()
    return Result(
        action=decision.action,
        rule=decision.rule,
        upstream=upstream.name if upstream else None,
        proxy=f"{out.proxy.scheme}://{out.proxy.authority}" if out and out.proxy else None,
        credential=given.credential_name if given else None,
        credential_header=given.credential[0] if given and given.credential else None,
        dropped_credentials=() if decision.keep_credentials else clients,
        kept_credentials=clients if decision.keep_credentials else (),
        model=(scrub_text(out.model[0]), scrub_text(out.model[1])) if out and out.model else None,
        status=answer.status if answer else None,
        message=scrub_text(decision.block.message) if decision.block else None,
        tags=tuple(map(scrub_text, decision.tags)),
        alerts=tuple(map(scrub_text, decision.alerts)),
    )
