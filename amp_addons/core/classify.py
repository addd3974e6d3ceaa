"""What a request is: its row of the endpoint catalogs, told by method and URL alone.

Contract: nothing here raises on any text; a request that can be read in two ways is in no row.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from amp_addons.core.catalog import Catalog, Row
from amp_addons.core.endpoint import Api, Category, Route
from amp_addons.core.path import is_odd
from amp_addons.core.target import host_key, split_target

DEFAULT_AMP_URL = "https://ampcode.com"

_API_OF_OPERATION: dict[str, Api] = {
    "messages": "anthropic-messages",
    "responses": "openai-responses",
    "chat/completions": "openai-chat",
    ":generateContent": "google-generatecontent",
    ":streamGenerateContent": "google-generatecontent",
    # Claude on Vertex: https://docs.anthropic.com/en/api/claude-on-vertex-ai
    ":rawPredict": "anthropic-messages",
    ":streamRawPredict": "anthropic-messages",
}
"""Whose format a provider's operation speaks, by how its path ends; the same for all providers, gateways included."""

_PROVIDER = re.compile(r"/api/provider/([^/]+)")
_PROVIDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `known` is whether a row matched; then `catalog` and `source` say which.

    `fields` is what the row's templates stand for (`threadId`, the `method` of `internal.rpc`) and the `model` where the path names
    it, as they were sent: scrub them before they are shown.
    """

    endpoint: str
    category: Category
    provider: str | None = None
    route: Route
    api: Api | None = None
    catalog: str | None = None
    source: str | None = None
    known: bool
    fields: dict[str, str] = {}


class Place(NamedTuple):
    """Where a request goes. `path` is below amp.url's own path when `is_amp`, and None when it is not below it."""

    is_amp: bool
    host: str | None
    path: str | None
    query: str


def classify(
    catalog: Catalog, method: str, url: str, headers: Mapping[str, str] | None = None, amp_url: str = DEFAULT_AMP_URL
) -> Classification:
    """Classify a request. Of the headers only Host is looked at, and only where `url` is a path without a host.

    A path without any host is taken to be amp.url's: so a caller that knows that a listener stands for amp.url can say it.
    """
    place = locate(url, headers, amp_url)
    if row := find(catalog, method, place):
        return _known(row, place)
    unknown = _unknown(catalog, place)
    # A path that can be read in two ways may be a row's above.
    if catalog.beneath is not None and place.path is not None and not is_odd(place.path):
        if row := find(catalog.beneath, method, place):
            return _named(row, place, unknown)
    return unknown


def locate(url: str, headers: Mapping[str, str] | None = None, amp_url: str = DEFAULT_AMP_URL) -> Place:
    """Where a request goes, as seen from amp.url."""
    host, path, query = split_target(url)
    amp_host, base = _split_base(amp_url)
    if host == "":
        host = host_key(named) if (named := _host_header(headers)) is not None else amp_host
    if host is None or host != amp_host:
        return Place(False, host, path, query)
    if not base:
        return Place(True, host, path, query)
    below = path.startswith(base) and path[len(base) : len(base) + 1] in ("", "/")
    return Place(True, host, path[len(base) :] if below else None, query)


def find(catalog: Catalog, method: str, place: Place) -> Row | None:
    """The row of a request: amp.url's, or else that of the host it goes to."""
    method = method.upper()
    row = catalog.find(None, method, place.path, place.query) if place.is_amp and place.path is not None else None
    if row is None and place.host is not None and place.path is not None:
        row = catalog.find(place.host, method, place.path, place.query)
    return row


def _known(row: Row, place: Place) -> Classification:
    endpoint, pattern, _ = row
    path = place.path or ""
    fields = row.fields(path, place.query)
    api = endpoint.api
    if pattern.below and endpoint.category == "inference" and path not in _bases(endpoint.paths):
        api, model = _operation(path)
        if model:
            fields["model"] = model
    return Classification(
        endpoint=endpoint.id,
        category=endpoint.category,
        provider=endpoint.provider,
        route=endpoint.route or "proxied",
        api=api,
        catalog=endpoint.catalog,
        source=endpoint.source,
        known=True,
        fields=fields,
    )


def _named(row: Row, place: Place, unknown: Classification) -> Classification:
    """What a row beneath says of a request that is in none above: a name, and nothing that rules could tell it by before."""
    found = _known(row, place)
    return msgspec.structs.replace(
        found,
        category=unknown.category if unknown.category != "other" else found.category,
        provider=unknown.provider or found.provider,
        route=unknown.route,
        api=unknown.api,
    )


def _unknown(catalog: Catalog, place: Place) -> Classification:
    if not place.is_amp:
        route: Route = "direct" if place.host in catalog.direct_hosts else "external"
        return Classification(endpoint="other", category="other", route=route, known=False)
    named = _PROVIDER.match(place.path or "")
    if named is None:
        return Classification(endpoint="amp.unknown", category="other", route="proxied", known=False)
    # All that lies below is inference, whether a row knows it or not: a rule for inference must not miss it.
    name = named[1] if _PROVIDER_NAME.fullmatch(named[1]) else None
    return Classification(
        endpoint="amp.unknown" if name in catalog.providers else "provider.unknown",
        category="inference",
        provider=name,
        route="proxied",
        api=_operation(place.path or "")[0],
        known=False,
    )


def _operation(path: str) -> tuple[Api | None, str | None]:
    """The format of an operation below a provider's base URL, and the model where the path names it: `…/models/{model}:verb`."""
    head, _, last = path.rpartition("/")
    model, colon, verb = last.rpartition(":")
    if colon:
        return _API_OF_OPERATION.get(f":{verb}"), model if head.endswith("/models") else None
    if last == "completions" and head.endswith("/chat"):
        last = "chat/completions"
    return _API_OF_OPERATION.get(last), None


@lru_cache(maxsize=256)
def _bases(paths: tuple[str, ...]) -> frozenset[str]:
    """The base URLs of a provider, with and without a slash at the end: there the row's own `api` holds."""
    bases = [path.removesuffix("/**") for path in paths]
    return frozenset([*bases, *(f"{base}/" for base in bases)])


@lru_cache(maxsize=64)
def _split_base(amp_url: str) -> tuple[str | None, str]:
    host, path, _ = split_target(amp_url)
    return host or None, path.rstrip("/")


def _host_header(headers: Mapping[str, str] | None) -> str | None:
    return next((value for name, value in (headers or {}).items() if name.lower() == "host"), None)
