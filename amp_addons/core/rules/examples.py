"""The examples that a rule file carries (`tests:`): does what the rules make of a request agree with what the file expects?

What is found goes to a screen or into a log of CI: values that are secret by name or look are never in it.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from amp_addons.core.exchange import MISSING, Exchange, Unreadable
from amp_addons.core.rules.condition import same_json
from amp_addons.core.rules.model import Expect, Test, TestRequest
from amp_addons.core.rules.outcome import Outcome, decided
from amp_addons.core.rules.ruleset import RuleSet
from amp_addons.core.rules.shown import shown_header, shown_value
from amp_addons.core.scrub import scrub_text, scrub_url
from amp_addons.core.target import below

NOTHING_SENT = "nothing is sent"


class Difference(NamedTuple):
    """What of the outcome is not as expected, in words that may be shown. `what` is the key below `expect`."""

    what: str
    found: str
    expected: str


def run(rules: RuleSet, test: Test, recorded: Exchange | None = None) -> list[Difference]:
    """Everything in which the outcome differs from what the test expects; nothing: it passes. `recorded`: the request of its flow."""
    exchange = request_of(test.request, rules.amp_url) if test.request is not None else recorded
    if exchange is None:
        return [Difference("flow", "no recorded flow", "one")]
    outcome = decided(rules, exchange)
    sent = sent_of(exchange, outcome)
    return [*_outcome(test.expect, outcome, exchange, sent), *_headers(test.expect, sent), *_body(test.expect, sent)]


def request_of(request: TestRequest, amp_url: str) -> Exchange:
    """The request of a test, as it would come from a client."""
    body = b"" if request.body is msgspec.UNSET else _raw(request.body)
    return Exchange(request.method, below(amp_url, request.url), request.headers, body, client=request.client)


def sent_of(exchange: Exchange, outcome: Outcome) -> Exchange | None:
    """The request as it leaves the proxy, or None when it does not."""
    decision, out = outcome
    if decision.action in ("block", "respond"):
        return None
    if out is None:
        return exchange
    headers = ((b"host", out.host.encode()), *out.headers)
    return Exchange(exchange.method, out.url, headers, out.body, classification=exchange.classification)


def _outcome(expect: Expect, outcome: Outcome, exchange: Exchange, sent: Exchange | None) -> Iterator[Difference]:
    decision, out = outcome
    answer = decision.block or decision.respond
    upstream = decision.upstream
    values: dict[str, Callable[[], Any]] = {
        "action": lambda: decision.action,
        "rule": lambda: decision.rule,
        "rules": lambda: decision.rules,
        "observed": lambda: decision.observed,
        "upstream": lambda: upstream and upstream.name,
        "url": lambda: sent.url if sent else NOTHING_SENT,
        "status": lambda: answer and answer.status,
        "model": lambda: (out.model[1] if out and out.model else _model(exchange)) if sent else NOTHING_SENT,
        "credential": lambda: upstream.credential_name if upstream and out and out.elsewhere else None,
    }
    for key, find in values.items():
        if (expected := getattr(expect, key)) is not None and (found := find()) != expected:
            yield Difference(key, _said(key, found), _said(key, expected))


def _model(exchange: Exchange) -> str | None:
    try:
        return exchange.model
    except Unreadable:
        return None


def _headers(expect: Expect, sent: Exchange | None) -> Iterator[Difference]:
    for name, expected in expect.headers.items():
        values = sent.header(name.lower()) if sent else []
        found = ", ".join(values) if values else None
        if sent is None:
            yield Difference(f"headers.{scrub_text(name)}", NOTHING_SENT, _header(name, expected))
        elif found != expected:
            yield Difference(f"headers.{scrub_text(name)}", _header(name, found), _header(name, expected))


def _header(name: str, value: str | None) -> str:
    return "no such header" if value is None else shown_header(name.encode(), value.encode("utf-8", "surrogateescape"))


def _body(expect: Expect, sent: Exchange | None) -> Iterator[Difference]:
    for pointer, expected in expect.body.items():
        try:
            found = sent.json_value(pointer) if sent else NOTHING_SENT
        except Unreadable as error:
            yield Difference(f"body.{scrub_text(pointer)}", str(error), _value(pointer, expected))
            continue
        absent = found is MISSING and expected is None
        if sent is None or not (absent or same_json(found, expected)):
            yield Difference(f"body.{scrub_text(pointer)}", _value(pointer, found) if sent else NOTHING_SENT, _value(pointer, expected))


def _value(pointer: str, value: Any) -> str:
    return "nothing there" if value is MISSING else shown_value(pointer, value)


def _said(key: str, value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(scrub_text, value)) or "none"
    return "none" if value is None else scrub_url(value) if key == "url" else scrub_text(str(value))


def _raw(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else msgspec.json.encode(body)
