import pytest

from amp_addons.core.facts import Facts
from amp_addons.replay.captured import Captured, Damage


def make(**more):
    fields = {"id": "f", "method": "POST", "scheme": "https", "host": "ampcode.com", "port": 443, "path": "/x?y"}
    return Captured(**{**fields, "headers": (), "body": b"{}", "started": 1.76e9, **more})


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "https://ampcode.com/x?y"),
        ({"port": 8443}, "https://ampcode.com:8443/x?y"),
        ({"headers": ((b"Host", b"other.example"),)}, "https://ampcode.com/x?y"),
        ({"host": "1.2.3.4", "headers": ((b"HOST", b"a.example:443"),), "authority": "b.example"}, "https://a.example/x?y"),
        ({"host": "1.2.3.4", "authority": "b.example"}, "https://b.example/x?y"),
        ({"host": "::1"}, "https://[::1]/x?y"),
    ],
)
def test_the_url_is_the_one_that_is_known_live(fields, url):
    assert make(**fields).url == url


def test_rules_see_the_authority_of_http2_as_host():
    exchange = make(authority="ampcode.com", headers=((b"a", b"1"),), client="10.0.0.1", sni="s").exchange()
    assert exchange.headers == ((b"host", b"ampcode.com"), (b"a", b"1"))
    assert (exchange.client, exchange.sni, exchange.flow, exchange.body) == ("10.0.0.1", "s", "f", b"{}")
    assert make(authority="x", headers=((b"HOST", b"y"),)).exchange().headers == ((b"HOST", b"y"),)


def test_facts_are_those_of_the_metadata():
    assert make().facts is None
    assert make(metadata=Facts(request_bytes=7).metadata()).facts == Facts(request_bytes=7)


def test_damage_says_where():
    damage = Damage(1234567, "found this, expected that")
    assert str(damage) == "at byte 1,234,567: found this, expected that" and damage.at == 1234567
