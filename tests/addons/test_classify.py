import pytest
from mitmproxy import flowfilter
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.utils.emoji import emoji
from support.addons import loaded, make_flow

from amp_addons.addons.classify import MARKERS, UNKNOWN_MARKER


@pytest.fixture
async def suite():
    with loaded("classify") as found:
        yield found


def classified(suite, url, method="GET", **changes):
    flow = make_flow(method, url, b"")
    for name, value in changes.items():
        setattr(flow, name, value)
    suite.play("requestheaders", flow)
    return flow


async def test_metadata_comment_and_marker_serve_mitmproxys_filters(suite):
    flow = classified(suite, "https://ampcode.com/api/provider/anthropic/v1/messages", "POST")
    assert flow.metadata["amp.endpoint"] == "provider.anthropic"
    assert flow.comment == "provider.anthropic · proxied · anthropic-messages"
    for wanted in ("~meta amp.provider:.anthropic", "~meta amp.route:.proxied", "~comment inference|anthropic", "~marker speech_balloon"):
        assert flowfilter.match(wanted, flow), wanted
    assert not flowfilter.match("~meta amp.provider:.openai", flow)


async def test_unknown_endpoint_has_a_marker_of_its_own(suite):
    flow = classified(suite, "https://ampcode.com/api/new-thing")
    assert flow.metadata["amp.endpoint"] == "amp.unknown" and flow.metadata["amp.known"] is False
    assert flow.marked == UNKNOWN_MARKER


@pytest.mark.parametrize("marker", [*MARKERS.values(), UNKNOWN_MARKER])
def test_marker_is_one_that_mitmproxy_can_show(marker):
    assert marker in emoji


async def test_comment_and_marker_of_the_user_stay(suite):
    flow = make_flow()
    flow.comment, flow.marked = "mine", ":red_circle:"
    suite.play("requestheaders", flow)
    assert (flow.comment, flow.marked) == ("mine", ":red_circle:")


async def test_openrouter_is_direct(suite):
    flow = classified(suite, "https://openrouter.ai/api/v1/chat/completions", "POST")
    assert (flow.metadata["amp.route"], flow.metadata["amp.endpoint"]) == ("direct", "provider.openrouter")


async def test_amp_url_moves_the_catalog(suite):
    suite.context.configure(suite["classify"], amp_url="http://corp.example:8443/amp")
    assert classified(suite, "http://corp.example:8443/amp/api/user").metadata["amp.endpoint"] == "user.get"
    assert classified(suite, "https://ampcode.com/api/user").metadata["amp.route"] == "external"


@pytest.mark.parametrize("upstream", ["https://ampcode.com", "http://127.0.0.1:9000", "https://[::1]:9000"])
async def test_reverse_mode_classifies_by_path(suite, upstream):
    flow = make_flow("GET", f"{upstream}/api/user", b"")
    flow.client_conn.proxy_mode = ProxyMode.parse(f"reverse:{upstream}")
    suite.play("requestheaders", flow)
    assert (flow.metadata["amp.endpoint"], flow.metadata["amp.route"]) == ("user.get", "proxied")


async def test_reverse_mode_for_openrouter_is_direct(suite):
    flow = make_flow("POST", "https://openrouter.ai/api/v1/chat/completions")
    flow.client_conn.proxy_mode = ProxyMode.parse("reverse:https://openrouter.ai")
    suite.play("requestheaders", flow)
    assert flow.metadata["amp.route"] == "direct"


async def test_transparent_mode_knows_the_host_by_its_header(suite):
    flow = make_flow("GET", "https://192.0.2.7/api/user", b"")
    flow.request.headers["host"] = "ampcode.com"
    suite.play("requestheaders", flow)
    assert flow.metadata["amp.endpoint"] == "user.get"


async def test_host_header_cannot_name_another_destination(suite):
    flow = make_flow("GET", "https://evil.example/api/user", b"")
    flow.request.headers["host"] = "ampcode.com"
    suite.play("requestheaders", flow)
    assert flow.metadata["amp.route"] == "external"


async def test_catalog_of_the_user_comes_first(suite, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("nonsense: true\n")
    suite["startup"].running()
    with pytest.raises(Exception, match=r"option amp_catalog: .*mine\.yaml"):
        suite.context.configure(suite["classify"], amp_catalog=[str(path)])


@pytest.mark.parametrize(
    ("url", "warned"), [("http://amp.corp.example", True), ("http://127.0.0.1:1", False), ("https://amp.corp.example", False)]
)
async def test_plain_http_beyond_this_machine_is_warned_about(suite, caplog, url, warned):
    suite.context.configure(suite["classify"], amp_url=url)
    assert ("amp.url is plain http" in caplog.text) is warned
