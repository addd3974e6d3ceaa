"""The language of rule files as plain values: what may stand in one, and what may stand beside what.

The same types check a file, make the JSON Schema that editors complete from, and are compiled by `condition` and `ruleset`. Keys that
are no names in Python end in `_` here.
"""

from typing import Annotated, Any, Literal, Self

from msgspec import UNSET, Meta

from amp_addons.core.endpoint import Id
from amp_addons.core.fields import FieldError
from amp_addons.core.rules.kinds import (
    Address,
    FileUrl,
    HeaderName,
    HeaderValue,
    Mode,
    OneOrMore,
    Pointer,
    Proxy,
    Seconds,
    Serial,
    SigningKey,
    Struct,
    Url,
)
from amp_addons.core.rules.match import Match
from amp_addons.core.rules.then import RedactorSpec, Then


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


type Grant = Literal["upstreams", "credentials", "protected", "passthrough", "redactors", "routes", "edits", "record"]
"""What an included file may only do when the file that includes it says so (THREATS 8); the last three are asked of files by URL alone."""


class Include(Struct, frozen=True, kw_only=True):
    """A file in the same folder or below, whose rules come after those of the file that includes it; or a signed one behind a URL, whose
    rules come after those of all local files."""

    path: str | None = None
    """Seen from this file's folder."""
    url: FileUrl | None = None
    """Where a signed file is: https://HOST/PATH."""
    key: OneOrMore[SigningKey] | None = None
    """Who may sign it: one of these public keys, instead of those of amp_trust."""
    grant: tuple[Grant, ...] = ()
    """What the file may do beside matching, blocking and answering; a file by URL: beside matching, blocking, allowing and masking."""

    def __post_init__(self) -> None:
        if (self.path is None) is (self.url is None):
            raise FieldError("url" if self.url else "path", "both path and url" if self.url else "neither path nor url", "one of them")
        if self.key is not None and self.url is None:
            raise FieldError("key", "a key beside a path", "it beside a url: local files are not signed")


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
    request: TestRequest | None = None
    """What a client sends."""
    flow: str | None = None
    """A recorded request instead: FILE, or FILE:3, or FILE:ID, a capture beside this file."""
    expect: Expect
    """What the rules should make of it."""

    def __post_init__(self) -> None:
        if (self.request is None) is (self.flow is None):
            both = self.flow is not None
            raise FieldError("flow" if both else "request", "a flow beside a request" if both else "neither", "a request, or a flow")


class RuleFile(Struct, frozen=True, kw_only=True):
    """One file."""

    version: Literal[1]
    """The version of this format."""
    serial: Serial | None = None
    """For a file by URL: a number that is higher with each version of it. An older file is refused."""
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
