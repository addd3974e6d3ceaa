"""nft itself reads it in tests/e2e/test_admin.py."""

from ipaddress import ip_address
from typing import Any

from amp_addons.admin.egress import Place
from amp_addons.admin.nftables import ADDRESSES_ONLY, nftables


def directives(*arguments: Any) -> list[str]:
    return [line for line in nftables(*arguments) if not line.lstrip().startswith("#")]


def test_sets_by_need_port_and_family_and_a_chain_that_accepts_them(gather: Any) -> None:
    found = directives(gather("https://10.1.2.3:8443"))
    assert "    set amp_required_8443_v4 {" in found and "    set amp_optional_443_v6 {" in found
    assert "add element inet filter amp_required_8443_v4 { 10.1.2.3 }" in found
    rule = 'add rule inet filter amp ip daddr @amp_required_8443_v4 tcp dport 8443 accept comment "Amp, required"'
    assert found.index("flush chain inet filter amp") < found.index(rule)
    assert not any(line.startswith("flush set") for line in found)


def test_addresses_that_were_looked_up_replace_those_of_before(gather: Any) -> None:
    addresses = {Place("ampcode.com", 443): [ip_address(text) for text in ("192.0.2.9", "192.0.2.1", "192.0.2.9", "2001:db8::1")]}
    found = directives(gather(), addresses)
    element = "add element inet filter amp_required_443_v4 { 192.0.2.1, 192.0.2.9 }"
    assert found.index("flush set inet filter amp_required_443_v4") < found.index(element)
    assert "add element inet filter amp_required_443_v6 { 2001:db8::1 }" in found


def test_it_says_how_to_fill_a_set_and_that_names_are_not_seen(gather: Any) -> None:
    text = "\n".join(nftables(gather()))
    assert "# dnsmasq fills it: nftset=/ampcode.com/4#inet#filter#amp_required_443_v4\n" in text
    assert ADDRESSES_ONLY in text
    assert "nftset=" not in "\n".join(nftables(gather(), {}))
