"""What a catalog says about networks that belongs to no single endpoint."""

from typing import Annotated, Literal

import msgspec

from amp_addons.core.endpoint import Need

type Seconds = Annotated[int, msgspec.Meta(ge=1, le=86400)]


class TimeLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How long something between client and service has to wait, in seconds: shorter limits break turns."""

    connect: Seconds
    first_byte: Seconds
    idle: Seconds
    """Between two pieces of a streamed answer."""
    websocket: Seconds
    """Between two messages."""

    @property
    def longest(self) -> int:
        """For programs that have one limit for all."""
        return max(self.first_byte, self.idle, self.websocket)


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Connections to hosts that no catalog can name."""

    what: str
    hosts: Literal["any"] = "any"
    need: Need = "optional"


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`needed_for` is what amp.url itself is needed for. Where several catalogs say it, or `timeouts`, the last one holds."""

    needed_for: str | None = None
    timeouts: TimeLimits | None = None
    elsewhere: tuple[Elsewhere, ...] = ()
