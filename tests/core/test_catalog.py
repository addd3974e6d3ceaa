"""The index: which row wins. What the shipped rows say is tested in tests/rulefiles/test_catalog.py."""

import sys
from collections.abc import Callable

import pytest

from amp_addons.core.catalog import Catalog, tree_key
from amp_addons.core.endpoint import Endpoint

type Line = tuple[str, str | tuple[str, ...], str]


def rows(*lines: Line, host: str | None = None) -> list[Endpoint]:
    return [Endpoint(id=id, category="other", method=method, path=path, host=host) for id, method, path in lines]


def found(catalog: Catalog, request: str, host: str | None = None) -> str | None:
    method, _, url = request.partition(" ")
    path, _, query = url.partition("?")
    row = catalog.find(host, method, path, query)
    return row.endpoint.id if row else None


@pytest.mark.parametrize(
    ("lines", "request_", "winner"),
    [
        pytest.param([("id", "GET", "/t/{id}"), ("find", "GET", "/t/find")], "GET /t/find", "find", id="text beats template"),
        pytest.param([("find", "GET", "/t/find"), ("id", "POST", "/t/{id}")], "POST /t/find", "id", id="text with another method does not"),
        pytest.param([("id", "GET", "/t/{id}"), ("md", "GET", "/t/{id}.md")], "GET /t/a.b.md", "md", id="an ending beats none"),
        pytest.param([("a", "GET", "/t/{m}:run"), ("b", "GET", "/t/{m}.x")], "GET /t/a.x:run", "a", id="colon before point"),
        pytest.param([("md", "GET", "/t/{id}.md")], "GET /t/.md", None, id="an ending alone is no template"),
        pytest.param([("id", "GET", "/t/{id}")], "GET /t/", None, id="a template wants some text"),
        pytest.param([("id", "GET", "/t/{id}")], "GET /t/a/b", None, id="and one segment"),
        pytest.param([("all", "GET", "/a/**"), ("deep", "GET", "/a/b/**")], "GET /a/b/c", "deep", id="longer beats shorter"),
        pytest.param([("all", "GET", "/a/**"), ("deep", "GET", "/a/b/c")], "GET /a/b/x", "all", id="the shorter takes the rest"),
        pytest.param([("all", "GET", "/a/**"), ("here", "GET", "/a")], "GET /a", "here", id="the path itself beats all below it"),
        pytest.param([("all", "GET", "/a/**")], "GET /a", "all", id="all below takes in the path itself"),
        pytest.param([("all", "GET", "/a/**")], "GET /a/", "all", id="and its slash"),
        pytest.param([("all", "GET", "/a/**")], "GET /ab", None, id="but no longer segment"),
        pytest.param([("host", "GET", "/**")], "GET /", "host", id="a whole tree"),
        pytest.param([("host", "GET", "/**")], "GET ", "host", id="a whole tree, no path"),
        pytest.param([("any", "ALL", "/a"), ("get", "GET", "/a")], "GET /a", "get", id="a method beats all"),
        pytest.param([("get", "GET", "/a"), ("any", "ALL", "/a")], "PUT /a", "any", id="all take the rest"),
        pytest.param([("two", ("GET", "PUT"), "/a")], "PUT /a", "two", id="several methods"),
        pytest.param([("plain", "GET", "/a"), ("key", "GET", "/a?k={v}")], "GET /a?k=1", "key", id="a query beats none"),
        pytest.param([("plain", "GET", "/a"), ("key", "GET", "/a?k={v}")], "GET /a?j=1", "plain", id="another query"),
        pytest.param([("key", "GET", "/a?k={v}")], "GET /a", None, id="a query that is missing"),
        pytest.param([("any", "GET", "/a?k={v}"), ("one", "GET", "/a?k=1")], "GET /a?k=1", "one", id="a value beats any"),
        pytest.param([("word", "GET", "/a?{m}"), ("mine", "GET", "/a?getUser")], "GET /a?getUser", "mine", id="a word beats any word"),
        pytest.param([("back", "GET", "/{a}/x"), ("dead", "GET", "/b/y")], "GET /b/x", "back", id="a dead end is left again"),
        pytest.param([("first", "GET", "/a"), ("second", "GET", "/a")], "GET /a", "first", id="within a catalog the first"),
    ],
)
def test_the_most_specific_row_wins(lines: list[Line], request_: str, winner: str | None) -> None:
    assert found(Catalog(rows(*lines)), request_) == winner
    if winner != "first":
        assert found(Catalog(rows(*reversed(lines))), request_) == winner


