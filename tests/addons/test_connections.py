"""Tried on real connections in tests/e2e/test_rules.py (time limits); here only that nothing is there to end."""

from mitmproxy.test import taddons
from support.addons import make_flow

from amp_addons.addons.connections import end_servers


async def test_client_without_connections_has_none_to_end():
    with taddons.context():
        assert end_servers(make_flow().client_conn) is False
