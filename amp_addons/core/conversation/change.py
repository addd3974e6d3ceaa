"""What changed from one request to the next of the same conversation.

Providers cache the longest unchanged beginning of a request (tools, instructions, messages, in this order): whoever only adds at the end
keeps the cache, whoever rewrites something pays for all that follows it once more.
"""

from collections.abc import Hashable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from amp_addons.core.conversation.parts import Conversation, Message, Tool


class Outline(msgspec.Struct, frozen=True):
    """A conversation in small: what stands for each of its pieces, alike exactly when they are. Markers of caches do not count."""

    messages: tuple[Hashable, ...]
    system: tuple[Hashable, ...] = ()
    tools: tuple[tuple[str, Hashable], ...] = ()
    settings: Mapping[str, str] = {}
    model: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """From one request to the next. `kept` messages at the beginning are the same; the next `replaced` of the earlier request are gone or
    different, and the later one has `added` in their place."""

    kept: int
    replaced: int
    added: int
    system: bool = False
    tools_added: tuple[str, ...] = ()
    tools_removed: tuple[str, ...] = ()
    tools_changed: tuple[str, ...] = ()
    tools_moved: bool = False
    settings: tuple[tuple[str, str | None, str | None], ...] = ()
    """Name, before, after; None where it was not there."""
    model: tuple[str | None, str | None] | None = None

    @property
    def breaks_cache(self) -> bool:
        """Whether something was changed that a provider had cached. Settings may do so too; that differs from one provider to the next."""
        tools = self.tools_added or self.tools_removed or self.tools_changed or self.tools_moved
        return bool(self.replaced or self.system or tools or self.model)


def key_of(message: Message) -> bytes:
    """What stands for a message."""
    return _digest(message)


def outline(found: Conversation) -> Outline:
    """A conversation in small."""
    return Outline(
        messages=tuple(key_of(message) for message in found.messages),
        system=tuple(_digest(text) for text in found.system),
        tools=tuple((tool.name, _digest(tool)) for tool in found.tools),
        settings=found.settings,
        model=found.model,
    )


def common(before: Sequence[Hashable], after: Sequence[Hashable]) -> int:
    """How many pieces at the beginning are the same."""
    least = min(len(before), len(after))
    return next((at for at in range(least) if before[at] != after[at]), least)


def change(before: Outline, after: Outline) -> Change:
    """What changed."""
    kept = common(before.messages, after.messages)
    old, new = dict(before.tools), dict(after.tools)
    names = sorted(before.settings.keys() | after.settings.keys())
    return Change(
        kept=kept,
        replaced=len(before.messages) - kept,
        added=len(after.messages) - kept,
        system=before.system != after.system,
        tools_added=tuple(name for name in new if name not in old),
        tools_removed=tuple(name for name in old if name not in new),
        tools_changed=tuple(name for name in new if name in old and new[name] != old[name]),
        tools_moved=before.tools != after.tools and old == new,
        settings=tuple(
            (name, before.settings.get(name), after.settings.get(name))
            for name in names
            if before.settings.get(name) != after.settings.get(name)
        ),
        model=(before.model, after.model) if before.model != after.model else None,
    )


def _digest(value: Message | Tool | str) -> bytes:
    try:
        data = msgspec.json.encode(value)
    except (UnicodeError, OverflowError, RecursionError, TypeError, ValueError):  # numbers past 64 bits, say
        data = _repr(value).encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except RecursionError:
        return f"{type(value).__name__} too deep to tell"
