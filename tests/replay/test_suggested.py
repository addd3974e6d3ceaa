"""Rows made from traffic are a catalog that loads and knows the requests, whatever stands in their paths (THREATS 7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons.replay.suggested import suggested_rows
from amp_addons.rulefiles.catalog import Catalog, CatalogFile, classify

HOSTS = (
    "https://ampcode.com",
    "https://x.example",
    "https://x.example:8443",
    "http://A.Example.",
    "http://[::1]:90",
    "https://a'b",
    "https://e\n",
)
PATHS = (
    "/", "/api/new", "/api/new/", "//", "/a//b", "/a/../b", "/a/.", '/a"b', "/a'b", "/a\nb: c", "/a: b", "/a #b", "/{x}", "/a/{x}.json",
    "/*",
    "/a/**", "/a%2Fb", "/ü", "/a\x1b[2J", "/api/T-abc/12345678a/99", "/-", "/~x", "/a@b", "/a+b,c=d", "/***", "/!x", "/&a", "/a|b", "/yes",
    "/...",
    "/a;b", "/api/provider/new/v1/x", "/a\\b", "/null", "/=", "/a.json", "/" + "x" * 3000, "/a\u2028b", "/a\u202eb", "/\ud800",
)  # fmt: skip


def unknown(*requests):
    return [{"method": method, "url": url, "count": 1, "examples": []} for method, url in requests]


def loaded(rows, tmp_path):
    (tmp_path / "mine.yaml").write_text(rows)
    return Catalog.load(tmp_path / "mine.yaml")


@pytest.mark.parametrize("host", HOSTS)
def test_each_row_loads_and_knows_its_request(host, tmp_path):
    made = 0
    for path in PATHS:
        for method in ("GET", "POST", "M-SEARCH", "get", "G: T"):
            if rows := suggested_rows(unknown((method, host + path))):
                made += 1
                found = classify(method, host + path, catalog=loaded(rows, tmp_path))
                assert found.catalog == "mine" and found.known and found.endpoint.startswith("my."), (method, host, path)
    assert made > 30 or host in ("http://[::1]:90", "https://a'b", "https://e\n")


def test_all_rows_together_are_one_catalog(tmp_path):
    """Two methods of a path, and paths that differ in what an id has no room for."""
    requests = [(method, host + path) for host in HOSTS for path in PATHS for method in ("GET", "POST")]
    catalog = loaded(suggested_rows(unknown(*requests)), tmp_path)
    assert classify("POST", "https://ampcode.com/api/new", catalog=catalog).endpoint == "my.api.new.2"
    assert classify("GET", "https://ampcode.com/api/new", catalog=catalog).endpoint == "my.api.new"


def test_what_varies_becomes_a_template(tmp_path):
    urls = [
        f"https://ampcode.com/api/things/{name}/parts/{number}" for name, number in (("T-0a1b", 1), ("T-9", 22), ("0123456789abcdef", 7))
    ]
    rows = suggested_rows(unknown(*(("GET", url) for url in urls)))
    assert rows.count("- id:") == 1 and 'path: "/api/things/{id}/parts/{id2}"' in rows
    assert classify("GET", urls[0].replace("T-0a1b", "other"), catalog=loaded(rows, tmp_path)).fields == {"id": "other", "id2": "1"}


def test_paths_are_below_amp_url(tmp_path):
    amp_url = "https://amp.example:8443/base"
    rows = suggested_rows(unknown(("GET", f"{amp_url}/api/new"), ("GET", "https://amp.example:8443/other")), amp_url)
    assert suggested_rows(unknown(("GET", "https://amp.example:8443/other")), amp_url) == ""
    catalog = loaded(rows, tmp_path)
    assert 'path: "/api/new"' in rows and "host:" not in rows
    assert classify("GET", f"{amp_url}/api/new", catalog=catalog, amp_url=amp_url).catalog == "mine"


def test_nothing_can_be_made_of_nothing():
    assert suggested_rows([]) == "" and suggested_rows(unknown(("GET", "*"), ("GET ", "https://x.example/"))) == ""


TEXT = st.text(st.sampled_from("ab/%{}*?#:'\"\\\n\r\t -&!|>[],\x1b\u2028ü01T."), max_size=12)


@given(st.lists(st.tuples(st.sampled_from(["GET", "a", "X: y", "GET\n"]), TEXT, TEXT), max_size=4))
def test_no_text_breaks_out_of_its_place(tmp_path_factory, requests):
    rows = suggested_rows(unknown(*((method, f"https://{host}/{path}") for method, host, path in requests)))
    assert rows.isprintable() or (set(rows) & {"\n"} and rows.replace("\n", "").isprintable())
    if rows:
        path = tmp_path_factory.getbasetemp() / "mine.yaml"
        path.write_text(rows)
        assert {row.category for row in CatalogFile.load(path).endpoints} == {"other"}
        assert len(CatalogFile.load(path).endpoints) == rows.count("  - id: my.")
