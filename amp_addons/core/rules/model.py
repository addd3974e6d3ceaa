"""The language of rule files as plain values: what may stand in one, and what may stand beside what.

The same types check a file, make the JSON Schema that editors complete from, and are compiled by `condition` and `ruleset`. Keys that
are no names in Python end in `_` here.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from amp_addons.core.answers.canned import Canned
from amp_addons.core.endpoint import Category, Id, Route
from amp_addons.core.fields import FieldError
from amp_addons.core.json_pointer import is_within
from amp_addons.core.rules.kinds import (
    HeaderName,
    HeaderValue,
    HostText,
    Line,
    Network,
    OneOrMore,
    PathText,
    Percent,
    Pointer,
    Proxy,
    Seconds,
    SeenName,
    Text,
    Url,
)

type Mode = Literal["enforce", "observe"]
type Key = Literal["thread", "client", "model", "request"]
"""What keeps a choice by chance the same: the same key, the same choice."""


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts of a rule file have in common."""


class BodyTest(Struct, frozen=True, kw_only=True):
    """A test of the value at `path` (a JSON pointer) of a JSON body. All that is given must hold."""

    path: Pointer
    equals: Any = UNSET
    matches: OneOrMore[Text] | UnsetType = UNSET
    exists: bool | UnsetType = UNSET
    min: float | UnsetType = UNSET
    max: float | UnsetType = UNSET

    def __post_init__(self) -> None:
        if all(getattr(self, name) is UNSET for name in ("equals", "matches", "exists", "min", "max")):
            raise FieldError("path", "a path without a test", "equals, matches, exists, min or max beside it")


