"""Two recorded requests side by side: their headers, and their bodies by path."""

from typing import Any, NamedTuple

from amp_addons.core.bodydiff import Change, changes
from amp_addons.core.clock import rfc3339
from amp_addons.core.encoding import decode_body
from amp_addons.core.hints import MAX_BODY
from amp_addons.core.payload import loads
from amp_addons.core.rules.credential import is_credential_name
from amp_addons.core.scrub import MASK, mask_keys, scrub_text, scrub_url
from amp_addons.replay.captured import Captured

_DULL = frozenset(("content-length", "date"))


class HeaderChange(NamedTuple):
    """A header that one request has and the other has not, or with another value. Values are scrubbed."""

    name: str
    before: str | None
    after: str | None


class Compared(NamedTuple):
    """`same_json`: bodies are JSON and were compared by path; else only whether they are the same."""

    before: dict[str, Any]
    after: dict[str, Any]
    headers: list[HeaderChange]
    is_json: bool
    same_body: bool
    changes: list[Change]


def compared(before: Captured, after: Captured) -> Compared:
    """What differs between two requests, scrubbed."""
    old, new = _body(before), _body(after)
    one, other = loads(old), loads(new)
    is_json = isinstance(one, dict | list) and isinstance(other, dict | list)
    found = [
        change._replace(path=scrub_text(change.path), before=_scrubbed(change.before), after=_scrubbed(change.after))
        for change in (changes(one, other) if is_json else ())
    ]
    return Compared(_named(before), _named(after), _headers(before, after), is_json, old == new, found)


def _named(flow: Captured) -> dict[str, Any]:
    return {
        "time": rfc3339(flow.started),
        "flow": scrub_text(flow.id),
        "method": scrub_text(flow.method),
        "url": scrub_url(flow.url),
        "bytes": len(flow.body or b""),
    }


def _body(flow: Captured) -> bytes:
    coding = flow.header("content-encoding")
    body = flow.body or b""
    return (decode_body(body, coding, MAX_BODY) or b"") if coding else body


def _headers(before: Captured, after: Captured) -> list[HeaderChange]:
    old, new = _by_name(before), _by_name(after)
    names = [name for name in [*new, *(name for name in old if name not in new)] if name not in _DULL]
    return [
        HeaderChange(scrub_text(name), _value(name, old.get(name)), _value(name, new.get(name)))
        for name in names
        if old.get(name) != new.get(name)
    ]


def _by_name(flow: Captured) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw, value in flow.headers:
        name, text = raw.decode("latin-1").lower(), value.decode("utf-8", "surrogateescape")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _value(name: str, value: str | None) -> str | None:
    return None if value is None else MASK if is_credential_name(name) else scrub_text(value)


def _scrubbed(value: Any) -> Any:
    """A value whose strings have no secrets."""
    if isinstance(value, str):
        return mask_keys(value)
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    return {mask_keys(key): _scrubbed(item) for key, item in value.items()} if isinstance(value, dict) else value
