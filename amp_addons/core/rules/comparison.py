"""A request as it came beside the one that is sent, line by line, fit to be shown: what stays, changes, goes and comes."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any, Literal
from urllib.parse import unquote_plus

import msgspec

from amp_addons.core.exchange import MISSING, Exchange, Unreadable
from amp_addons.core.json_pointer import escape
from amp_addons.core.rules.condition import same_json
from amp_addons.core.rules.shown import shown_header, shown_value
from amp_addons.core.scrub import MASK, scrub_text, scrub_url

MAX_BODY_LINES = 50
"""Differences of a body that are listed: rules make a handful."""

type Change = Literal["same", "changed", "dropped", "added"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing on both sides, None where it is not there."""

    part: Literal["url", "query", "header", "body"]
    name: str = ""
    before: str | None = None
    after: str | None = None
    change: Change


def compare(exchange: Exchange, sent: Exchange) -> tuple[Line, ...]:
    """What of `exchange` is in `sent`. Values of credentials are in none of the lines, whether they changed is."""
    change = _change(exchange.url, sent.url)
    url = Line(part="url", before=scrub_url(exchange.url), after=scrub_url(sent.url), change=change)
    return (url, *_query(exchange, sent), *_headers(exchange, sent), *islice(_body(exchange, sent), MAX_BODY_LINES))


def _change(before: Any, after: Any) -> Change:
    if before is None or after is None:
        return "added" if before is None else "dropped"
    return "same" if before == after else "changed"


def _query(exchange: Exchange, sent: Exchange) -> Iterator[Line]:
    gone = Counter(exchange.target[2].split("&")) - Counter(sent.target[2].split("&"))
    for pair in gone:
        if name := unquote_plus(pair.partition("=")[0]):
            yield Line(part="query", name=scrub_text(name), before=MASK, change="dropped")


def _headers(exchange: Exchange, sent: Exchange) -> Iterator[Line]:
    before, after = _grouped(exchange), _grouped(sent)
    for name in dict.fromkeys([*before, *after]):
        for old, new in zip_longest(before.get(name, ()), after.get(name, ())):
            yield Line(
                part="header",
                name=scrub_text((old or new)[0].decode("utf-8", "surrogateescape")),
                before=shown_header(*old) if old else None,
                after=shown_header(*new) if new else None,
                change=_change(old and old[1], new and new[1]),
            )


def _grouped(exchange: Exchange) -> dict[bytes, list[tuple[bytes, bytes]]]:
    """Headers by their names in lower case. What has no Host header has the one that its URL stands for."""
    found: dict[bytes, list[tuple[bytes, bytes]]] = {} if exchange.header("host") else {b"host": [(b"host", exchange.host.encode())]}
    for name, value in exchange.headers:
        found.setdefault(name.lower(), []).append((name, value))
    return found


def _body(exchange: Exchange, sent: Exchange) -> Iterator[Line]:
    if not exchange.body and not sent.body:
        return
    sizes = [f"{len(body):,} bytes" for body in (exchange.body, sent.body)]
    yield Line(part="body", before=sizes[0], after=sizes[1], change=_change(exchange.body, sent.body))
    if exchange.body == sent.body:
        return
    try:
        before, after = (msgspec.json.decode(each.json or b"null") for each in (exchange, sent))
    except (Unreadable, msgspec.DecodeError, UnicodeError):
        return  # a body with half a surrogate pair can be edited, and cannot be read as a whole
    yield from _differences("", before, after)


def _differences(pointer: str, before: Any, after: Any) -> Iterator[Line]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _differences(f"{pointer}/{escape(key)}", before.get(key, MISSING), after.get(key, MISSING))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{pointer}/{place}", old, new)
    elif not same_json(before, after):
        change: Change = "added" if before is MISSING else "dropped" if after is MISSING else "changed"
        yield Line(part="body", name=scrub_text(pointer), before=_shown(pointer, before), after=_shown(pointer, after), change=change)


def _shown(pointer: str, value: Any) -> str | None:
    return None if value is MISSING else shown_value(pointer, value)
