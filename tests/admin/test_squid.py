"""Squid itself reads it in tests/e2e/test_admin.py."""

from typing import Any

from amp_addons.admin.squid import squid


def directives(egress: Any) -> list[str]:
    return [line for line in squid(egress) if not line.startswith("#")]


def test_lists_by_need_and_port_names_and_addresses_apart(gather: Any) -> None:
    found = directives(gather("https://10.1.2.3:8443").required())
    assert found == [
        "acl amp_required_8443_address dst 10.1.2.3",
        "acl amp_required_443 dstdomain production.ampworkers.com",
        "acl amp_port_443 port 443",
        "acl amp_port_8443 port 8443",
        "http_access allow amp_required_8443_address amp_port_8443",
        "cache deny amp_required_8443_address amp_port_8443",
        "http_upgrade_request_protocols websocket allow amp_required_8443_address amp_port_8443",
        "http_access allow amp_required_443 amp_port_443",
        "cache deny amp_required_443 amp_port_443",
        "http_upgrade_request_protocols websocket allow amp_required_443 amp_port_443",
        "connect_timeout 10 seconds",
        "read_timeout 3600 seconds",
    ]


def test_no_websocket_where_none_is_carried(gather: Any) -> None:
    assert not any("websocket allow amp_optional" in line for line in directives(gather()))
