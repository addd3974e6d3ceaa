"""What every output says of itself, as comments: where it comes from, which hosts are required and why, and what it cannot do."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from amp_addons.admin.egress import Egress, Host
from amp_addons.core.scrub import visible

WIDTH = 120
"""Columns. HAProxy takes lines of 2,048 bytes at most."""


def comment(mark: str, text: str, indent: str = "") -> Iterator[str]:
    """A text as lines of comment that nothing in it can end: no control character, and no backslash at the end of a line, which Squid and
    nft would take for "goes on in the next"."""
    for line in wrap(visible(text), WIDTH, break_on_hyphens=False) or [""]:
        yield f"{indent}{mark} {line}".rstrip(" \\")


def head(mark: str, texts: Iterable[str], indent: str = "") -> Iterator[str]:
    """Each text as lines of comment."""
    for text in texts:
        yield from comment(mark, text, indent)


def heading(egress: Egress, *notes: str) -> Iterator[str]:
    """The sentences at the top of an output."""
    sources = ", ".join(_source(source.catalog, source.versions) for source in egress.sources)
    yield f"The Amp CLI's connections, by {egress.program} from the endpoint catalogs {sources}."
    yield f"amp.url is {egress.amp_url}. TCP only, outbound only: nothing connects to the client."
    for each in egress.elsewhere:
        yield f"{each.need}, {each.hosts} host, not listed: {each.what}."
    limits = egress.timeouts
    yield (
        f"Wait {limits.connect} s for a connection, {limits.first_byte} s for the first byte of an answer, {limits.idle} s between two "
        f"pieces of it, {limits.websocket} s between two messages of a WebSocket. Pass server-sent events on at once, unbuffered, and "
        "WebSocket upgrades (HTTP/1.1) as well. Leave Authorization, x-api-key, amp-* and x-amp-* headers as they are."
    )
    yield from notes


def about(host: Host) -> str:
    """What is known about a host."""
    carried = [name for name, there in (("server-sent events", host.streaming), ("WebSocket", host.websocket)) if there]
    facts = [
        f"{host.need}: {host.place}" + (f", for {'; '.join(host.needed_for)}" if host.needed_for else ""),
        f"Carries {' and '.join(carried)}" if carried else None,
        f"Named by {_source(', '.join(host.catalogs), host.versions)}" if host.catalogs else None,
    ]
    return ". ".join(fact for fact in facts if fact) + "."


def _source(catalog: str, versions: tuple[str, ...]) -> str:
    return f"{catalog} (client {', '.join(versions)})" if versions else catalog
