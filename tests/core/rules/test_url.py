import pytest

from amp_addons.core.rules.url import Origin, check_proxy, check_url, origin_of

GOOD = [
    ("https://gateway.example", Origin("https", "gateway.example", 443, ""), "gateway.example"),
    ("http://Gateway.Example.:8080/v1/", Origin("http", "gateway.example", 8080, "/v1"), "gateway.example:8080"),
    ("https://[::1]:8443/a/b", Origin("https", "::1", 8443, "/a/b"), "[::1]:8443"),
    ("http://127.0.0.1:80", Origin("http", "127.0.0.1", 80, ""), "127.0.0.1"),
    ("https://x/%C3%A4", Origin("https", "x", 443, "/%C3%A4"), "x"),
]
BAD = [
    "",
    "gateway",
    "ftp://x",
    "https://",
    "https:///x",
    "https://x y/",
    "https://x/a b",
    "https://x\\y",
    "https://x\n",
    "https://x\t/",
    "https://user@x",
    "https://user:pass@x",
    "https://@x",
    "https://x/?a=b",
    "https://x/#a",
    "https://\u00e4.example",
    "https://x/\u00e4",
    "https://x:0",
    "https://x:99999",
    "https://x:y",
    "https://a,b/",
    "https://a%2eb/",
    "https://[::1",
    "https://a@b@c",
    "javascript:x",
    "\ud800",
]


@pytest.mark.parametrize(("url", "origin", "authority"), GOOD)
def test_what_is_taken(url: str, origin: Origin, authority: str) -> None:
    assert origin_of(url) == origin
    assert origin.authority == authority
    check_url(url)


@pytest.mark.parametrize("url", BAD)
def test_what_is_refused(url: str) -> None:
    """The message does not hold the URL, in which there may be a password."""
    with pytest.raises(ValueError) as error:
        check_url(url)
    assert len(url) < 3 or url not in str(error.value)


def test_a_proxy_has_no_path() -> None:
    check_proxy("http://proxy.example:3128")
    with pytest.raises(ValueError, match="without a path"):
        check_proxy("http://proxy.example:3128/x")


def test_the_same_place_whatever_its_path() -> None:
    assert (
        origin_of("https://A.example/x").address == origin_of("https://a.example:443").address != origin_of("http://a.example:443").address
    )
