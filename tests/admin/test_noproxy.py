from typing import Any

import pytest

from amp_addons.admin.egress import Place
from amp_addons.admin.noproxy import NoProxy, covering, no_proxy
from amp_addons.core.target import is_loopback


def test_required_hosts_and_all_that_covers_them_must_be_left_out(gather: Any) -> None:
    found = NoProxy.of(gather("https://amp.corp.example:8443"))
    assert [each.host for each in found.must_be_left_out] == ["amp.corp.example:8443", "production.ampworkers.com:443"]
    assert found.must_be_left_out[0].entries == (
        *("amp.corp.example", ".amp.corp.example", "*.amp.corp.example"),
        *("corp.example", ".corp.example", "*.corp.example"),
        *("example", ".example", "*.example"),
        *("amp.corp.example:8443", "*"),
    )


def test_loopback_and_optional_hosts_may_stay(gather: Any) -> None:
    found = NoProxy.of(gather())
    assert found.may_stay[0].entries == ("localhost", "127.0.0.1", "::1")
    assert [each.entries for each in found.may_stay[1:3]] == [("openrouter.ai",), ("static.ampcode.com",)]
    assert found.value == "localhost,127.0.0.1,::1"


@pytest.mark.parametrize("amp_url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://amp.localhost", "http://[::1]:8080"])
def test_an_amp_url_on_this_machine_needs_no_proxy(gather: Any, amp_url: str) -> None:
    assert [each.host for each in NoProxy.of(gather(amp_url)).must_be_left_out] == ["production.ampworkers.com:443"]


def test_addresses_have_no_suffixes() -> None:
    assert covering(Place("10.1.2.3", 80)) == ("10.1.2.3", "10.1.2.3:80", "*")
    assert not is_loopback(Place("10.1.2.3", 80).name)


def test_for_people_and_for_a_shell(gather: Any) -> None:
    egress = gather()
    lines = list(no_proxy(egress, NoProxy.of(egress)))
    assert [line for line in lines if not line.startswith("#")] == ["NO_PROXY=localhost,127.0.0.1,::1"]
    text = "\n".join(lines)
    assert text.index("Must be left out") < text.index("*.ampcode.com") < text.index("May stay") < text.index("# openrouter.ai: optional")
