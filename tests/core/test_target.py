import pytest

from amp_addons.core.target import MAX_AUTHORITY, Target, below, host_key, split_target


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://ampcode.com/api/user?a=b", Target("ampcode.com", "/api/user", "a=b")),
        ("https://ampcode.com", Target("ampcode.com", "", "")),
        ("https://ampcode.com?a/b", Target("ampcode.com", "", "a/b")),
        ("https://ampcode.com/a?b?c#d?e", Target("ampcode.com", "/a", "b?c")),
        ("https://ampcode.com/a#b?c", Target("ampcode.com", "/a", "")),
        ("wss://ampcode.com/api/connect", Target("ampcode.com", "/api/connect", "")),
        ("HTTPS://ampcode.com/x", Target("ampcode.com", "/x", "")),
        pytest.param("/api/user?a", Target("", "/api/user", "a"), id="origin form"),
        pytest.param("//evil.example/x", Target("", "//evil.example/x", ""), id="origin form with two slashes"),
        pytest.param("ampcode.com:443", Target("ampcode.com", "", ""), id="authority form"),
        pytest.param("*", Target(None, "", ""), id="asterisk form"),
        ("", Target(None, "", "")),
        ("?a", Target(None, "", "a")),
        ("https:///api/user", Target(None, "/api/user", "")),
        ("https:/ampcode.com/x", Target("https", "/ampcode.com/x", "")),
        ("ftp://ampcode.com/x", Target("ftp", "//ampcode.com/x", "")),
        (" https://ampcode.com/x", Target(None, "//ampcode.com/x", "")),
    ],
)
def test_the_parts_of_a_target(url: str, target: Target) -> None:
    assert split_target(url) == target


@pytest.mark.parametrize(
    ("authority", "key"),
    [
        ("AmpCode.com", "ampcode.com"),
        ("ampcode.com.", "ampcode.com"),
        ("ampcode.com:443", "ampcode.com"),
        ("ampcode.com:0443", "ampcode.com"),
        ("ampcode.com:80", "ampcode.com"),
        ("ampcode.com.:443", "ampcode.com"),
        ("ampcode.com:", "ampcode.com"),
        ("ampcode.com:8443", "ampcode.com:8443"),
        ("user:word@ampcode.com:8443", "ampcode.com:8443"),
        ("ampcode.com@evil.example", "evil.example"),
        ("127.0.0.1:9000", "127.0.0.1:9000"),
        ("[::1]:9000", "[::1]:9000"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("[2001:DB8:0::1]", "[2001:db8::1]"),
        ("[:::]", "[:::]"),
        ("my_host-1", "my_host-1"),
    ],
)
def test_a_host_is_compared_in_one_form(authority: str, key: str) -> None:
    assert host_key(authority) == key


@pytest.mark.parametrize(
    "authority",
    [
        "",
        "evil.example\\@ampcode.com",
        "ampcode.com\\",
        "a@b@ampcode.com",
        "ampcode.com@",
        "ampcode.com:x",
        "ampcode.com:123456",
        "ampcode.com:\u0664\u0664\u0663",
        "ampcode.com\x00",
        "ampcode.com ",
        "%61mpcode.com",
        "ámpcode.com",
        "ampcode\u3002com",
        "wor\u212aers.com",
        "[::1",
        "[::1%25eth0]",
        "::1",
        "a" * (MAX_AUTHORITY + 1),
    ],
)
def test_what_readers_disagree_on_is_no_host(authority: str) -> None:
    assert host_key(authority) is None


@pytest.mark.parametrize(
    ("amp_url", "url", "whole"),
    [
        ("https://ampcode.com", "/api/user?x=1", "https://ampcode.com/api/user?x=1"),
        ("https://a.example:8443/base/", "/api/user", "https://a.example:8443/base/api/user"),
        ("https://ampcode.com", "https://b.example/api", "https://b.example/api"),
    ],
)
def test_a_path_alone_is_below_amp_url(amp_url: str, url: str, whole: str) -> None:
    assert below(amp_url, url) == whole
