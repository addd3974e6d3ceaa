"""The rules in force: one decision for each request, and why.

    rules.decide(exchange)

Contract: `decide` never raises. Rules that cannot be decided because the request can be read in two ways block it when they enforce
(DESIGN promise 4), and are noted when they only observe.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from amp_addons.core.catalog import Catalog
from amp_addons.core.classify import DEFAULT_AMP_URL, Classification, classify
from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.path import is_odd, resolved
from amp_addons.core.redact.action import Redaction
from amp_addons.core.redact.redactor import Redactor
from amp_addons.core.rules.applied import Applied
from amp_addons.core.rules.chance import share
from amp_addons.core.rules.condition import Conditions, compile_match
from amp_addons.core.rules.decision import PASS, Changes, Decision, Destination
from amp_addons.core.rules.index import Index, Numbered
from amp_addons.core.rules.kinds import Mode
from amp_addons.core.rules.model import Rule
from amp_addons.core.rules.pattern import parse
from amp_addons.core.rules.texts import several
from amp_addons.core.rules.then import Block, Redact, RedactMode, Split, Then

_PLAIN = "/:@!$&'()*+,=~"
"""What a path may hold as it is, besides letters, digits and _.-"""


class Ready(NamedTuple):
    """A rule, made ready."""

    rule: Rule
    mode: Mode
    conditions: Conditions
    terminal: str | None
    is_own: bool = True
    """Whether it is from a local file: what such a rule says, none by URL says otherwise (THREATS 8)."""

    @property
    def closes(self) -> bool:
        """Whether a request for which it cannot be decided is refused: not for rules that only look (DESIGN promise 4)."""
        return self.mode == "enforce" and self.rule.then.acts()

    @property
    def ends(self) -> bool:
        """Whether it ends the list when it matches."""
        return self.mode == "enforce" and self.terminal is not None


class Step(NamedTuple):
    """What came of one rule. `failed` is the key of the condition that did not hold, `unreadable` why it could not be told.

    One that is not `reached` has no say, whether it would have matched or not.
    """

    rule: str
    mode: Mode
    matched: bool
    failed: str | None = None
    unreadable: str | None = None
    reached: bool = True


class RuleSet:
    """Rules with the upstreams they name. `observe`: whatever their mode, they only note what they would have done.

    The first `own` rules are from local files (None: all).
    """

    def __init__(
        self,
        rules: Iterable[tuple[Rule, Mode]] = (),
        upstreams: Mapping[str, Destination] | None = None,
        *,
        catalog: Catalog | None = None,
        amp_url: str = DEFAULT_AMP_URL,
        observe: bool = False,
        secret: bytes = b"",
        redactors: Mapping[str, tuple[RedactMode, Redactor]] | None = None,
        own: int | None = None,
    ) -> None:
        self.upstreams = dict(upstreams or {})
        self.redactors = dict(redactors or {})
        self._catalog = catalog or Catalog()
        self.amp_url = amp_url
        self._secret = secret
        self.rules = [
            Ready(
                rule,
                "observe" if observe else rule.mode or mode,
                compile_match(rule.match, rule.id, secret),
                rule.then.terminal,
                own is None or number < own,
            )
            for number, (rule, mode) in enumerate(rules)
        ]
        self._index = Index([Numbered(number, ready.rule.match, ready.conditions) for number, ready in enumerate(self.rules)])

    def __bool__(self) -> bool:
        return bool(self.rules)

    @property
    def enforces(self) -> bool:
        """Whether any rule may change, block or send anything elsewhere."""
        return any(ready.mode == "enforce" for ready in self.rules)

    def decide(self, exchange: Exchange) -> Decision:
        """What is to be done with this request. Never raises."""
        if not self.rules:
            return PASS
        self._classify(exchange)
        making = Making()
        for number in self._index.candidates(exchange):
            ready = self.rules[number]
            try:
                if ready.conditions.hold(exchange):
                    self._apply(ready, exchange, making)
            except Exception as error:
                making.unreadable(ready, _reason(error))
            if making.over:
                break
        return making.decision()

    def steps(self, exchange: Exchange) -> list[Step]:
        """What came of each rule, in order: slow and thorough, for people."""
        decision = self.decide(exchange)
        self._classify(exchange)
        noted = {applied.rule: applied for applied in decision.applied}
        found, over = [], False
        for ready in self.rules:
            id_, mode = ready.rule.id, ready.mode
            if note := noted.get(id_):
                found.append(Step(id_, mode, note.unreadable is None, None, note.unreadable))
            else:
                found.append(Step(id_, mode, *_failing(ready.conditions, exchange), reached=not over))
            over = over or (decision.action != "pass" and id_ == decision.rule)
        return found

    def settles(self, exchange: Exchange, host: str | None) -> bool:
        """Whether all requests to this host are classified alike: none of them is in a row. The exchange is classified."""
        self._classify(exchange)
        found = exchange.classification
        beneath = self._catalog.beneath
        return found is not None and found.route == "external" and not (self._catalog.has(host) or (beneath and beneath.has(host)))

    def _classify(self, exchange: Exchange) -> None:
        if exchange.classification is None:
            exchange.classification = classify(self._catalog, exchange.method, exchange.url, None, self.amp_url)
        if not exchange.classification.known and is_odd(exchange.target[1]):
            exchange.rival = self._rival(exchange)

    def _rival(self, exchange: Exchange) -> Classification | None:
        """What a server may take the request for. By our own reading it is in no row, but rules for that row must not miss it."""
        host, path, query = exchange.target
        if (reading := resolved(path)) is None or reading == path:
            return None
        rival = classify(self._catalog, exchange.method, f"https://{host}{quote(reading, safe=_PLAIN)}?{query}", None, self.amp_url)
        return rival if rival != exchange.classification else None

    def _apply(self, ready: Ready, exchange: Exchange, making: "Making") -> None:
        rule, then = ready.rule, ready.rule.then
        changes = _changes(then, exchange)
        if then.redact is not None:
            changes = msgspec.structs.replace(changes, redactions=tuple(self._redactions(rule.id, then.redact)))
        upstream = self._upstream(rule.id, then.route, exchange) if then.route is not None else None
        making.take(ready, changes, upstream, said(then, changes, upstream))

    def _redactions(self, rule: str, redact: str | Redact) -> Iterator[Redaction]:
        spec = redact if isinstance(redact, Redact) else Redact(using=redact)
        for name in several(spec.using):
            mode, redactor = self.redactors[name]
            yield Redaction(rule=rule, name=name, mode=mode, redactor=redactor, spec=spec)

    def _upstream(self, rule: str, route: str | Split, exchange: Exchange) -> Destination:
        if isinstance(route, str):
            return self.upstreams[route]
        at = share(exchange, route.by, f"{rule}/route", self._secret) * sum(part.weight for part in route.split)
        for part in route.split:
            at -= part.weight
            if at < 0:
                return self.upstreams[part.upstream]
        return self.upstreams[[part for part in route.split if part.weight][-1].upstream]


def _failing(conditions: Conditions, exchange: Exchange) -> tuple[bool, str | None, str | None]:
    """Whether all conditions hold, the key of the one that does not, and why it cannot be told."""
    try:
        failed = conditions.failing(exchange)
    except Exception as error:
        return False, None, _reason(error)
    return failed is None, failed, None


class Making:
    """A decision in the making."""

    def __init__(self) -> None:
        self.over = False
        self._applied: list[Applied] = []
        self._changes = Changes()
        self._beneath = Changes()  # by rules that are not the user's own
        self._has_model = False
        self._tags: list[str] = []
        self._alerts: list[str] = []
        self._record: bool | None = None
        self._observed: tuple[Redaction, ...] = ()
        self._final: dict[str, Any] = {}

    def take(self, ready: Ready, changes: Changes, upstream: Destination | None, detail: str | None) -> None:
        then, rule = ready.rule.then, ready.rule.id
        terminal = ready.terminal
        action = terminal or ("change" if changes else then.note)
        self._applied.append(Applied(rule=rule, mode=ready.mode, action=action, detail=detail))
        if then.alert:
            self._alerts.append(then.alert if isinstance(then.alert, str) else f"rule {rule} matched")
        if then.tag:
            self._tags += [then.tag] if isinstance(then.tag, str) else then.tag
        if ready.mode == "observe":
            self._observed += changes.redactions
            return
        if then.record is not None and (ready.is_own or self._record is None):
            self._record = then.record
        if ready.is_own:
            # Also where the model stays as it is: it is the one that the user wants.
            self._has_model = self._has_model or then.model is not None
            self._changes = self._changes.then(changes) if changes else self._changes
        elif changes:
            self._beneath = self._beneath.then(changes)
        if terminal:
            self.over = True
            self._final = {"action": terminal, "rule": rule, "upstream": upstream, "respond": then.respond, "block": _block(then)}
            self._final["keep_credentials"] = then.credentials == "keep"

    def unreadable(self, ready: Ready, reason: str) -> None:
        action = "block" if ready.rule.then.acts() else "none"
        applied = Applied(rule=ready.rule.id, mode=ready.mode, action=action, detail=None, unreadable=reason)
        self._applied.append(applied)
        if ready.closes:
            self.over = True
            message = f"Rule {ready.rule.id} of the local proxy could not be decided ({reason}); nothing was sent."
            self._final = {"action": "block", "rule": ready.rule.id, "block": Block(message=message, status=400)}

    def decision(self) -> Decision:
        if not self._applied:
            return PASS
        changes = Changes()
        if self._final.get("action") not in ("block", "respond", "passthrough"):
            changes = self._changes.over(self._beneath, self._has_model) if self._beneath else self._changes
        return Decision(
            applied=tuple(self._applied),
            changes=changes,
            observed_redactions=self._observed,
            tags=tuple(dict.fromkeys(self._tags)),
            alerts=tuple(self._alerts),
            record=self._record,
            **self._final,
        )


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, Unreadable) else f"the rule failed with {type(error).__name__}"


def _block(then: Then) -> Block | None:
    if then.block is True:
        return Block()
    return Block(message=then.block) if isinstance(then.block, str) else then.block or None


def _changes(then: Then, exchange: Exchange) -> Changes:
    if not then.changes():
        return NOTHING
    model = mapped(then.model, exchange) if then.model is not None else None
    return Changes(
        set_headers=then.set_headers, remove_headers=then.remove_headers, set_body=then.set_body, remove_body=then.remove_body, model=model
    )


NOTHING = Changes()


def mapped(model: str | Mapping[str, str], exchange: Exchange) -> str | None:
    """The new name of the request's model, or None where it stays. Raises Unreadable."""
    found = exchange.model
    if found is None:
        return None
    if isinstance(model, str):
        return model if model != found else None
    return next((new for pattern, new in model.items() if parse(pattern).matches(found) and new != found), None)


def said(then: Then, changes: Changes, upstream: Destination | None) -> str | None:
    """What a rule does, in few words. Only names: a value may be a secret."""
    if not upstream and not changes:
        return None
    parts = [f"to {upstream.name}"] if upstream else []
    parts += [f"model {changes.model}"] if changes.model else []
    parts += [f"redact {each.name} ({each.mode})" for each in changes.redactions]
    parts += [
        f"{verb} {', '.join(names)}"
        for verb, names in (("set", [*then.set_headers, *then.set_body]), ("remove", [*then.remove_headers, *then.remove_body]))
        if names
    ]
    return "; ".join(parts) or None
