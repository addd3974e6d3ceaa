"""HAProxy itself reads it, and streams by it, in tests/e2e/test_fleet.py."""

import pytest

from amp_addons.admin.balancer import Backend, balancer
from amp_addons.admin.egress import Place
from amp_addons.core.network import TimeLimits

LIMITS = TimeLimits(connect=7, first_byte=600, idle=700, websocket=650)


def written(*proxies: str, listen: str = "127.0.0.1:8080") -> list[str]:
    return list(balancer(Place.parse(listen, None), [Backend.parse(text) for text in proxies], LIMITS, "amp-addons 1"))


def directives(*proxies: str) -> list[str]:
    return [line for line in written(*proxies) if not line.lstrip().startswith("#")]


def test_each_proxy_is_a_server_with_its_health() -> None:
    found = directives("10.0.0.1:8081", "[2001:db8::1]:8082/9082", "proxy.corp.example:8083/9083")
    assert found[-3:] == [
        "    server amp_1 10.0.0.1:8081 check port 8090",
        "    server amp_2 [2001:db8::1]:8082 check port 9082",
        "    server amp_3 proxy.corp.example:8083 check port 9083 resolvers amp_proxies init-addr last,libc,none",
    ]
    assert found[0] == "resolvers amp_proxies" and "resolvers amp_proxies" not in directives("10.0.0.1:8081")


def test_the_client_decides_on_the_proxy_and_the_longest_silence_on_the_limits() -> None:
    found = {line.strip() for line in directives("10.0.0.1:8081")}
    assert {"mode tcp", "balance source", "hash-type consistent", "option redispatch 1", "option httpchk GET /health"} <= found
    assert {"timeout connect 7s", "timeout client 700s", "timeout server 700s"} <= found


def test_a_proxy_that_is_marked_down_keeps_its_streams() -> None:
    assert not any("on-marked-down" in line for line in directives("10.0.0.1:8081"))


@pytest.mark.parametrize(
    "text", ["10.0.0.1", "10.0.0.1:", "10.0.0.1:80/", "10.0.0.1:80/0", "10.0.0.1:80/65536", "a b:80", "x:80/1/2", "x:80\n/1"]
)
def test_what_is_no_proxy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"found .*, expected "):
        Backend.parse(text)
