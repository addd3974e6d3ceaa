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
    Address,
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

_PATHS = Meta(pattern=r"^/.*\Z", description="a JSON pointer, where * stands for one part")

type Mode = Literal["enforce", "observe"]
type Key = Literal["thread", "client", "model", "request"]
"""What keeps a choice by chance the same: the same key, the same choice."""


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts of a rule file have in common."""


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


class Weighted(Struct, frozen=True, kw_only=True):
    upstream: Id
    """A name below upstreams."""
    weight: Annotated[int, Meta(ge=0, le=1000)]
    """Its share, beside those of the others; 0 turns it off."""


class Split(Struct, frozen=True, kw_only=True):
    """Several upstreams by weight; the same key goes to the same one."""

    split: Annotated[tuple[Weighted, ...], Meta(min_length=1)]
    """The upstreams, each with its weight."""
    by: Key = "thread"
    """What stays together: all requests of a thread, a client or a model, or each request by itself."""

    def __post_init__(self) -> None:
        if not any(part.weight for part in self.split):
            raise FieldError("split", "no weight above 0", "at least one upstream with a weight")


class Block(Struct, frozen=True, kw_only=True):
    """Refused with an error that the client shows: `message`, in the provider's format."""

    message: Annotated[str, Meta(max_length=2000)] = "This request was blocked by a rule of the local proxy."
    """What the client shows."""
    status: Annotated[int, Meta(ge=400, le=599)] = 403
    """The status of the answer; of a streamed one the error is an event."""


type RedactMode = Literal["mask", "drop", "hash", "placeholder", "block"]


class OwnPattern(Struct, frozen=True, kw_only=True):
    """Something of your own to look for."""

    id: Id
    """What it is called in events and reports."""
    keywords: OneOrMore[str]
    """Lower-case words of which one stands in every match: the pattern is only tried near one."""
    pattern: str
    """RE2 with a longest match ({0,200} rather than *): what is found goes as a whole, or its group `secret`."""
    description: str = ""
    """What it is, for people."""


class RedactorSpec(Struct, frozen=True, kw_only=True):
    """What is looked for, and what becomes of it."""

    detectors: OneOrMore[Text] = "secrets"
    """Ids or kinds of detectors that ship, or patterns of these; secrets: all but those for personal data, personal: these."""
    patterns: tuple[OwnPattern, ...] = ()
    """Patterns of your own."""
    mode: RedactMode = "mask"
    """mask: ***; drop: nothing; hash: the kind and a keyed hash; placeholder: comes back in answers; block: the request is refused."""


class Redact(Struct, frozen=True, kw_only=True):
    """Where a redactor is put to work."""

    using: OneOrMore[Id] = "secrets"
    """Redactors by name; secrets and personal are there without being defined."""
    request: bool = True
    """In the body of the request."""
    paths: tuple[Annotated[str, _PATHS], ...] = ()
    """Only in strings of a JSON body below these pointers, where * stands for one part: /messages/*/content."""
    headers: bool = True
    """In header values, but for credentials and Amp's own."""
    query: bool = True
    """In the query, but for credentials."""
    response: bool = False
    """In the texts of the answer, streamed ones included."""
    restore: bool = True
    """Placeholders in texts of the answer become what they stand for again, never inside of links."""
    restore_tools: bool = False
    """Also in the arguments of tools: a prompt injection could use that to carry a secret out."""


class Then(Struct, frozen=True, kw_only=True):
    """What is done. `route` `block` `respond` `allow` `passthrough` are terminal: they end the list, and a rule has one of them at most."""

    route: Id | Split | None = None
    """Sent to this upstream, without the client's credentials. Ends the list."""
    block: bool | Annotated[str, Meta(max_length=2000)] | Block = False
    """Refused with an error in the provider's format: true, or the message, or message and status. Ends the list."""
    respond: Canned | None = None
    """Answered here, and nothing is sent. Ends the list."""
    allow: bool = False
    """Let through as it is; no later rule is asked. Ends the list."""
    passthrough: bool = False
    """Not even decrypted; only host and client can be asked for. Ends the list."""
    set_headers: dict[HeaderName, HeaderValue] = {}
    """Headers that the request gets, in place of those of the same name."""
    remove_headers: tuple[HeaderName, ...] = ()
    """Headers that are taken out."""
    set_body: dict[Pointer, Any] = {}
    """Values to put into a JSON body, by JSON pointer; every other byte stays."""
    remove_body: tuple[Pointer, ...] = ()
    """JSON pointers of what is taken out of the body."""
    redact: Id | Redact | None = None
    """Secrets are taken out of the request, or the answer: the name of a redactor, or more about it."""
    model: Line | dict[Text, Line] | None = None
    """Another model, or one for each pattern of names, the first that matches; the answer names the old one again."""
    tag: OneOrMore[Line] | None = None
    """Words that are noted with the flow."""
    alert: bool | Line = False
    """A line in the log when the rule matches: true, or what it says."""
    credentials: Literal["keep"] | None = None
    """keep: the upstream gets the client's own credentials. Name its host in credentials_host; `check` warns."""
    credentials_host: str | None = None
    """The host that may get the client's own credentials."""
    allow_protected: bool = False
    """set_headers and remove_headers may touch authentication and amp-* headers; `check` warns."""

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
        return bool(self.set_headers or self.remove_headers or self.set_body or self.remove_body or self.model or self.redact)

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
    """Its name in events, messages and the display; each once."""
    description: str = ""
    """What it is for, for people."""
    mode: Mode | None = None
    """observe: it only notes what it would have done."""
    match: Match = Match()
    """When: all that is given must hold; nothing given: always."""
    then: Then
    """What: changes, and at most one action that ends the list."""


