"""Endpoint catalogs: the YAML files that ship, and the user's."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self

import msgspec

from amp_addons.core import catalog as core
from amp_addons.core.classify import DEFAULT_AMP_URL, Classification
from amp_addons.core.classify import classify as _classify
from amp_addons.core.endpoint import Endpoint, Id, resolve
from amp_addons.core.network import Network
from amp_addons.rulefiles.schema import decode
from amp_addons.rulefiles.shipped import shipped
from amp_addons.rulefiles.yamlfile import read

__all__ = ["Catalog", "CatalogFile", "Classification", "Seen", "classify"]

SHIPPED = ("classic.yaml", "observed.yaml")
"""In order: the later beats the earlier."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How later versions of the client use a row of an earlier catalog; `versions` is empty where none does."""

    endpoint: Id
    versions: tuple[str, ...]
    requests: tuple[str, ...] = msgspec.field(default=(), name="as")
    websocket: bool | None = None
    replaced_by: str | None = None
    notes: tuple[str, ...] = ()


class CatalogFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One file. `catalog` is the name that classifications carry; `network` and `facts` are what belongs to no row, for `amp-addons admin`
    and for people to read."""

    catalog: Id = "user"
    title: str | None = None
    version: str | None = None
    bundle: str | None = None
    updated: str | None = None
    verification: tuple[str, ...] = ()
    amp_url: dict[str, str] = {}
    clients: dict[str, dict[str, str]] = {}
    endpoints: tuple[Endpoint, ...] = ()
    seen: tuple[Seen, ...] = ()
    network: Network | None = None
    facts: dict[str, Any] = {}

    @classmethod
    def load(cls, path: str | Path) -> "CatalogFile":
        """Read one file. Raises RuleFileError (a ValueError) with all that is wrong with it."""
        return decode(read(path), cls, unique=[("endpoints", "id"), ("seen", "endpoint")])


class Catalog(core.Catalog):
    """The endpoints of catalog files. `files` are the files themselves, with all that they say besides, `groups` the endpoints of each."""

    def __init__(self, files: tuple[CatalogFile, ...]) -> None:
        self.files = files
        seen = {entry.endpoint: entry for file in files for entry in file.seen}
        self.groups = tuple(tuple(_resolve(row, file, seen) for row in file.endpoints) for file in files)
        super().__init__(*self.groups)

    @classmethod
    def load(cls, *paths: str | Path) -> Self:
        """The shipped catalogs, and on top of them the given files in order: a later file's rows beat those of the earlier.

        Raises RuleFileError (a ValueError) with all that is wrong with the first bad file.
        """
        return cls((*_shipped(), *map(CatalogFile.load, paths)))


def _resolve(row: Endpoint, file: CatalogFile, seen: dict[str, Seen]) -> Endpoint:
    later = seen.get(row.id) if file.catalog == "classic" else None
    if later is None:
        return resolve(row, file.catalog)
    if later.websocket is not None:
        row = msgspec.structs.replace(row, websocket=later.websocket)
    return resolve(row, file.catalog, later.versions)


def classify(
    method: str, url: str, headers: Mapping[str, str] | None = None, catalog: core.Catalog | None = None, amp_url: str | None = None
) -> Classification:
    """Classify a request by the given catalog (the shipped ones by default) and amp.url (https://ampcode.com by default).

    Never raises. `url` may be a path alone: its host is then that of the Host header, or without one amp.url's.
    """
    return _classify(catalog or _default(), method, url, headers, amp_url or DEFAULT_AMP_URL)


@cache
def _shipped() -> tuple[CatalogFile, ...]:
    return tuple(CatalogFile.load(shipped("catalog", name)) for name in SHIPPED)


@cache
def _default() -> Catalog:
    return Catalog.load()
