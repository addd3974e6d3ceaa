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
from amp_addons.core.rules.kinds import Serial
from amp_addons.core.rules.url import check_file_url, is_url
from amp_addons.rulefiles.problems import Problem, RuleFileError
from amp_addons.rulefiles.remote.remotes import Get, kept_only, remote_folder
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
    serial: Serial | None = None
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
    """The endpoints of catalog files. `files` are the files themselves, with all that they say besides, `groups` the endpoints of each.

    Rows of `remote` files lie beneath those of all others.
    """

    def __init__(self, files: tuple[CatalogFile, ...], remote: tuple[CatalogFile, ...] = ()) -> None:
        self.files = files
        seen = {entry.endpoint: entry for file in files for entry in file.seen}
        self.groups = tuple(tuple(_resolve(row, file, seen) for row in file.endpoints) for file in files)
        beneath = core.Catalog(*([resolve(row, file.catalog) for row in file.endpoints] for file in remote)) if remote else None
        super().__init__(*self.groups, beneath=beneath)

    @classmethod
    def load(cls, *paths: str | Path, get: Get | None = None) -> Self:
        """The shipped catalogs, and on top of them the given files in order: a later file's rows beat those of the earlier. Those of files
        behind URLs, which `get` fetches, are only asked for what is in none of the others.

        Raises RuleFileError (a ValueError) with all that is wrong with the first bad file.
        """
        local = (*_shipped(), *(CatalogFile.load(path) for path in paths if not is_url(str(path))))
        urls = [str(path) for path in paths if is_url(str(path))]
        if not urls:
            return cls(local)
        known = {row.id for file in local for row in file.endpoints}
        return cls(local, tuple(_fetched(url, get or kept_only(remote_folder()), known) for url in urls))


def _fetched(url: str, get: Get, known: set[str]) -> CatalogFile:
    """Raises RuleFileError."""
    try:
        check_file_url(url)
    except ValueError as error:
        # The value is not repeated: a URL may have a password in it.
        raise RuleFileError([Problem("a URL in the list of catalogs", 0, 0, "", "something else", str(error))]) from None
    document = get("catalog", url, None)
    file = decode(document, CatalogFile, unique=[("endpoints", "id"), ("seen", "endpoint")])
    taken = [row.id for row in file.endpoints if row.id in known]
    problems = [Problem(document.file, 0, 0, "endpoints", f"'{id_}' again", "ids that no local one has") for id_ in taken]
    if file.catalog in ("classic", "observed"):
        problems.append(Problem(document.file, 0, 0, "catalog", f"'{file.catalog}'", "a name of its own"))
    if file.serial is None:
        problems.append(Problem(document.file, 0, 0, "serial", "no serial", "a number above 0, higher with each version of the file"))
    if problems:
        raise RuleFileError(problems)
    return file


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