class Credential(Struct, frozen=True, kw_only=True):
    """What an upstream is given instead of the client's own. The value is in an environment variable or a file, never in the rules."""

    header: HeaderName = "authorization"
    """The header that it goes into."""
    env: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z", description="the name of an environment variable")] | None = None
    """The environment variable of the proxy that has the value."""
    file: str | None = None
    """A file with the value that nobody else may read, seen from this file's folder."""
    prefix: HeaderValue | None = None
    """What stands before the value; Bearer in an authorization header, else nothing."""

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
    """Until there is a connection."""
    first_byte: Seconds | None = None
    """Until the answer begins."""
    idle: Seconds | None = None
    """Between two bytes of the answer."""


class Upstream(Struct, frozen=True, kw_only=True):
    """Where requests may be sent: another service at `url`, or with `proxy` alone the same one through a proxy."""

    url: Url | None = None
    """Where it is: scheme, host, perhaps a port, and a path that is put in front."""
    strip_path: Annotated[str, Meta(pattern=r"^(/[^?#]*)?\Z", description="a path that is taken off in front")] = ""
    """Taken off the front of the client's path: /api/provider/anthropic."""
    credential: Credential | None = None
    """What it is given in place of the client's own credentials."""
    proxy: Proxy | None = None
    """The proxy on the way there."""
    host_header: HeaderValue | None = None
    """What its Host header says, where that is not the host of the url."""
    timeouts: Timeouts = Timeouts()
    """How long to wait for it."""

    def __post_init__(self) -> None:
        if self.url is None and self.proxy is None:
            raise FieldError("url", "neither url nor proxy", "one of them")
        if self.url is None and self.credential is not None:
            raise FieldError("credential", "a credential without a url", "the url that it is for")


class Defaults(Struct, frozen=True, kw_only=True):
    """What holds for the rules of this file that say nothing else."""

    mode: Mode = "enforce"
    """observe: the rules of this file only note what they would have done."""
    timeouts: Timeouts = Timeouts()
    """For upstreams that say nothing else."""


type Grant = Literal["upstreams", "credentials", "protected", "passthrough", "redactors"]
"""What an included file may only do when the file that includes it says so (THREATS 8)."""


class Include(Struct, frozen=True, kw_only=True):
    """A file in the same folder or below; its rules come after those of the file that includes it."""

    path: str
    """Seen from this file's folder."""
    grant: tuple[Grant, ...] = ()
    """What the file may do beside matching, blocking and answering."""


class TestRequest(Struct, frozen=True, kw_only=True):
    """A request of a test. `url` may be a path alone: it is then below amp.url. `body` is JSON, or text as it stands."""

    method: str = "POST"
    """GET, POST, …"""
    url: str
    """A whole URL, or a path below amp.url."""
    headers: dict[str, str] = {}
    """Values by header name."""
    body: Any = UNSET
    """JSON, or text as it stands."""
    client: Address = "127.0.0.1"
    """The address that it comes from."""


class Expect(Struct, frozen=True, kw_only=True):
    """What the rules should make of it; only what is given is compared. `status` is that of an answer given here.

    `headers` and `body` are of the request as it is sent; null: it is not there. `credential` is the name of the one that it is given.
    """

    action: Literal["route", "block", "respond", "allow", "passthrough", "pass"] | None = None
    """How it ends; pass: no rule ended it."""
    rule: str | None = None
    """The rule that decided the action."""
    rules: tuple[str, ...] | None = None
    """All rules that were enforced, in order."""
    observed: tuple[str, ...] | None = None
    """All rules that only noted what they would have done, in order."""
    upstream: str | None = None
    """The upstream that it goes to."""
    url: str | None = None
    """The URL that is asked in the end."""
    status: int | None = None
    """The status of an answer given here."""
    model: str | None = None
    """The model that is asked in the end."""
    credential: str | None = None
    """The name of the credential that the upstream is given: env:NAME or file:NAME."""
    headers: dict[str, str | None] = {}
    """Headers of the request as it is sent; null: there is none."""
    body: dict[Pointer, Any] = {}
    """Values of the body as it is sent, by JSON pointer; null: null, or nothing there."""

    def __post_init__(self) -> None:
        if not any(getattr(self, name) not in (None, {}) for name in self.__struct_fields__):
            raise FieldError("action", "nothing that is expected", f"at least one of {', '.join(self.__struct_fields__)}")


class Test(Struct, frozen=True, kw_only=True):
    """An example of what the rules do, run by `amp-addons check`."""

    name: str
    """What it shows."""
    request: TestRequest
    """What a client sends."""
    expect: Expect
    """What the rules should make of it."""


class RuleFile(Struct, frozen=True, kw_only=True):
    """One file."""

    version: Literal[1]
    """The version of this format."""
    defaults: Defaults = Defaults()
    """What holds for the rules of this file that say nothing else."""
    upstreams: dict[Id, Upstream] = {}
    """Where requests may be sent, by name."""
    redactors: dict[Id, RedactorSpec] = {}
    """What is to be looked for, by name."""
    rules: tuple[Rule, ...] = ()
    """In order; the first action that ends the list wins."""
    tests: tuple[Test, ...] = ()
    """Examples of what the rules do; `amp-addons check` runs them."""
    include: tuple[str | Include, ...] = ()
    """Further files, whose rules come after these."""

    @classmethod
    def empty(cls) -> Self:
        return cls(version=1)
