import pytest

from amp_addons.core.target import MAX_AUTHORITY, Target, absolute_url, base_of, below, host_key, is_address, is_plain, split_target


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


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("2001:db8::1", True),
        ("ampcode.com", False),
        ("1.example", False),
        ("", False),
        ("localhost", False),
        ("10.0.0.1.example", False),
    ],
)
def test_which_destinations_are_addresses(host: str, expected: bool) -> None:
    assert is_address(host) is expected


@pytest.mark.parametrize(
    ("scheme", "host", "port", "named", "url"),
    [
        ("https", "ampcode.com", 443, None, "https://ampcode.com/x?y"),
        ("https", "ampcode.com", 443, "evil.example", "https://ampcode.com/x?y"),
        ("https", "ampcode.com", 8443, None, "https://ampcode.com:8443/x?y"),
        ("http", "ampcode.com", 80, None, "http://ampcode.com/x?y"),
        ("http", "ampcode.com", 443, None, "http://ampcode.com:443/x?y"),
        ("https", "1.2.3.4", 443, "ampcode.com", "https://ampcode.com/x?y"),
        ("https", "1.2.3.4", 8443, "ampcode.com:9", "https://ampcode.com:8443/x?y"),
        ("https", "1.2.3.4", 443, None, "https://1.2.3.4/x?y"),
        ("https", "::1", 443, "", "https://[::1]/x?y"),
        ("https", "::1", 9000, "[::2]:9000", "https://[::2]:9000/x?y"),
        ("wss", "h.example", 443, None, "wss://h.example:443/x?y"),
    ],
)
def test_the_url_of_a_request(scheme: str, host: str, port: int, named: str | None, url: str) -> None:
    """Where only an address is known, what the request names says more; elsewhere it is not believed."""
    assert absolute_url(scheme, host, port, "/x?y", named) == url


@pytest.mark.parametrize(
    ("mode", "amp_url", "base"),
    [
        ("regular", "https://ampcode.com", "https://ampcode.com"),
        ("upstream:http://a.example:3128", "https://ampcode.com", "https://ampcode.com"),
        ("reverse:https://a.example", "https://ampcode.com", "https://a.example:443"),
        ("reverse:http://a.example", "https://ampcode.com", "http://a.example:80"),
        ("reverse:a.example:8443@9000", "https://ampcode.com", "https://a.example:8443"),
        ("reverse:https://[::1]:9000", "https://ampcode.com", "https://[::1]:9000"),
        ("reverse:https://a.example", "https://b.example/base", "https://a.example:443/base"),
        ("reverse:https://OpenRouter.ai", "https://ampcode.com", "https://ampcode.com"),
        ("", "https://ampcode.com", "https://ampcode.com"),
        ("reverse:", "https://ampcode.com", "https://ampcode.com"),
    ],
)
def test_a_reverse_listener_stands_for_amp_url(mode: str, amp_url: str, base: str) -> None:
    assert base_of(mode, amp_url) == base


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://amp.corp.example", True),
        ("HTTP://amp.corp.example:8080/x", True),
        ("http://10.1.2.3", True),
        ("http://[fd00::1]:80", True),
        ("https://amp.corp.example", False),
        ("http://localhost:8080", False),
        ("http://127.0.0.9:1/x", False),
        ("http://[::1]:8080", False),
        ("", False),
    ],
)
def test_what_can_be_read_on_the_way(url: str, plain: bool) -> None:
    assert is_plain(url) is plain
