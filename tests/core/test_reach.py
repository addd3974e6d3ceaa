"""Which hosts a gateway may be asked for, and which addresses these may lead to."""

from ipaddress import ip_network

import pytest

from amp_addons.core.reach import Reachable, is_name, own_network, why_not

ADDRESSES = [
    ("1.1.1.1", None),
    ("2606:4700::1111", None),
    ("::ffff:1.1.1.1", None),
    ("64:ff9b::101:101", None),
    ("2002:101:101::1", None),
    ("0.0.0.0", "the unspecified address"),
    ("::", "the unspecified address"),
    ("127.0.0.1", "a loopback address"),
    ("127.255.255.254", "a loopback address"),
    ("::1", "a loopback address"),
    ("::ffff:127.0.0.1", "a loopback address"),
    ("::127.0.0.1", "a loopback address"),
    ("64:ff9b::7f00:1", "a loopback address"),
    ("2002:7f00:1::", "a loopback address"),
    ("2001:0:101:101::80ff:fffe", "a loopback address"),  # Teredo
    ("169.254.169.254", "a link-local address"),
    ("64:ff9b::a9fe:a9fe", "a link-local address"),
    ("fe80::1", "a link-local address"),
    ("fe80::1%eth0", "a link-local address"),
    ("224.0.0.1", "a multicast address"),
    ("ff02::1", "a multicast address"),
    ("168.63.129.16", "a cloud's metadata"),
    ("fd00:ec2::254", "a private address"),
    ("10.0.0.1", "a private address"),
    ("172.16.0.1", "a private address"),
    ("192.168.1.1", "a private address"),
    ("fec0::1", "a private address"),
    ("192.0.2.1", "a private address"),
    ("0.1.2.3", "a private address"),
    ("255.255.255.255", "a private address"),
    ("100.64.0.1", "not a public address"),
    ("100.100.100.200", "not a public address"),
    ("name.example", "not an address"),
    ("", "not an address"),
    ("127.1", "not an address"),
]


@pytest.mark.parametrize(("address", "reason"), ADDRESSES)
def test_only_public_addresses_may_be_connected_to(address: str, reason: str | None) -> None:
    assert why_not(address) == reason


@pytest.mark.parametrize(
    ("address", "network", "may"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", True),
        ("192.168.0.1", "10.0.0.0/8", False),
        ("::1", "127.0.0.0/8", False),
        ("fd00:ec2::254", "fd00:ec2::/64", True),
    ],
)
def test_a_network_may_be_named(address: str, network: str, may: bool) -> None:
    assert (why_not(address, [ip_network(network)]) is None) is may


@pytest.mark.parametrize(
    ("text", "meant", "not_meant"),
    [
        ("git.example", ["git.example"], ["git.example:8443", "x.git.example", "evilgit.example", "git.example.evil.example"]),
        ("GIT.example.", ["git.example"], []),
        ("git.example:443", ["git.example"], []),
        ("git.example:8443", ["git.example:8443"], ["git.example"]),
        ("*.corp.example", ["a.corp.example", "a.b.corp.example"], ["corp.example", "evilcorp.example", "a.corp.example:8443"]),
        ("[2001:db8::1]:8443", ["[2001:db8::1]:8443"], ["[2001:db8::1]"]),
        ("10.1.2.3", ["10.1.2.3"], ["10.1.2.30"]),
    ],
)
def test_hosts_are_meant_as_a_whole(text: str, meant: list[str], not_meant: list[str]) -> None:
    found = Reachable.parse(text)
    assert all(map(found.matches, meant)) and not any(map(found.matches, not_meant))


def test_networks_stand_after_the_name_and_an_address_leads_to_itself() -> None:
    assert Reachable.parse("git.example=10.0.0.0/8+fd00::/8").networks == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert Reachable.parse("10.1.2.3:8080").networks == (ip_network("10.1.2.3/32"),) == own_network("10.1.2.3:8080")
    assert own_network("[::1]:8080") == (ip_network("::1/128"),)
    assert own_network("name.example:8080") == ()


NO_HOSTS = ["", "*", "*.", "**.example", "a b", "http://git.example", "git.example/x", "git.example:", "me@git.example", "*.10.1.2.3"]
NO_HOSTS += ["127.1", "0x7f.0.0.1", "2130706433", "git.example=", "git.example=ten", "git.example=10.0.0.1/8", "git.example:99999999"]


@pytest.mark.parametrize("text", NO_HOSTS)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"found .*, expected "):
        Reachable.parse(text)


@pytest.mark.parametrize(
    ("host", "is_one"), [("a.example", True), ("a.1x", True), ("1", False), ("a.0x7f", False), ("a..", False), ("", False)]
)
def test_names(host: str, is_one: bool) -> None:
    assert is_name(host) is is_one
