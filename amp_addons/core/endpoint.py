"""A row of an endpoint catalog, with every fact that the catalogs keep of it."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec

from amp_addons.core.fields import FieldError
from amp_addons.core.pattern import Pattern

_HOST = r"^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?\Z"

type Category = Literal["inference", "user", "threads", "github", "realtime", "telemetry", "internal", "web", "update", "other"]
type Route = Literal["proxied", "direct", "external"]
"""`proxied` goes through amp.url, `direct` to OpenRouter, `external` anywhere else."""
type Api = Literal["anthropic-messages", "openai-chat", "openai-responses", "google-generatecontent", "amp-connect"]
"""Whose format the bodies have."""
type Need = Literal["required", "optional"]
"""Whether the client can do without."""
type Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]*\Z", description="lower-case words joined by . and -")]
type Method = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z-]*\Z", description="a method in capitals (or ALL)")]
type Path = Annotated[str, msgspec.Meta(description="a path pattern", extra={"check": Pattern.parse})]
type Host = Annotated[str, msgspec.Meta(pattern=_HOST, description="a host name in lower case, perhaps with a port")]
type Some[T] = Annotated[tuple[T, ...], msgspec.Meta(min_length=1)]

ANY_METHOD = "ALL"
UNKNOWN_IDS = ("amp.unknown", "provider.unknown", "other")
"""What a classification says where no row matches; no row may have these names."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One row: the method and path that it matches, what its flows are called, and where the row is from.

    `path` is one pattern or several (`core.pattern` explains them), below amp.url or, with `host`, on that host. `api` is the
    format at the path itself; below a `/**` it goes by how the path ends (`core.classify`). `versions` are those of the client in which
    the row was seen. `need`, `needed_for` (what its host is needed for), `streaming` and `websocket` are what
    `amp-addons admin` tells. The other fields after `versions` are for people to read.
    """

    id: Id
    category: Category
    method: Method | Some[Method]
    path: Path | Some[Path]
    host: Host | None = None
    route: Route | None = None
    provider: Id | None = None
    api: Api | None = None
    catalog: str | None = None
    source: str | None = None
    versions: tuple[str, ...] = ()
    title: str | None = None
    purpose: str | None = None
    streaming: bool | None = None
    websocket: bool | None = None
    need: Need | None = None
    needed_for: str | None = None
    models: tuple[str, ...] = ()
    sdk: str | None = None
    sdk_name: str | None = None
    configuration: dict[str, str] = {}
    authentication: str | None = None
    settings: dict[str, str] = {}
    environment: dict[str, str] = {}
    features: tuple[str, ...] = ()
    content_type: str | None = None
    request: Any = None
    response: Any = None
    events: dict[str, str] = {}
    procedures: tuple[str, ...] = ()
    examples: dict[str, str] = {}
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for path in self.paths:
            Pattern.parse(path)
        if self.id in UNKNOWN_IDS:
            raise FieldError("id", repr(self.id), f"another name: {', '.join(UNKNOWN_IDS)} are what no row matches")
        if self.route is not None and (self.route == "proxied") is not (self.host is None):
            raise FieldError("route", repr(self.route), "proxied for a row below amp.url, direct or external for a row with a host")

    @property
    def methods(self) -> tuple[str, ...]:
        return (self.method,) if isinstance(self.method, str) else self.method

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,) if isinstance(self.path, str) else self.path


def resolve(endpoint: Endpoint, catalog: str, seen: Iterable[str] = ()) -> Endpoint:
    """The row with what it leaves to be understood: its catalog, its route, the versions it was seen in, and its source."""
    versions = tuple(dict.fromkeys([*endpoint.versions, *seen]))
    return msgspec.structs.replace(
        endpoint,
        catalog=catalog,
        route=endpoint.route or ("external" if endpoint.host else "proxied"),
        versions=versions,
        source=endpoint.source or (f"seen in {', '.join(versions)}" if versions else None),
    )
