"""What rules do, as plain values, and what may not stand beside what."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from amp_addons.core.answers.canned import Canned
from amp_addons.core.endpoint import Id
from amp_addons.core.fields import FieldError
from amp_addons.core.json_pointer import is_within
from amp_addons.core.rules.kinds import HeaderName, HeaderValue, Key, Line, OneOrMore, Pointer, Struct, Text

_PATHS = Meta(pattern=r"^/.*\Z", description="a JSON pointer, where * stands for one part")


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

    detectors: OneOrMore[Text] | None = None
    """Ids or kinds of detectors that ship, or patterns of these; secrets: all but those for personal data, personal: these. Without it
    secrets, or, where there are patterns of your own, none."""
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
    record: bool | None = None
    """false: the flow is left out of the recording (amp_record); true: it is in it, whatever an earlier rule says."""
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

    @property
    def note(self) -> str:
        """What is done about a flow that is neither changed nor answered."""
        return "alert" if self.alert else "tag" if self.tag else "record" if self.record is not None else "none"


TERMINAL = ("route", "block", "respond", "allow", "passthrough")


def _clash(pointers: list[str]) -> str | None:
    """The first pointer that another one leads to, or out of."""
    return next((each for n, each in enumerate(pointers) if is_within(each, pointers[:n] + pointers[n + 1 :])), None)
