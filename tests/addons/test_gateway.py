"""Options, and what is known of a client; tests/e2e/test_gateway.py tries real connections, hostile ones too."""

import pytest
from mitmproxy import connection
from mitmproxy.addons.proxyauth import ProxyAuth
from mitmproxy.exceptions import OptionsError
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from support.addons import loaded, make_flow

from amp_addons.addons import gateway as module
from amp_addons.addons.exchange import exchange_of
from amp_addons.addons.gateway import Guest, Passage
from amp_addons.addons.startup import refuse
from amp_addons.core.redact.action import Hiding
from amp_addons.core.rules.chance import share

GIVEN = "team:" + "p" * 12


@pytest.fixture
async def suite():
    with loaded("gateway") as found:
        found.context.master.addons.add(ProxyAuth())
        yield found


def turn_on(suite):
    suite.context.options.update(proxyauth=GIVEN)
    suite.context.configure(suite["gateway"], amp_gateway="on")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"amp_gateway": "yes"}, "option amp_gateway: found 'yes', expected one of on, off"),
        ({"amp_gateway": "on"}, "option amp_gateway: found no option proxyauth, expected passwords"),
        ({"amp_gateway": "on", "proxyauth": "any"}, "option amp_gateway: found proxyauth=any, expected passwords"),
        ({"amp_gateway": "on", "proxyauth": GIVEN, "mode": ["reverse:https://ampcode.com"]}, "found the mode reverse, expected regular"),
        ({"amp_gateway": "on", "proxyauth": GIVEN, "mode": ["regular", "socks5@1080"]}, "found the mode socks5, expected regular"),
        ({"amp_gateway_hosts": ["*"]}, "option amp_gateway_hosts: found '*', expected HOST, HOST:PORT or *.HOST"),
    ],
)
async def test_what_makes_no_gateway_is_refused(suite, caplog, options, sentence):
    suite.context.configure(suite["gateway"], **options)
    assert sentence in caplog.text and GIVEN not in caplog.text


async def test_password_cannot_be_taken_away_while_it_runs(suite):
    turn_on(suite)
    refuse.running = True
    with pytest.raises(OptionsError, match="found no option proxyauth"):
        suite.context.options.update(proxyauth=None)


async def test_who_asks_is_known_by_name_and_the_password_is_kept_nowhere(suite):
    turn_on(suite)
    flow = make_flow()
    flow.client_conn.sni = None
    flow.metadata["proxyauth"] = tuple(GIVEN.split(":"))
    suite["gateway"]._guest(flow.client_conn).has_tls = True
    suite["gateway"].requestheaders(flow)
    assert flow.response is None and exchange_of(flow, suite.hub).user == "team"
    assert GIVEN.partition(":")[2] not in repr(flow.metadata)


async def test_users_behind_one_balancer_are_told_apart(suite):
    """Whose placeholders are turned back, and who is in which share."""
    flows = [make_flow(headers=[(b"x-amp-thread-id", b"T-1")]) for _ in range(2)]
    for flow, user in zip(flows, ("one", "other"), strict=True):
        flow.metadata["amp.user"] = user
    hiding = Hiding(vault=suite.hub.vault, key=suite.hub.key)
    one, other = (exchange_of(flow, suite.hub) for flow in flows)
    assert one.client == other.client and hiding.scope(one, "") != hiding.scope(other, "")
    assert share(one, "client", "rule", b"") != share(other, "client", "rule", b"")
    nobody = exchange_of(make_flow(), suite.hub)
    assert nobody.sender == nobody.client
    # No user can be named so that it is an address.
    flows[0].metadata["amp.user"] = nobody.client
    assert exchange_of(flows[0], suite.hub).sender != nobody.sender


async def test_connection_that_nobody_asked_for_is_not_made(suite):
    turn_on(suite)
    flow = make_flow()
    data = ServerConnectionHookData(client=flow.client_conn, server=connection.Server(address=("ampcode.com", 443)))
    await suite["gateway"].server_connect(data)
    assert data.server.error


async def test_without_the_option_nothing_is_looked_at(suite):
    flow = make_flow()
    data = ServerConnectionHookData(client=flow.client_conn, server=connection.Server(address=("127.0.0.1", 1)))
    await suite["gateway"].server_connect(data)
    suite.play("requestheaders", flow)
    suite["gateway"].http_connect(flow)
    assert data.server.error is None and flow.response is None


async def test_fault_of_ours_refuses(suite, monkeypatch):
    turn_on(suite)
    suite["gateway"]._guests = None
    flow = make_flow("CONNECT", "https://ampcode.com")
    suite["gateway"].http_connect(flow)
    assert flow.response.status_code == 500
    data = ServerConnectionHookData(client=flow.client_conn, server=connection.Server(address=("ampcode.com", 443)))
    await suite["gateway"].server_connect(data)
    assert "could not look at it" in data.server.error


async def test_places_are_forgotten_and_so_are_clients(suite, monkeypatch):
    monkeypatch.setattr(module, "MAX_PLACES", 2)
    guest = Guest()
    for port in (1, 2, 3, 3):
        guest.let_through(("a.example", port), Passage())
    assert list(guest.passages) == [("a.example", 2), ("a.example", 3)]
    turn_on(suite)
    flow = make_flow()
    suite["gateway"].requestheaders(flow)
    suite["gateway"].client_disconnected(flow.client_conn)
    assert not suite["gateway"]._guests