class Range(Struct, frozen=True, kw_only=True):
    """A size in bytes, as it was on the wire."""

    min: int | None = None
    max: int | None = None

    def __post_init__(self) -> None:
        if self.min is None and self.max is None:
            raise FieldError("min", "no limit", "min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise FieldError("max", f"{self.max}, less than min", f"at least {self.min}")


class Sample(Struct, frozen=True, kw_only=True):
    """A share of the requests, the same ones for the same key."""

    percent: Percent
    by: Key = "thread"


class Match(Struct, frozen=True, kw_only=True):
    """Conditions, all of which must hold. Without any it holds for every request."""

    endpoint: OneOrMore[Text] | None = None
    category: OneOrMore[Category] | None = None
    provider: OneOrMore[Text] | None = None
    route: OneOrMore[Route] | None = None
    known: bool | None = None
    method: OneOrMore[HostText] | None = None
    host: OneOrMore[HostText] | None = None
    path: OneOrMore[PathText] | None = None
    query: dict[str, OneOrMore[Text] | bool] = {}
    header: dict[SeenName, OneOrMore[Text] | bool] = {}
    model: OneOrMore[Text] | None = None
    stream: bool | None = None
    body: OneOrMore[BodyTest] | None = None
    body_bytes: Range | None = None
    client: OneOrMore[Network] | None = None
    thread: OneOrMore[Text] | None = None
    tool: OneOrMore[Text] | None = None
    sample: Percent | Sample | None = None
    any: Annotated[tuple["Match", ...], Meta(min_length=1)] = ()
    all: Annotated[tuple["Match", ...], Meta(min_length=1)] = ()
    not_: "Match | None" = msgspec.field(default=None, name="not")

    def parts(self) -> Iterator[tuple[str, "Match"]]:
        """The matches inside, by their key paths."""
        for key, group in (("any", self.any), ("all", self.all)):
            for number, part in enumerate(group):
                yield f"{key}[{number}]", part
        if self.not_ is not None:
            yield "not", self.not_


class Weighted(Struct, frozen=True, kw_only=True):
    upstream: Id
    weight: Annotated[int, Meta(ge=0, le=1000)]


class Split(Struct, frozen=True, kw_only=True):
    """Several upstreams by weight; the same key goes to the same one."""

    split: Annotated[tuple[Weighted, ...], Meta(min_length=1)]
    by: Key = "thread"

    def __post_init__(self) -> None:
        if not any(part.weight for part in self.split):
            raise FieldError("split", "no weight above 0", "at least one upstream with a weight")


class Block(Struct, frozen=True, kw_only=True):
    """Refused with an error that the client shows: `message`, in the provider's format."""

    message: Annotated[str, Meta(max_length=2000)] = "This request was blocked by a rule of the local proxy."
    status: Annotated[int, Meta(ge=400, le=599)] = 403


class Then(Struct, frozen=True, kw_only=True):
    """What is done. `route` `block` `respond` `allow` `passthrough` are terminal: they end the list, and a rule has one of them at most."""

    route: Id | Split | None = None
    block: bool | Annotated[str, Meta(max_length=2000)] | Block = False
    respond: Canned | None = None
    allow: Literal[True] | None = None
    passthrough: Literal[True] | None = None
    set_headers: dict[HeaderName, HeaderValue] = {}
    remove_headers: tuple[HeaderName, ...] = ()
    set_body: dict[Pointer, Any] = {}
    remove_body: tuple[Pointer, ...] = ()
    model: Line | dict[Text, Line] | None = None
    tag: OneOrMore[Line] | None = None
    alert: bool | Line = False
    credentials: Literal["keep"] | None = None
    credentials_host: str | None = None
    allow_protected: bool = False

    def __post_init__(self) -> None:
        given = [name for name in TERMINAL if getattr(self, name) not in (None, False)]
        if len(given) > 1:
            raise FieldError(given[1], f"{given[1]} beside {given[0]}", f"one of {', '.join(TERMINAL)} in a rule")
        if self.credentials and self.route is None:
            raise FieldError("credentials", "keep without a route", "it beside route, whose upstream gets them")
        if self.credentials and not self.credentials_host:
            raise FieldError("credentials", "keep without credentials_host", "the host that gets them beside it, in credentials_host")
        if clash := _clash([*self.set_body, *self.remove_body, *(["/model"] if self.model else [])]):
            key = "set_body" if clash in self.set_body else "remove_body"
            raise FieldError(key, f"{clash} beside another change of the same place", "one change of a place and what is in it")
        if self.passthrough and self.changes():
            raise FieldError("passthrough", "passthrough beside changes", "passthrough alone: what is not decrypted cannot be changed")

    def acts(self) -> bool:
        """Whether anything is done, rather than noted: a rule that only looks never blocks."""
        return self.terminal is not None or self.changes()

    def changes(self) -> bool:
        """Whether the request is changed by more than being sent elsewhere."""
        return bool(self.set_headers or self.remove_headers or self.set_body or self.remove_body or self.model)

    @property
    def terminal(self) -> str | None:
        return next((name for name in TERMINAL if getattr(self, name) not in (None, False)), None)


TERMINAL = ("route", "block", "respond", "allow", "passthrough")


def _clash(pointers: list[str]) -> str | None:
    """The first pointer that another one leads to, or out of."""
    return next((each for n, each in enumerate(pointers) if is_within(each, pointers[:n] + pointers[n + 1 :])), None)


class Rule(Struct, frozen=True, kw_only=True):
    """If `match`, `then`."""

    id: Id
    description: str = ""
    mode: Mode | None = None
    match: Match = Match()
    then: Then


class Credential(Struct, frozen=True, kw_only=True):
    """What an upstream is given instead of the client's own. The value is in an environment variable or a file, never in the rules."""

    header: HeaderName = "authorization"
    env: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z", description="the name of an environment variable")] | None = None
    file: str | None = None
    prefix: HeaderValue | None = None

    def __post_init__(self) -> None:
        if (self.env is None) is (self.file is None):
            raise FieldError("env", "both env and file" if self.env else "neither env nor file", "one of them")

    @property
    def name(self) -> str:
        """What it is called where it is shown."""
        return f"env:{self.env}" if self.env else f"file:{self.file}"


class Timeouts(Struct, frozen=True, kw_only=True):
    """Seconds until a connection, the first byte of an answer, and between two bytes; past one the client gets an error."""

    connect: Seconds | None = None
    first_byte: Seconds | None = None
    idle: Seconds | None = None


class Upstream(Struct, frozen=True, kw_only=True):
    """Where requests may be sent: another service at `url`, or with `proxy` alone the same one through a proxy."""

    url: Url | None = None
    strip_path: Annotated[str, Meta(pattern=r"^(/[^?#]*)?\Z", description="a path that is taken off in front")] = ""
    credential: Credential | None = None
    proxy: Proxy | None = None
    host_header: HeaderValue | None = None
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        if self.url is None and self.proxy is None:
            raise FieldError("url", "neither url nor proxy", "one of them")
        if self.url is None and self.credential is not None:
            raise FieldError("credential", "a credential without a url", "the url that it is for")


class Defaults(Struct, frozen=True, kw_only=True):
    """What holds for the rules of this file that say nothing else."""

    mode: Mode = "enforce"
    timeouts: Timeouts = Timeouts()


type Grant = Literal["upstreams", "credentials", "protected", "passthrough"]
"""What an included file may only do when the file that includes it says so (THREATS 8)."""


class Include(Struct, frozen=True, kw_only=True):
    """A file in the same folder or below; its rules come after those of the file that includes it."""

    path: str
    grant: tuple[Grant, ...] = ()


class TestRequest(Struct, frozen=True, kw_only=True):
    """A request of a test. `body` is JSON, or text as it stands."""

    method: str = "POST"
    url: str
    headers: dict[str, str] = {}
    body: Any = UNSET
    client: str | None = None


class Expect(Struct, frozen=True, kw_only=True):
    """What the rules should make of it; only what is given is compared."""

    action: Literal["route", "block", "respond", "allow", "passthrough", "pass"] | None = None
    rule: str | None = None
    rules: tuple[str, ...] | None = None
    observed: tuple[str, ...] | None = None
    upstream: str | None = None
    url: str | None = None
    status: int | None = None
    model: str | None = None
    headers: dict[str, str | None] = {}
    body: dict[Pointer, Any] = {}


class Test(Struct, frozen=True, kw_only=True):
    """An example of what the rules do, run by `amp-addons check`."""

    name: str
    request: TestRequest
    expect: Expect


class RuleFile(Struct, frozen=True, kw_only=True):
    """One file."""

    version: Literal[1]
    defaults: Defaults = Defaults()
    upstreams: dict[Id, Upstream] = {}
    rules: tuple[Rule, ...] = ()
    tests: tuple[Test, ...] = ()
    include: tuple[str | Include, ...] = ()

    @classmethod
    def empty(cls) -> Self:
        return cls(version=1)