@pytest.mark.parametrize(
    ("earlier", "later", "request_", "winner"),
    [
        pytest.param(("a", "GET", "/x"), ("b", "GET", "/x"), "GET /x", "b", id="the same place"),
        pytest.param(("a", "GET", "/x/**"), ("b", "GET", "/x/**"), "GET /x/y", "b", id="the same tree"),
        pytest.param(("a", "GET", "/x"), ("b", "ALL", "/x"), "GET /x", "b", id="even with all methods"),
        pytest.param(("a", "GET", "/x/{y}"), ("b", "GET", "/x/{z}"), "GET /x/y", "b", id="the same template by another name"),
        pytest.param(("a", "GET", "/x/y"), ("b", "GET", "/x/{z}"), "GET /x/y", "a", id="but text beats its template"),
        pytest.param(("a", "GET", "/x?k={v}"), ("b", "GET", "/x"), "GET /x?k=1", "a", id="and a query none"),
    ],
)
def test_the_later_catalog_beats_the_earlier(earlier: Line, later: Line, request_: str, winner: str) -> None:
    assert found(Catalog(rows(earlier), rows(later)), request_) == winner


@pytest.mark.parametrize(
    ("path", "winner"),
    [
        ("/t/%66ind", None),
        ("/t/find;x", None),
        ("/t//find", None),
        ("/t/./find", None),
        ("/%74/find", None),
        ("/t/a%2Fb", None),
        ("/t/a%20b", "id"),
        ("/t/.", None),
        ("/t/%2e%2e", None),
        ("/p/%74/find", "all"),
        ("/p//x/./y%2Fz", "all"),
        ("/p/x/../y", None),
        ("/p/..%2ft/find", None),
        ("/p/\\..\\t", None),
        ("/p/" + "x/" * 100_000, "all"),
        ("/p/" + "%2F" * 100_000, "all"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_no_spelling_carries_a_path_into_another_row(path: str, winner: str | None) -> None:
    catalog = Catalog(rows(("id", "GET", "/t/{id}"), ("find", "GET", "/t/find"), ("all", "GET", "/p/**")))
    assert found(catalog, f"GET {path}") == winner


def test_hosts_have_rows_of_their_own() -> None:
    catalog = Catalog(rows(("amp", "GET", "/a")), rows(("there", "GET", "/a"), host="a.example:443"))
    assert found(catalog, "GET /a") == "amp"
    assert found(catalog, "GET /a", host="a.example") == "there"
    assert found(catalog, "GET /a", host="b.example") is None
    assert [tree_key(endpoint) for endpoint in catalog.endpoints] == [None, "a.example"]


def test_fields_are_what_the_templates_stand_for() -> None:
    catalog = Catalog(rows(("x", "GET", "/{a}/b/{c}.md?{m}")))
    row = catalog.find(None, "GET", "/1/b/2.3.md", "word&z")
    assert row
    assert row.fields("/1/b/2.3.md", "word&z") == {"a": "1", "c": "2.3", "m": "word"}


def test_providers_are_named_by_rows_below_the_amp_url() -> None:
    lines: list[Line] = [
        ("a", "POST", "/api/provider/groq/**"),
        ("b", "GET", "/api/provider/kimi"),
        ("c", "GET", "/api/provider/{x}"),
        ("d", "GET", "/api"),
    ]
    assert Catalog(rows(*lines), rows(("e", "GET", "/api/provider/else"), host="a.example")).providers == {"groq", "kimi"}


def test_an_empty_catalog_knows_nothing() -> None:
    assert found(Catalog(), "GET /a") is None


def _steps(call: Callable[[], object]) -> int:
    """How many lines of Python a call runs."""
    count = 0

    def trace(frame: object, event: str, arg: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]  # the stub wants a recursive type
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def test_the_cost_does_not_grow_with_the_number_of_rows() -> None:
    """Counted in lines that run, which a busy machine does not change."""
    small = Catalog(rows(*((f"r{n}", "GET", f"/api/r{n}/{{id}}") for n in range(10))))
    large = Catalog(rows(*((f"r{n}", "GET", f"/api/r{n}/{{id}}") for n in range(2000))))
    assert _steps(lambda: small.find(None, "GET", "/api/r7/x")) == _steps(lambda: large.find(None, "GET", "/api/r7/x"))
