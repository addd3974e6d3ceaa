import pytest
from mitmproxy.proxy.mode_specs import ProxyMode
from support.addons import MESSAGES, loaded, make_flow

from amp_addons.addons.exchange import array_wanted, exchange_of, misdirected, put, stream_wanted
from amp_addons.core.rules.outgoing import Outgoing
from amp_addons.core.rules.url import origin_of


@pytest.fixture
async def hub():
    with loaded("route") as suite:
        yield suite.hub


async def test_exchange_is_the_request_as_it_came(hub):
    flow = make_flow(content=b'{"model":"m"}', headers=[(b"X-One", b"1"), (b"x-one", b"2")])
    found = exchange_of(flow, hub)
    assert (found.method, found.url, found.body, found.flow) == ("POST", MESSAGES, b'{"model":"m"}', flow.id)
    assert found.header("x-one") == ["1", "2"] and found.classification.endpoint == "provider.anthropic"
    assert found.client == flow.client_conn.peername[0]


async def test_authority_of_http2_stands_for_the_host_header(hub):
    flow = make_flow()
    flow.request.authority = "ampcode.com"
    flow.request.headers.pop("host", None)
    assert exchange_of(flow, hub).header("host") == ["ampcode.com"]


GOOGLE = "https://ampcode.com/api/provider/google/v1beta/models/m:streamGenerateContent"


@pytest.mark.parametrize(
    ("url", "body", "stream", "array"),
    [
        (MESSAGES, b'{"stream":true}', True, False),
        (MESSAGES, b'{"stream":true,"stream":', False, False),
        (MESSAGES, b"{}", False, False),
        (GOOGLE, b"{}", True, True),
        (f"{GOOGLE}?alt=sse", b"{}", True, False),
    ],
)
async def test_what_kind_of_answer_the_client_waits_for(hub, url, body, stream, array):
    found = exchange_of(make_flow(url=url, content=body), hub)
    assert (stream_wanted(found), array_wanted(found)) == (stream, array)


@pytest.mark.parametrize(
    ("host", "header", "sni", "refused"),
    [
        ("ampcode.com", "ampcode.com", "ampcode.com", False),
        ("ampcode.com", "AMPCODE.com:443", None, False),
        ("ampcode.com", "evil.example", "ampcode.com", True),
        ("ampcode.com", "ampcode.com", "evil.example", True),
        ("10.0.0.1", "ampcode.com", "ampcode.com", False),
        ("10.0.0.1", "ampcode.com", "evil.example", True),
    ],
)
async def test_names_that_disagree(hub, host, header, sni, refused):
    flow = make_flow()
    flow.request.data.host = host
    flow.request.headers["host"] = header
    flow.client_conn.sni = sni
    assert (misdirected(flow) is not None) is refused
    flow.client_conn.proxy_mode = ProxyMode.parse("reverse:https://ampcode.com")
    assert misdirected(flow) is None  # a reverse listener stands for another host by design


async def test_what_is_put_into_a_flow_keeps_the_host_header_in_its_place(hub):
    flow = make_flow(headers=[(b"A", b"1"), (b"HOST", b"ampcode.com"), (b"b", b"2")])
    found = exchange_of(flow, hub)
    kept = tuple(pair for pair in found.headers if pair[0] != b"HOST")
    put(flow.request, found, Outgoing(origin=origin_of("http://127.0.0.1:81"), host="gw", target="/x?y", headers=kept, body=b"new"))
    assert flow.request.headers.fields[:3] == ((b"A", b"1"), (b"HOST", b"gw"), (b"b", b"2"))
    assert (flow.request.scheme, flow.request.host, flow.request.port, flow.request.path) == ("http", "127.0.0.1", 81, "/x?y")
    assert flow.request.raw_content == b"new"


@pytest.mark.parametrize(("version", "body", "length"), [("HTTP/2.0", b"{}", "2"), ("HTTP/2.0", b"", None), ("HTTP/1.1", b"{}", None)])
async def test_a_body_of_http2_has_its_length_for_an_upstream_that_needs_one(hub, version, body, length):
    flow = make_flow(content=body)
    flow.request.http_version = version
    flow.request.headers.pop("content-length", None)
    exchange = exchange_of(flow, hub)
    put(flow.request, exchange, Outgoing(origin=origin_of("http://gw.example"), host="gw.example", target="/x", headers=(), body=body))
    assert flow.request.headers.get("content-length") == length
