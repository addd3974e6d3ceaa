"""What the hooks of connections answer; tests/e2e/test_rules_connections.py holds them against real connections."""

import pytest
from mitmproxy import connection
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
