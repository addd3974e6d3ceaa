"""What differs between two requests, as lines."""

from collections.abc import Iterator
from typing import Any

import msgspec

from amp_addons.core.bodydiff import Change
from amp_addons.core.scrub import visible
from amp_addons.render.fit import clip
from amp_addons.render.palette import Palette
from amp_addons.render.units import counted, size
from amp_addons.replay.compare import Compared

_SIGNS = {"added": "+", "removed": "-", "rewritten": "~", "marker": "·"}


def compared_lines(palette: Palette, width: int, found: Compared) -> Iterator[str]:
    """The two requests, their headers, then the bodies by path, and what that does to a prompt cache."""
    for sign, each in (("-", found.before), ("+", found.after)):
        yield visible(f"{sign} {each['time']}  {each['method']} {each['url']}  {size(each['bytes'])}  {each['flow']}")
    yield ""
    yield f"{palette.strong}Headers{palette.off}" if found.headers else "The headers are the same."
    for header in found.headers:
        yield from _pair(width, header.name, header.before, header.after)
    yield ""
    if not found.is_json:
        yield "The bodies are the same." if found.same_body else "The bodies differ, and are not both JSON."
        return
    if not found.changes:
        yield "The bodies are the same." if found.same_body else "The bodies say the same, written differently."
        return
    yield f"{palette.strong}Body{palette.off}"
    for change in found.changes:
        yield from _change(palette, width, change)
    yield ""
    yield _verdict(found.changes)


def _change(palette: Palette, width: int, change: Change) -> Iterator[str]:
    colour = palette.error if change.breaks_cache else palette.dim if change.kind == "marker" else ""
    note = "  breaks the prompt cache from here" if change.breaks_cache else ""
    yield f"{colour}{_SIGNS[change.kind]} {visible(change.path) or '/'}{note}{palette.off if colour else ''}"
    if change.kind != "added":
        yield clip(f"    - {_text(change.before)}", width)
    if change.kind != "removed":
        yield clip(f"    + {_text(change.after)}", width)


def _pair(width: int, name: str, before: str | None, after: str | None) -> Iterator[str]:
    sign = "+" if before is None else "-" if after is None else "~"
    yield f"{sign} {visible(name)}"
    if before is not None:
        yield clip(f"    - {visible(before)}", width)
    if after is not None:
        yield clip(f"    + {visible(after)}{'  (another one, not shown)' if before == after else ''}", width)


def _text(value: Any) -> str:
    return visible(msgspec.json.encode(value).decode("utf-8", "replace"))


def _verdict(changes: list[Change]) -> str:
    added = sum(change.kind == "added" for change in changes)
    if breaking := [change for change in changes if change.breaks_cache]:
        return (
            f"{counted(added, 'addition')}; {counted(len(breaking), 'change')} of what was sent before: a prompt cache holds up to "
            f"{visible(breaking[0].path)}."
        )
    return f"{counted(added, 'addition')}; what was sent before stays as it was: a prompt cache holds."
