"""What the rules want done with one request, as a value: whoever acts on it needs no rules any more."""

from collections.abc import Collection
from typing import Any, Literal

import msgspec

from amp_addons.core.answers.canned import Canned
from amp_addons.core.json_pointer import is_within
from amp_addons.core.redact.action import Redaction
from amp_addons.core.rules.applied import Applied
from amp_addons.core.rules.model import Timeouts
from amp_addons.core.rules.then import Block
from amp_addons.core.rules.url import Origin

type Action = Literal["pass", "route", "block", "respond", "allow", "passthrough"]


class Secret:
    """A value that is never printed."""

    __slots__ = ("value",)

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Secret(***)"


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """An upstream, made ready. `credential` is (header, value), `credential_name` what may be shown of it."""

    name: str
    origin: Origin | None = None
    strip_path: str = ""
    credential: tuple[str, Secret] | None = None
    credential_name: str | None = None
    proxy: Origin | None = None
    host_header: str | None = None
    timeouts: Timeouts = Timeouts()


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What is changed of a request besides where it goes. `model` is the new name, or None. Redactions come last, in their order."""

    set_headers: dict[str, str] = {}
    remove_headers: tuple[str, ...] = ()
    set_body: dict[str, Any] = {}
    remove_body: tuple[str, ...] = ()
    model: str | None = None
    redactions: tuple[Redaction, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.set_headers or self.remove_headers or self.set_body or self.remove_body or self.model or self.redactions)

    def then(self, later: "Changes") -> "Changes":
        """Both, the later ones winning: what they set or remove is not set or removed before, nor is anything in it."""
        gone = {name.lower() for name in later.remove_headers}
        said = (*later.set_body, *later.remove_body)
        return Changes(
            set_headers={name: value for name, value in self.set_headers.items() if name.lower() not in gone} | later.set_headers,
            remove_headers=(*self.remove_headers, *later.remove_headers),
            set_body={pointer: value for pointer, value in self.set_body.items() if not is_within(pointer, said)} | later.set_body,
            remove_body=(*(pointer for pointer in self.remove_body if not is_within(pointer, said)), *later.remove_body),
            model=later.model or self.model,
            redactions=(*self.redactions, *later.redactions),
        )

    def over(self, lower: "Changes", has_model: bool) -> "Changes":
        """These, and of `lower` only what they have no say in; `has_model`: they have one in the model. These redactions come first: what
        they are to find, no other has taken out before."""
        said = {*self.set_body, *self.remove_body, *(["/model"] if has_model or self.model else [])}
        lower = msgspec.structs.replace(
            lower,
            set_body={pointer: value for pointer, value in lower.set_body.items() if not _overlaps(pointer, said)},
            remove_body=tuple(pointer for pointer in lower.remove_body if not _overlaps(pointer, said)),
            model=None if _overlaps("/model", said) else lower.model,
        )
        return msgspec.structs.replace(lower.then(self), redactions=(*self.redactions, *lower.redactions))


def _overlaps(pointer: str, said: Collection[str]) -> bool:
    """Whether one of the places is this one, is in it, or has it in it."""
    return is_within(pointer, said) or any(is_within(each, [pointer]) for each in said)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done: `action` ends it, `changes` are made before. `record`: whether the flow is
    to be in the recording. `rule` is the one that decided the action."""

    action: Action = "pass"
    rule: str | None = None
    applied: tuple[Applied, ...] = ()
    upstream: Destination | None = None
    keep_credentials: bool = False
    changes: Changes = Changes()
    observed_redactions: tuple[Redaction, ...] = ()
    block: Block | None = None
    respond: Canned | None = None
    tags: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    record: bool | None = None

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that were enforced, in order."""
        return tuple(applied.rule for applied in self.applied if applied.mode == "enforce")

    @property
    def observed(self) -> tuple[str, ...]:
        """The rules that would have done something."""
        return tuple(applied.rule for applied in self.applied if applied.mode == "observe")


PASS = Decision()
