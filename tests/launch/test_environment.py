import pytest

from amp_addons.launch.environment import UnusableProxy, as_before, chained, configured_cas, for_proxy, for_reverse, with_way_back

HOSTS = [("ampcode.com", 443), ("openrouter.ai", 443)]
PASSWORD = "pass" + "w0rd@x"


@pytest.mark.parametrize(
    ("environ", "mode", "auth"),
    [
        ({"HTTPS_PROXY": "http://proxy.corp:3128"}, "upstream:http://proxy.corp:3128", None),
        ({"https_proxy": "proxy.corp:3128"}, "upstream:http://proxy.corp:3128", None),
        ({"ALL_PROXY": "https://proxy.corp"}, "upstream:https://proxy.corp:443", None),
        ({"http_proxy": "http://[fd00::1]"}, "upstream:http://[fd00::1]:80", None),
        ({"HTTPS_PROXY": "http://me:pass" + "w0rd%40x@proxy.corp:1"}, "upstream:http://proxy.corp:1", f"me:{PASSWORD}"),
    ],
)
def test_the_proxy_that_was_there_before_is_gone_through(environ, mode, auth):
    found = chained({**environ, "NO_PROXY": ".corp"})
    assert (found.mode, found.auth, found.no_proxy) == (mode, auth, ".corp")
    assert PASSWORD not in found.mode


def test_one_that_is_given_wins_and_none_is_none():
    assert chained({"HTTPS_PROXY": "http://a:1"}, "http://b:2").host == "b"
    assert chained({"PATH": "/bin", "HTTPS_PROXY": ""}) is None


@pytest.mark.parametrize(
    ("value", "said"), [("socks5://p:1", "the kind socks5"), ("http://", "no proxy's address"), ("http://p:x", "no proxy's address")]
)
def test_a_proxy_that_cannot_be_gone_through_is_named_by_its_variable(value, said):
    with pytest.raises(UnusableProxy, match=f"HTTPS_PROXY .*{said}"):
        chained({"HTTPS_PROXY": value})


def test_what_a_client_gets():
    environ = {"NO_PROXY": "ampcode.com,intern", "SSL_CERT_FILE": "/corp.pem", "CURL_CA_BUNDLE": "/curl.pem", "ALL_PROXY": "http://p"}
    found = for_proxy(environ, "http://127.0.0.1:1", "/ca.pem", "/bundle.pem", HOSTS)
    ours = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"}
    assert {name for name, value in found.items() if value == "http://127.0.0.1:1"} == ours
    assert found["NO_PROXY"] == found["no_proxy"] == "intern,localhost,127.0.0.1,::1"
    assert found["NODE_EXTRA_CA_CERTS"] == "/ca.pem" and found["NODE_USE_ENV_PROXY"] == "1"
    assert {name for name, value in found.items() if value == "/bundle.pem"} == {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    assert "CURL_CA_BUNDLE" not in for_proxy({}, "http://x", "/a", "/b", HOSTS)  # curl reads SSL_CERT_FILE
    assert configured_cas(environ) == [("SSL_CERT_FILE", "/corp.pem"), ("CURL_CA_BUNDLE", "/curl.pem")]


def test_a_reverse_listener_stands_for_amp_url_and_its_path():
    assert for_reverse("http://127.0.0.1:1", "/amp/") == {"AMP_URL": "http://127.0.0.1:1/amp"}


def test_a_shell_is_put_back_as_it_was():
    before = {"HTTPS_PROXY": "http://proxy.corp:1", "PATH": "/bin", "EMPTY": ""}
    values = {"HTTPS_PROXY": "http://127.0.0.1:1", "NODE_USE_ENV_PROXY": "1", "EMPTY": "x"}
    after = {**before, **with_way_back(before, values)}
    environ, back = as_before(after)
    assert environ == before
    assert back == {"HTTPS_PROXY": "http://proxy.corp:1", "NODE_USE_ENV_PROXY": None, "EMPTY": "", "AMP_ADDONS_BEFORE": None}
    assert as_before(before) == (before, {})
    again, _ = as_before({**after, **with_way_back(environ, values)})  # set twice
    assert again == before


def test_nonsense_in_the_way_back_is_nothing():
    assert as_before({"A": "1", "AMP_ADDONS_BEFORE": "{"}) == ({"A": "1"}, {"AMP_ADDONS_BEFORE": None})
