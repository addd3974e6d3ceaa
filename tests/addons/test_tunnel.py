"""What the hooks of connections answer; tests/e2e/test_rules_connections.py holds them against real connections."""

from types import SimpleNamespace

import pytest
from mitmproxy import connection
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpStream
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import tflow
from support.addons import loaded, make_flow, make_response

from amp_addons.rulefiles.rules import RuleSet


@pytest.fixture
async def suite(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\nrules:\n  - {id: guard, match: {provider: anthropic}, then: {block: true}}\n")
    with loaded("tunnel") as found:
        found.hub.rules = RuleSet.load(path)
        yield found


def tcp_flow(host):
    flow = tflow.ttcpflow()
    flow.server_conn = connection.Server(address=(host, 443))
    flow.client_conn.sni = None
    return flow


@pytest.mark.parametrize(("host", "closed"), [("ampcode.com", True), ("elsewhere.example", False)])
async def test_bytes_that_no_rule_sees_go_nowhere_where_one_would_have_to(suite, host, closed):
    flow = tcp_flow(host)
    suite.play("tcp_start", flow)
    data = ServerConnectionHookData(client=flow.client_conn, server=flow.server_conn)
    suite.play("server_connect", data)
    suite.play("tcp_message", flow)
    assert bool(data.server.error) is closed and (flow.messages[-1].content == b"") is closed
    assert suite.kept.types() == (["rule.action"] if closed else [])
    suite.play("client_disconnected", flow.client_conn)
    again = ServerConnectionHookData(client=flow.client_conn, server=connection.Server(address=("ampcode.com", 443)))
    suite.play("server_connect", again)
    assert not again.server.error


@pytest.mark.parametrize(
    ("options", "closed"),
    [
        ({"ignore_hosts": ["ampcode"]}, True),
        ({"ignore_hosts": ["other"]}, False),
        ({"allow_hosts": ["other"]}, True),
        ({"allow_hosts": ["AMPCODE"]}, False),
    ],
)
async def test_hosts_that_mitmproxy_hides(suite, options, closed):
    suite.context.configure(suite["tunnel"], **options)
    flow = make_flow()
    data = ServerConnectionHookData(client=flow.client_conn, server=connection.Server(address=("ampcode.com", 443)))
    suite.play("server_connect", data)
    assert bool(data.server.error) is closed


@pytest.mark.parametrize(("status", "upgrade", "killed"), [(101, "raw", True), (101, "websocket", False), (200, "raw", False)])
async def test_upgrade_that_ends_http(suite, status, upgrade, killed):
    flow = make_flow()
    flow.response = make_response(status=status, upgrade=upgrade)
    suite["tunnel"].responseheaders(flow)
    assert (flow.error is not None) is killed


async def test_reverse_listener_may_stand_for_any_host(suite):
    flow = tcp_flow("elsewhere.example")
    flow.client_conn.proxy_mode = ProxyMode.parse("reverse:https://elsewhere.example")
    suite.play("tcp_start", flow)
    assert suite.kept.types() == ["rule.action"]


def hello(sni, address, *, tunnel=True):
    flow = make_flow()
    context = Context(flow.client_conn, Options())
    context.server = connection.Server(address=address)
    if tunnel:
        HttpStream(context, 1)
    return SimpleNamespace(context=context, client_hello=SimpleNamespace(sni=sni), ignore_connection=False)


@pytest.mark.parametrize(
    ("sni", "address", "inspected"),
    [
        ("ampcode.com", ("ampcode.com", 443), True),
        ("openrouter.ai", ("1.2.3.4", 443), True),
        ("production.ampworkers.com", ("production.ampworkers.com", 443), True),
        (None, ("ampcode.com", 443), True),
        ("amp.corp", ("amp.corp", 8443), True),  # amp.url
        ("ruled.example", ("ruled.example", 443), True),  # a rule may have to do with it
        ("git.example", ("git.example", 443), False),
        ("git.example", ("ampcode.com", 443), True),  # one name of ours is enough
        (None, ("1.2.3.4", 443), False),
        ("evilampcode.com", ("evilampcode.com", 443), False),
        (None, None, False),
    ],
)
async def test_only_hosts_of_catalogs_and_rules_are_decrypted_where_that_is_asked_for(tmp_path, sni, address, inspected):
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\nrules:\n  - {id: guard, match: {host: ruled.example}, then: {block: true}}\n")
    with loaded("tunnel") as suite:
        suite.context.configure(suite["classify"], amp_url="https://amp.corp:8443/path")
        suite.context.configure(suite["tunnel"], amp_inspect="catalog")
        if sni == "ampcode.com" or address == ("ampcode.com", 443):
            suite.context.configure(suite["classify"], amp_url="https://ampcode.com")
        suite.hub.rules = RuleSet.load(path)
        data = hello(sni, address)
        suite.play("tls_clienthello", data)
        assert data.ignore_connection is not inspected
        assert suite.kept.types() == ([] if inspected else ["rule.action"])
        suite.context.configure(suite["tunnel"], amp_inspect="all")
        again = hello(sni, address)
        suite.play("tls_clienthello", again)
        assert not again.ignore_connection


@pytest.mark.parametrize(
    ("mode", "ignored"), [("regular", False), ("upstream:http://proxy.example:3128", False), ("reverse:https://a.example", True)]
)
async def test_tls_with_the_proxy_itself_is_not_passed_through(mode, ignored):
    """A reverse listener stands for a host: there it is the client's TLS with that."""
    with loaded("tunnel") as suite:
        suite.context.configure(suite["tunnel"], amp_inspect="catalog")
        data = hello("proxy.example", None, tunnel=False)
        data.context.client.proxy_mode = ProxyMode.parse(mode)
        suite.play("tls_clienthello", data)
        assert data.ignore_connection is ignored
