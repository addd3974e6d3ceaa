import pytest

from amp_addons.launch.noproxy import host_and_port, leaves_out, without


@pytest.mark.parametrize(
    ("value", "host", "port", "entry"),
    [
        ("ampcode.com", "ampcode.com", 443, "ampcode.com"),
        ("example.com, .ampcode.com", "ampcode.com", 443, ".ampcode.com"),
        ("*.ampcode.com", "static.ampcode.com", 443, "*.ampcode.com"),
        ("com", "ampcode.com", 443, "com"),
        ("*", "ampcode.com", 443, "*"),
        ("AMPCODE.COM", "AmpCode.com", 443, "AMPCODE.COM"),
        ("ampcode.com:443", "ampcode.com", 443, "ampcode.com:443"),
        ("10.0.0.0/8", "10.1.2.3", 443, "10.0.0.0/8"),
        ("[::1]:8443", "::1", 8443, "[::1]:8443"),
        ("::1", "::1", 443, "::1"),
        ("ampcode.com:8443", "ampcode.com", 443, None),
        ("code.com", "ampcode.com", 443, None),
        ("example.com localhost", "ampcode.com", 443, None),
        ("10.0.0.0/8", "ampcode.com", 443, None),
        ("", "ampcode.com", 443, None),
        (".", "ampcode.com", 443, None),
    ],
)
def test_which_entry_keeps_a_host_from_the_proxy(value, host, port, entry):
    assert leaves_out(value, host, port) == entry


HOSTS = [("ampcode.com", 443), ("openrouter.ai", 443)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "localhost,127.0.0.1,::1"),
        ("intern.example,ampcode.com", "intern.example,localhost,127.0.0.1,::1"),
        ("*", "localhost,127.0.0.1,::1"),
        (".ai .intern.example localhost", ".intern.example,localhost,127.0.0.1,::1"),
        ("10.0.0.0/8", "10.0.0.0/8,localhost,127.0.0.1,::1"),
    ],
)
def test_entries_that_would_keep_amp_from_the_proxy_go_and_loopback_stays(value, expected):
    assert without(value, HOSTS) == expected


def test_a_service_on_this_machine_is_not_left_out():
    assert without("localhost,x.example", [("127.0.0.1", 8443), *HOSTS]) == "localhost,x.example,::1"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ampcode.com", ("ampcode.com", 443)),
        ("http://Amp.Example:8080/x?y", ("amp.example", 8080)),
        ("http://amp.example", ("amp.example", 80)),
        ("https://[::1]:9/", ("::1", 9)),
        ("https://a b", None),
    ],
)
def test_host_and_port_of_a_url(url, expected):
    assert host_and_port(url) == expected
