"""What is said to a company's proxy; tests/e2e/test_exec.py goes through one."""

from base64 import b64encode
from types import SimpleNamespace

import pytest
from mitmproxy import connection
from mitmproxy.proxy.mode_specs import ProxyMode
from support.addons import loaded, make_flow

from amp_addons.launch.environment import UPSTREAM_AUTH, UPSTREAM_NO_PROXY

CORP = ("http", ("proxy.corp", 3128))


@pytest.fixture
async def suite(monkeypatch):
    monkeypatch.setenv(UPSTREAM_AUTH, "me:pa:ss")
    monkeypatch.setenv(UPSTREAM_NO_PROXY, ".intern,ampcode.com:8443")
    with loaded("chain") as found:
        yield found


def upstream_flow(url):
    flow = make_flow("GET", url)
    flow.client_conn.proxy_mode = ProxyMode.parse("upstream:http://proxy.corp:3128")
    flow.server_conn = connection.Server(address=(flow.request.host, flow.request.port))
    flow.server_conn.via = CORP
    return flow


@pytest.mark.parametrize(
    ("url", "via", "authorized"),
    [
        ("https://ampcode.com/x", CORP, False),  # within a tunnel, whose CONNECT has it
        ("http://ampcode.com/x", CORP, True),
        ("http://wiki.intern/x", None, False),
        ("https://ampcode.com:8443/x", None, False),
        ("http://127.0.0.1:9/x", None, False),
    ],
)
async def test_hosts_that_the_company_reaches_directly_are_and_passwords_go_to_its_proxy_alone(suite, url, via, authorized):
    flow = upstream_flow(url)
    suite.play("requestheaders", flow)
    assert flow.server_conn.via == via and ("proxy-authorization" in flow.request.headers) is authorized


async def test_a_connection_that_bore_a_direct_request_goes_through_the_proxy_again(suite):
    flow = upstream_flow("http://ampcode.com/x")
    flow.server_conn.via = None
    suite.play("requestheaders", flow)
    assert flow.server_conn.via == CORP


async def test_a_tunnel_is_asked_for_with_the_password(suite):
    flow = make_flow("CONNECT")
    suite.play("http_connect_upstream", flow)
    assert flow.request.headers["proxy-authorization"] == "Basic " + b64encode(b"me:pa:ss").decode()


@pytest.mark.parametrize(("host", "via"), [("wiki.intern", None), ("ampcode.com", CORP)])
async def test_what_passes_through_goes_the_same_way(suite, host, via):
    server = connection.Server(address=(host, 443))
    server.via = CORP
    suite.play("tls_clienthello", SimpleNamespace(context=SimpleNamespace(server=server)))
    assert server.via == via


async def test_without_a_company_s_proxy_nothing_is_changed(suite):
    flow = make_flow("GET", "http://ampcode.com/x")
    before = flow.request.get_state()
    suite.play("requestheaders", flow)
    assert flow.request.get_state() == before and flow.server_conn.via is None


async def test_where_nobody_speaks_of_a_company_the_way_is_mitmproxys_own(monkeypatch):
    monkeypatch.delenv(UPSTREAM_NO_PROXY, raising=False)
    with loaded("chain") as suite:
        flow = upstream_flow("http://127.0.0.1:9/x")
        suite.play("requestheaders", flow)
        assert flow.server_conn.via == CORP
