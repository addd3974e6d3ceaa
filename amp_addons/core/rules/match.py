"""The conditions of rules as plain values: what may be asked of a request."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from amp_addons.core.endpoint import Category, Route
from amp_addons.core.fields import FieldError
from amp_addons.core.rules.kinds import HostText, Key, Network, OneOrMore, PathText, Percent, Pointer, SeenName, Struct, Text


class BodyTest(Struct, frozen=True, kw_only=True):
    """A test of the value at `path` (a JSON pointer) of a JSON body. All that is given must hold."""

    path: Pointer
    """Where the value is, as a JSON pointer: /metadata/user_id."""
    equals: Any = UNSET
    """The value is exactly this, any JSON."""
    matches: OneOrMore[Text] | UnsetType = UNSET
    """The value is text that one of these patterns matches."""
    exists: bool | UnsetType = UNSET
    """true: there is something at the path; false: there is not."""
    min: float | UnsetType = UNSET
    """The value is a number, at least this."""
    max: float | UnsetType = UNSET
    """The value is a number, at most this."""

    def __post_init__(self) -> None:
        if all(getattr(self, name) is UNSET for name in ("equals", "matches", "exists", "min", "max")):
            raise FieldError("path", "a path without a test", "equals, matches, exists, min or max beside it")


class Range(Struct, frozen=True, kw_only=True):
    """A size in bytes, as it was on the wire."""

    min: int | None = None
    """At least so many bytes."""
    max: int | None = None
    """At most so many bytes."""

    def __post_init__(self) -> None:
        if self.min is None and self.max is None:
            raise FieldError("min", "no limit", "min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise FieldError("max", f"{self.max}, less than min", f"at least {self.min}")


class Sample(Struct, frozen=True, kw_only=True):
    """A share of the requests, the same ones for the same key."""

    percent: Percent
    """How many of a hundred."""
    by: Key = "thread"
    """What stays together: all requests of a thread, a client or a model, or each request by itself."""


class Match(Struct, frozen=True, kw_only=True):
    """Conditions, all of which must hold. Without any it holds for every request."""

    endpoint: OneOrMore[Text] | None = None
    """Ids of the catalogs, such as provider.anthropic or threads.*; `amp-addons catalog` prints them."""
    category: OneOrMore[Category] | None = None
    """What kind of request it is."""
    provider: OneOrMore[Text] | None = None
    """Whose models are asked: anthropic, openai, google, openrouter, …"""
    route: OneOrMore[Route] | None = None
    """proxied: through amp.url; direct: to OpenRouter; external: anywhere else."""
    known: bool | None = None
    """Whether a catalog knows the endpoint."""
    method: OneOrMore[HostText] | None = None
    """GET, POST, … in any case."""
    host: OneOrMore[HostText] | None = None
    """The host, with or without its port, in any case: `*.example.com`."""
    path: OneOrMore[PathText] | None = None
    """The path without the query. `*` stops at a slash, `**` does not: /api/**."""
    query: dict[str, OneOrMore[Text] | bool] = {}
    """Decoded values by key. true: the key is there; false: it is not."""
    header: dict[SeenName, OneOrMore[Text] | bool] = {}
    """Values by header name. true: the header is there; false: it is not."""
    model: OneOrMore[Text] | None = None
    """The model that the client asks for: claude-*."""
    stream: bool | None = None
    """Whether a streamed answer is asked for."""
    body: OneOrMore[BodyTest] | None = None
    """Tests of values in a JSON body; all must hold."""
    body_bytes: Range | None = None
    """The size of the body, as it is on the wire."""
    client: OneOrMore[Network] | None = None
    """Addresses or networks that the request comes from: 10.0.0.0/8."""
    thread: OneOrMore[Text] | None = None
    """The id of Amp's thread."""
    tool: OneOrMore[Text] | None = None
    """A tool that is offered to the model."""
    sample: Percent | Sample | None = None
    """A share of the requests: a percentage, by thread, or with `by` something else that stays together."""
    any: Annotated[tuple["Match", ...], Meta(min_length=1)] = ()
    """One of these holds."""
    all: Annotated[tuple["Match", ...], Meta(min_length=1)] = ()
    """Every one of these holds."""
    not_: "Match | None" = msgspec.field(default=None, name="not")
    """This does not hold."""

    def parts(self) -> Iterator[tuple[str, "Match"]]:
        """The matches inside, by their key paths."""
        for key, group in (("any", self.any), ("all", self.all)):
            for number, part in enumerate(group):
                yield f"{key}[{number}]", part
        if self.not_ is not None:
            yield "not", self.not_
