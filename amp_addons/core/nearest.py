"""Why a request is, or is not, in a row of the catalogs: sentences for people. Slow and thorough; not for every flow."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from msgspec.structs import replace

from amp_addons.core.catalog import Catalog, Row, tree_key
from amp_addons.core.classify import DEFAULT_AMP_URL, Place, find, locate
from amp_addons.core.endpoint import ANY_METHOD
from amp_addons.core.path import canonical, is_odd


def why(
    catalog: Catalog, method: str, url: str, headers: Mapping[str, str] | None = None, amp_url: str = DEFAULT_AMP_URL
) -> tuple[Row | None, list[str]]:
    """The row that decides, and what speaks for it; or None, what speaks against all rows, and which is nearest."""
    place = locate(url, headers, amp_url)
    row = find(catalog, method, place)
    return row, list(_for(row, place) if row else _against(catalog, method.upper(), place))


def row_text(row: Row) -> str:
    """`GET https://openrouter.ai/api/v1/**`, or without a host below amp.url."""
    endpoint = row.endpoint
    return f"{','.join(endpoint.methods)} {f'https://{endpoint.host}' if endpoint.host else ''}{row.pattern.text}"


def _for(row: Row, place: Place) -> Iterator[str]:
    yield f"it goes to amp.url ({place.host})" if row.endpoint.host is None else f"it goes to {place.host}"
    yield f"{row_text(row)} is the most specific row for it"


def _against(catalog: Catalog, method: str, place: Place) -> Iterator[str]:
    host = None if place.is_amp else place.host
    rows = [row for row in catalog.rows if tree_key(row.endpoint) == host and (place.is_amp or host)]
    if place.host is None:
        yield "the URL names no host that makes sense"
    elif not rows:
        yield f"no row is for {place.host}, and amp.url is elsewhere"
    elif place.path is None:
        yield "it goes to the host of amp.url, but not below its path"
    else:
        yield from _against_path(rows, host, method, place.path)


def _against_path(rows: list[Row], host: str | None, method: str, path: str) -> Iterator[str]:
    if is_odd(path) and canonical(path) is None:
        yield "the path climbs (..) or is encoded over and over: it is in no row, whatever it may stand for"
        return
    same = [row for row in rows if _has_path(row, host, path)]
    for row in same:
        if method in row.endpoint.methods or ANY_METHOD in row.endpoint.methods:
            yield f"{row.endpoint.id} has this path, with another query: {row_text(row)}"
        else:
            yield f"{row.endpoint.id} has this path, with another method: {row_text(row)}"
    plain = canonical(path) or path
    if not same and plain != path:
        for row in rows:
            if _has_path(row, host, plain):
                yield f"decoded and normalised it would be in {row.endpoint.id}; a path that can be read in two ways is in no row"
    if not same:
        texts = {row.pattern.text: row for row in rows}
        for text in get_close_matches(plain, texts, n=1, cutoff=0.5):
            yield f"the nearest row is {texts[text].endpoint.id}: {row_text(texts[text])}"


def _has_path(row: Row, host: str | None, path: str) -> bool:
    relaxed = replace(row.endpoint, method=ANY_METHOD, path=row.pattern.text.partition("?")[0])
    return Catalog([relaxed]).find(host, ANY_METHOD, path) is not None
