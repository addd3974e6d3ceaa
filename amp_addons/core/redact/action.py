"""What a rule wants redacted, made ready, and the request that comes of it.

Modes: `mask` (***), `drop`, `hash` (the kind and a keyed hash: the same secret is told again without being known), `placeholder` (comes
back in the answer, `core.redact.vault`), `block` (the request is refused).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from hmac import digest
from urllib.parse import quote, unquote

import msgspec

from amp_addons.core.exchange import Exchange, Headers, Unreadable
from amp_addons.core.redact.body import Hit, Replace, redact_json, redact_text, replaced
from amp_addons.core.redact.engine import Finding
from amp_addons.core.redact.redactor import Redactor
from amp_addons.core.redact.vault import Scope, Vault, placeholders_in
from amp_addons.core.rules.credential import is_protected
from amp_addons.core.rules.then import Redact, RedactMode
from amp_addons.core.scrub import MASK, is_secret_name

type Find = Callable[[str], Sequence[Finding]]


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """One rule's redaction by one redactor."""

    rule: str
    name: str
    mode: RedactMode
    redactor: Redactor
    spec: Redact


class Hiding(msgspec.Struct, frozen=True, kw_only=True):
    """What placeholders and hashes of one request are made with. `now` is in seconds. Its repr does not show the key."""

    vault: Vault
    key: bytes
    now: float = 0.0

    def __repr__(self) -> str:
        return f"Hiding({self.vault!r})"

    def scope(self, exchange: Exchange, upstream: str) -> Scope | None:
        """For whom placeholders of this request stand; None without a conversation, where nothing comes back (THREATS 3)."""
        try:
            thread = exchange.thread
        except Unreadable:
            return None
        return Scope(exchange.sender, thread, upstream) if thread else None


class Refused(ValueError):
    """A redactor with mode `block` has found something. The text names kinds, never values."""


class Redacted(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a request after redaction (`body` without content coding, or None). `found` counts by (rule, where, kind)."""

    headers: Headers
    query: str
    body: bytes | None
    found: dict[tuple[str, str, str], int]

    def __repr__(self) -> str:
        return f"Redacted({sum(self.found.values())} found)"


def redact_all(parts: Redacted, redactions: Iterable[Redaction], hiding: Hiding, scope: Scope | None, *, is_json: bool) -> Redacted:
    """The parts after one redaction and the next, to which the placeholders of those before are no secrets. Raises Refused, ValueError."""
    text = parts.body.decode("utf-8", "replace") if parts.body else ""
    placeholders: set[str] = set()
    for each in redactions:
        hide = replacer(each.mode, hiding, scope, text)
        parts = redact(parts, each, _noting(hide, placeholders) if each.mode == "placeholder" else hide, placeholders, is_json=is_json)
    return parts


def _noting(hide: Replace, noted: set[str]) -> Replace:
    def noting(finding: Finding, secret: str) -> str:
        noted.add(placeholder := hide(finding, secret))
        return placeholder

    return noting


def redact(parts: Redacted, redaction: Redaction, hide: Replace, kept: Collection[str] = (), *, is_json: bool) -> Redacted:
    """The parts with what this redaction finds replaced, `kept` left out. `body` is without content coding. Raises Refused, ValueError."""
    spec, find = redaction.spec, _other_than(kept, redaction.redactor.find)
    found = Counter(parts.found)
    hits: list[tuple[str, Hit]] = []
    headers, query, body = parts.headers, parts.query, parts.body
    if spec.headers:
        headers = tuple(_header(name, value, find, hide, hits) for name, value in headers)
    if spec.query and query:
        query = "&".join(_pair(pair, find, hide, hits) for pair in query.split("&"))
    if spec.request and body:
        body, in_body = _body(body, spec, find, hide, is_json)
        hits += [("request body", hit) for hit in in_body]
    found.update((redaction.rule, where, hit.kind) for where, hit in hits)
    if hits and redaction.mode == "block":
        kinds = ", ".join(sorted({f"{hit.kind} ({hit.detector})" for _, hit in hits}))
        raise Refused(f"the request holds what redactor {redaction.name} does not let out: {kinds}")
    return Redacted(headers=headers, query=query, body=body, found=dict(found))


def replacer(mode: RedactMode, hiding: Hiding, scope: Scope | None, text: str = "") -> Replace:
    """What stands in a finding's place. A placeholder is none that stands in `text` already."""
    if mode == "placeholder":
        taken = placeholders_in(text)
        return lambda _finding, secret: hiding.vault.hide(secret, scope, hiding.now, taken)
    if mode == "hash":
        return lambda finding, secret: f"[{finding.kind}:{_hash(hiding.key, secret)}]"
    return (lambda _finding, _secret: "") if mode == "drop" else (lambda _finding, _secret: MASK)


def _hash(key: bytes, secret: str) -> str:
    return digest(key, secret.encode("utf-8", "surrogatepass"), "sha256").hex()[:12]


def _other_than(kept: Collection[str], find: Find) -> Find:
    return (lambda text: [each for each in find(text) if text[each.start : each.end] not in kept]) if kept else find


def _body(body: bytes, spec: Redact, find: Find, hide: Replace, is_json: bool) -> tuple[bytes, list[Hit]]:
    if is_json:
        return redact_json(body, find, hide, _wanted(spec.paths))
    if spec.paths:
        return body, []
    try:
        text, hits = redact_text(body.decode(), find, hide)
    except UnicodeDecodeError:
        raise Unreadable("the body is neither JSON nor text in UTF-8 and cannot be redacted") from None
    return (text.encode() if hits else body), hits


def _header(name: bytes, value: bytes, find: Find, hide: Replace, hits: list[tuple[str, Hit]]) -> tuple[bytes, bytes]:
    if is_protected(name.decode("latin-1")):
        return name, value  # credentials are for the host that they go to: those that go elsewhere are dropped by the route
    text = value.decode("utf-8", "surrogateescape")
    if not (findings := find(text)):
        return name, value
    hits += [("request header", Hit(each.detector, each.kind, name.decode("latin-1"))) for each in findings]
    return name, replaced(text, findings, hide).encode("utf-8", "surrogateescape")


def _pair(pair: str, find: Find, hide: Replace, hits: list[tuple[str, Hit]]) -> str:
    name, equals, value = pair.partition("=")
    if equals and is_secret_name(unquote(name)):
        return pair
    text = unquote(value if equals else name)
    if not (findings := find(text)):
        return pair
    hits += [("request query", Hit(each.detector, each.kind, unquote(name) if equals else "")) for each in findings]
    # A blank that is written as + stays one.
    new = quote(replaced(text, findings, hide), safe="" if "%2b" in pair.lower() else "+")
    return f"{name}={new}" if equals else new


def _wanted(paths: tuple[str, ...]) -> Callable[[str], bool] | None:
    if not paths:
        return None
    patterns = [tuple(path.split("/")[1:]) for path in paths]

    @lru_cache(maxsize=10_000)
    def wanted(pointer: str) -> bool:
        parts = pointer.split("/")[1:]
        return any(_below(parts, pattern) for pattern in patterns)

    return wanted


def _below(parts: list[str], pattern: tuple[str, ...]) -> bool:
    return len(parts) >= len(pattern) and all(want in ("*", part) for part, want in zip(parts, pattern, strict=False))
