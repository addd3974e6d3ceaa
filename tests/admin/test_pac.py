"""A JavaScript engine runs it in tests/e2e/test_admin.py."""

from typing import Any

from amp_addons.admin.egress import Place
from amp_addons.admin.pac import NOT_READ, pac

PROXY = Place("proxy.example", 8080)


def entries(egress: Any, **options: Any) -> dict[str, str]:
    lines = [line.strip().rstrip(",") for line in pac(egress, PROXY, **options) if line.startswith('  "')]
    return dict(line.split(": ") for line in lines)


def test_what_is_required_goes_through_the_proxy_and_openrouter_directly(gather: Any) -> None:
    assert entries(gather()) == {
        '"ampcode.com:443"': "AMP_PROXY",
        '"production.ampworkers.com:443"': "AMP_PROXY",
        '"openrouter.ai:443"': '"DIRECT"',
    }


def test_everything_goes_through_the_proxy_where_that_is_asked_for(gather: Any) -> None:
    found = entries(gather(), everything=True)
    assert len(found) == 9
    assert set(found.values()) == {"AMP_PROXY"}


def test_it_says_who_does_not_read_it(gather: Any) -> None:
    text = " ".join(line.removeprefix("// ") for line in pac(gather(), PROXY) if line.startswith("// "))
    assert NOT_READ in text
    assert 'var AMP_PROXY = "PROXY proxy.example:8080";' in list(pac(gather(), PROXY))
