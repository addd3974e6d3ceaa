"""Which hosts there are, which of them are required, and what is refused as a host."""

from typing import Any

import pytest

from amp_addons.admin.egress import Egress, Place, need_of
from amp_addons.core.endpoint import Endpoint
from amp_addons.core.network import TimeLimits

A, B, N, DOCUMENT = "0.0.1767830505", "0.0.1773432280", "0.0.1790142911", "0.0.1761153678-gfa55cf"


def test_the_shipped_hosts_with_their_need(gather: Any) -> None:
    found = [(str(host.place), host.route, host.need) for host in gather().hosts]
    assert found == [
        ("ampcode.com:443", "proxied", "required"),
        ("production.ampworkers.com:443", "external", "required"),
        ("openrouter.ai:443", "direct", "optional"),
        ("static.ampcode.com:443", "external", "optional"),
        ("registry.npmjs.org:443", "external", "optional"),
        ("storage.googleapis.com:443", "external", "optional"),
        ("statuspage.incident.io:443", "external", "optional"),
        ("auth.openai.com:443", "external", "optional"),
        ("gitlab.com:443", "external", "optional"),
    ]
    assert all(host.needed_for for host in gather().hosts)


def test_a_host_says_what_it_carries_and_who_names_it(gather: Any) -> None:
    amp, workers, openrouter = gather().hosts[:3]
    assert (amp.streaming, amp.websocket, amp.catalogs, amp.versions) == (True, True, ("classic", "observed"), (DOCUMENT, A, B, N))
    assert (workers.streaming, workers.websocket, workers.catalogs, workers.versions) == (False, True, ("observed",), (B,))
    assert (openrouter.streaming, openrouter.websocket, openrouter.versions) == (True, False, (DOCUMENT, A, B))


def test_sources_name_the_versions_that_a_catalog_was_made_from(gather: Any) -> None:
    found = gather(content="version: '7'\n").sources
    assert [(source.catalog, source.versions) for source in found] == [("classic", (DOCUMENT,)), ("observed", (A, B, N)), ("mine", ("7",))]


def test_elsewhere_and_time_limits_come_from_the_catalogs(gather: Any) -> None:
    egress = gather()
    assert [(each.hosts, each.need) for each in egress.elsewhere] == [("any", "optional")] * 2
    assert egress.elsewhere[0].what.startswith("MCP servers")
    assert egress.timeouts == TimeLimits(connect=10, first_byte=600, idle=600, websocket=3600)
    mine = "network: {timeouts: {connect: 1, first_byte: 2, idle: 3, websocket: 4}, needed_for: work}\n"
    assert gather(content=mine).timeouts == TimeLimits(connect=1, first_byte=2, idle=3, websocket=4)
    assert gather(content=mine).amp.needed_for[0] == "work"


@pytest.mark.parametrize(
    ("amp_url", "place", "authority", "written"),
    [
        ("https://amp.corp.example", "amp.corp.example:443", "amp.corp.example", "https://amp.corp.example"),
        ("HTTPS://Amp.Corp.Example.:443/", "amp.corp.example:443", "amp.corp.example", "https://amp.corp.example"),
        ("http://amp.corp.example/base/", "amp.corp.example:80", "amp.corp.example", "http://amp.corp.example/base"),
        ("http://amp.corp.example:443", "amp.corp.example:443", "amp.corp.example:443", "http://amp.corp.example:443"),
        ("https://me:word@amp.corp.example:8443/b", "amp.corp.example:8443", "amp.corp.example:8443", "https://amp.corp.example:8443/b"),
        ("http://10.1.2.3:8080", "10.1.2.3:8080", "10.1.2.3:8080", "http://10.1.2.3:8080"),
        ("https://[2001:DB8:0::1]:8443", "[2001:db8::1]:8443", "[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_a_custom_amp_url_takes_the_default_ones_place(gather: Any, amp_url: str, place: str, authority: str, written: str) -> None:
    egress = gather(amp_url)
    assert (str(egress.amp.place), egress.amp.authority, egress.amp_url) == (place, authority, written)
    assert "ampcode.com:443" not in [str(host.place) for host in egress.hosts]
    assert len(egress.hosts) == 9


def test_an_amp_url_on_a_listed_host_makes_it_required_and_one(gather: Any) -> None:
    egress = gather("https://openrouter.ai")
    assert (str(egress.amp.place), egress.amp.need, egress.amp.route) == ("openrouter.ai:443", "required", "proxied")
    assert len(egress.hosts) == 8


@pytest.mark.parametrize(
    "amp_url",
    ["https://a b", "https://x/a\nb", "https://x/?q", "https://me:word@", "https://x:0", "https://x:99999", "https://.x", "ftp://x"],
)
def test_an_amp_url_that_is_none_is_refused_without_repeating_a_password(gather: Any, amp_url: str) -> None:
    with pytest.raises(ValueError, match=r"^amp.url: ") as error:
        gather(amp_url)
    assert "word" not in str(error.value)


def test_a_users_row_is_a_host_too(gather: Any) -> None:
    rows = """\
endpoints:
  - {id: gw, category: inference, method: POST, path: /v1/**, host: "gw.corp.example:8443", need: required, needed_for: m, streaming: true}
  - {id: old, category: web, method: GET, path: /x, host: "old.corp.example:80"}
"""
    found = {str(host.place): host for host in gather(content=rows).hosts}
    gateway, old = found["gw.corp.example:8443"], found["old.corp.example:80"]
    assert (gateway.need, gateway.needed_for, gateway.streaming, gateway.scheme) == ("required", ("m",), True, "https")
    assert (old.need, old.needed_for, old.scheme) == ("optional", (), "http")


@pytest.mark.parametrize("host", [".googleapis.com", "x..y", "-x.y", "x-.y", "127.1", "0x7f.1", "1.2.3.999", "x:0", "x:70000", "[1:2]"])
def test_a_users_host_that_programs_could_take_for_more_is_refused(gather: Any, host: str) -> None:
    rows = f'endpoints: [{{id: gw, category: other, method: GET, path: /x, host: "{host}"}}]\n'
    with pytest.raises(ValueError, match=r"catalog mine, endpoint gw, host: found '.*', expected a host name"):
        gather(content=rows)


def test_reports_and_pages_alone_make_no_host_required() -> None:
    row = Endpoint(id="x", category="telemetry", method="GET", path="/x", route="proxied")
    assert need_of(row) == "optional"
    assert need_of(Endpoint(id="x", category="user", method="GET", path="/x", route="proxied")) == "required"
    assert need_of(Endpoint(id="x", category="user", method="GET", path="/x", host="h", route="external")) == "optional"


def test_required_leaves_the_rest_out(gather: Any) -> None:
    egress: Egress = gather().required()
    assert [host.place.name for host in egress.hosts] == ["ampcode.com", "production.ampworkers.com"]
    assert egress.elsewhere == ()


def test_a_place_without_a_port_is_refused_where_one_is_asked_for() -> None:
    with pytest.raises(ValueError, match="found 'proxy', expected a host name or address with a port"):
        Place.parse("proxy", None)
    assert Place.parse("proxy:3128", None) == Place("proxy", 3128)
