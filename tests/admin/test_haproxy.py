"""HAProxy itself reads it, and streams by it, in tests/e2e/test_admin.py."""

from typing import Any

from amp_addons.admin.egress import Place
from amp_addons.admin.haproxy import haproxy
from amp_addons.admin.reverse import Listener

LISTENER = Listener(Place("127.0.0.1", 8081), "/ca.pem")


def directives(egress: Any) -> list[str]:
    return [line for line in haproxy(egress, LISTENER) if not line.lstrip().startswith("#")]


def test_a_list_for_each_need_and_a_back_end_for_each_host(gather: Any) -> None:
    found = directives(gather())
    assert "    acl amp_required req.hdr(host) -m str -i ampcode.com ampcode.com:443 127.0.0.1:8081 localhost:8081" in found
    assert "    acl amp_optional req.hdr(host) -m str -i openrouter.ai openrouter.ai:443" in found
    assert "    http-request deny deny_status 403 if !amp_required !amp_optional" in found
    assert "    use_backend amp_host_9 if amp_host_9" in found
    server = "ampcode.com:443 ssl verify required ca-file /ca.pem sni str(ampcode.com) verifyhost ampcode.com resolvers amp init-addr none"
    assert f"    server amp {server}" in found


def test_a_list_that_is_empty_is_not_named(gather: Any) -> None:
    found = directives(gather().required())
    assert "    http-request deny deny_status 403 if !amp_required" in found
    assert not any("optional" in line for line in found)


def test_limits_and_nothing_collected(gather: Any) -> None:
    found = directives(gather())
    assert {
        "    option http-no-delay",
        "    timeout connect 10s",
        "    timeout server 600s",
        "    timeout client 600s",
        "    timeout tunnel 3600s",
    } <= {*found}


def test_servers_by_address_and_without_tls(gather: Any) -> None:
    assert "    server amp 10.1.2.3:8080" in directives(gather("http://10.1.2.3:8080"))
    assert "    server amp amp.example:80 resolvers amp init-addr none" in directives(gather("http://amp.example"))
    by_address = "    server amp [2001:db8::1]:443 ssl verify required ca-file /ca.pem verifyhost 2001:db8::1"
    assert by_address in directives(gather("https://[2001:db8::1]"))
