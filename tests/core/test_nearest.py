import pytest

from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.core.nearest import row_text, why
from amp_addons.rulefiles.catalog import Catalog

CATALOG = Catalog.load()


@pytest.mark.parametrize(
    ("method", "url", "reasons"),
    [
        ("GET", "/api/user", ["it goes to amp.url (ampcode.com)", "GET /api/user is the most specific row for it"]),
        (
            "post",
            "https://openrouter.ai/api/v1/x",
            ["it goes to openrouter.ai", "POST https://openrouter.ai/api/v1/** is the most specific row for it"],
        ),
        ("DELETE", "/api/user", ["user.get has this path, with another method: GET /api/user"]),
        ("POST", "/api/internal?a=b", ["internal.rpc has this path, with another query: POST /api/internal?{method}"]),
        ("GET", "/api/%75ser", ["decoded and normalised it would be in user.get; a path that can be read in two ways is in no row"]),
        ("GET", "/api/users", ["the nearest row is user.get: GET /api/user"]),
        ("GET", "/api/x/../user", ["the path climbs (..) or is encoded over and over: it is in no row, whatever it may stand for"]),
        ("GET", "https://evil.example/", ["no row is for evil.example, and amp.url is elsewhere"]),
        ("GET", "https://a@b@c/", ["the URL names no host that makes sense"]),
        ("GET", "/qqq", []),
    ],
)
def test_the_reasons(method: str, url: str, reasons: list[str]) -> None:
    row, found = why(CATALOG, method, url)
    assert found[: len(reasons)] == reasons
    assert bool(found) is bool(reasons)
    assert (row is not None) is (bool(reasons) and "most specific" in reasons[-1])


def test_not_below_the_path_of_amp_url() -> None:
    assert why(CATALOG, "GET", f"{DEFAULT_AMP_URL}/api/user", amp_url=f"{DEFAULT_AMP_URL}/b")[1] == [
        "it goes to the host of amp.url, but not below its path"
    ]


def test_a_row_as_text() -> None:
    texts = [row_text(row) for row in CATALOG.rows]
    assert "POST https://openrouter.ai/api/v1/**" in texts
    assert "GET,POST /api/durable-thread-workers/**" in texts
