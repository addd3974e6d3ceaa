"""How a request finds its row, and what is said where there is none. By the shipped catalogs: these are the paths that matter."""

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amp_addons.core.catalog import Catalog
from amp_addons.core.classify import Classification, classify, locate
from amp_addons.core.endpoint import Endpoint, resolve
from amp_addons.rulefiles.catalog import Catalog as ShippedCatalog

CATALOG = ShippedCatalog.load()
AMP = "https://ampcode.com"


def look(request: str, **where: Any) -> Classification:
    method, _, url = request.partition(" ")
    return classify(CATALOG, method, url, **where)


@pytest.mark.parametrize(
    ("request_", "endpoint"),
    [
        # Prefixes end at a path segment.
        (f"GET {AMP}/api/userx", "amp.unknown"),
        (f"GET {AMP}/api/user/", "amp.unknown"),
        (f"GET {AMP}/api/user/x", "amp.unknown"),
        (f"GET {AMP}/api/internal/github-proxyx", "amp.unknown"),
        (f"GET {AMP}/api/internal/github-proxy/x", "github.proxy"),
        (f"POST {AMP}/api/provider/groqx", "provider.unknown"),
        ("POST https://openrouter.ai/api/v10/chat/completions", "other"),
        ("POST https://openrouter.ai/api/v1", "provider.openrouter"),
        # Hosts compare without case, final dot and usual port; a name in another place is no host.
        ("GET HTTPS://AmpCode.COM:443/api/user", "user.get"),
        ("GET https://ampcode.com./api/user", "user.get"),
        ("GET http://ampcode.com:80/api/user", "user.get"),
        ("GET https://ampcode.com:8443/api/user", "other"),
        ("GET https://someone@ampcode.com/api/user", "user.get"),
        ("GET https://evil.example/?u=ampcode.com", "other"),
        ("GET https://evil.example/https://ampcode.com/api/user", "other"),
        ("GET https://evil.example#@ampcode.com/api/user", "other"),
        ("GET https://ampcode.com@evil.example/api/user", "other"),
        ("GET https://ampcode.com:443@evil.example/api/user", "other"),
        ("GET https://evil.example\\@ampcode.com/api/user", "other"),
        ("GET https://ampcode.com\\.evil.example/api/user", "other"),
        ("GET https://a@b@ampcode.com/api/user", "other"),
        ("GET https://ampcode.com.evil.example/api/user", "other"),
        ("GET https://xampcode.com/api/user", "other"),
        ("GET https://%61mpcode.com/api/user", "other"),
        ("GET https://ámpcode.com/api/user", "other"),
        ("GET https://ampcode\uff0ecom/api/user", "other"),
        ("GET https://[::1]/api/user", "other"),
        ("GET https:///api/user", "other"),
        ("GET ftp://ampcode.com/api/user", "other"),
        # No spelling carries a path into another row.
        (f"GET {AMP}/api/%75ser", "amp.unknown"),
        (f"GET {AMP}/%61pi/user", "amp.unknown"),
        (f"GET {AMP}//api/user", "amp.unknown"),
        (f"GET {AMP}/api//user", "amp.unknown"),
        (f"GET {AMP}/api/./user", "amp.unknown"),
        (f"GET {AMP}/api/threads/../user", "amp.unknown"),
        (f"GET {AMP}/api/threads/%2e%2e/user", "amp.unknown"),
        (f"GET {AMP}/api/threads/%2E%2e", "amp.unknown"),
        (f"GET {AMP}/api/threads/%252e%252e", "amp.unknown"),
        (f"GET {AMP}/api/threads/..%2fuser", "amp.unknown"),
        (f"GET {AMP}/api/threads/%66ind", "amp.unknown"),
        (f"GET {AMP}/api/user;x=1", "amp.unknown"),
        (f"GET {AMP}/api/user%00", "amp.unknown"),
        (f"GET {AMP}/api/user\x00", "amp.unknown"),
        (f"GET {AMP}/api/user%3Fx", "amp.unknown"),
        (f"GET {AMP}/api\\user", "amp.unknown"),
        (f"GET {AMP}/api/internal/github-proxy/../../user", "amp.unknown"),
        (f"POST {AMP}/api/provider/anthropic/../openai/v1/responses", "amp.unknown"),
        (f"POST {AMP}/api/provider/anthropic/..;/openai/v1/responses", "amp.unknown"),
        (f"POST {AMP}/api/provider/%61nthropic/v1/messages", "provider.unknown"),
        # But what stays below its prefix in every reading stays in its row.
        (f"GET {AMP}/api/internal/github-proxy/repos/o/r/compare/main...feature%2Fx%20y", "github.proxy"),
        (f"GET {AMP}/api/internal/github-proxy/repos/o/r/contents/.github/a%252Fb", "github.proxy"),
        (f"GET {AMP}/api/internal/github-proxy//repos/./o", "github.proxy"),
        (f"POST {AMP}/api/provider/anthropic//v1/messages", "provider.anthropic"),
        # A row is method and path together.
        (f"DELETE {AMP}/api/user", "amp.unknown"),
        (f"PUT {AMP}/api/threads", "amp.unknown"),
        (f"DELETE {AMP}/api/internal/github-proxy/x", "github.proxy"),
        ("GET https://openrouter.ai/api/v1/models", "other"),
        (f"get {AMP}/api/user", "user.get"),
        ("CONNECT ampcode.com:443", "amp.unknown"),
        # The query matters only where a row names one, the fragment never.
        (f"GET {AMP}/api/user?x=1&y", "user.get"),
        (f"GET {AMP}/api/user?", "user.get"),
        (f"GET {AMP}/api/user#/../threads", "user.get"),
        (f"GET {AMP}/api/threads?createdByUserID=u-1&archived=false", "threads.list"),
        (f"POST {AMP}/api/internal", "amp.unknown"),
        (f"POST {AMP}/api/internal?a=b", "amp.unknown"),
        (f"POST {AMP}/api/internal?getUserInfo", "internal.rpc"),
        (f"POST {AMP}/api/internal/?getUserInfo", "amp.unknown"),
        # What is no URL.
        ("GET ", "other"),
        ("OPTIONS *", "other"),
        ("GET http://", "other"),
        ("GET https://ampcode.com:port/api/user", "other"),
    ],
)
def test_the_endpoint(request_: str, endpoint: str) -> None:
    found = look(request_)
    assert (found.endpoint, found.known) == (endpoint, endpoint not in ("amp.unknown", "provider.unknown", "other"))


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (f"GET {AMP}/api/nothing", ("amp.unknown", "other", None, "proxied", None)),
        (f"POST {AMP}/api/provider/mistral/v1/chat/completions", ("provider.unknown", "inference", "mistral", "proxied", "openai-chat")),
        (f"GET {AMP}/api/provider/anthropic/v1/models", ("amp.unknown", "inference", "anthropic", "proxied", None)),
        (f"POST {AMP}/api/provider/xai/chat/completions", ("amp.unknown", "inference", "xai", "proxied", "openai-chat")),
        (f"POST {AMP}/api/provider/<b>/x", ("provider.unknown", "inference", None, "proxied", None)),
        (f"POST {AMP}/api/provider/{'x' * 65}", ("provider.unknown", "inference", None, "proxied", None)),
        (f"POST {AMP}/api/provider/", ("amp.unknown", "other", None, "proxied", None)),
        ("GET https://openrouter.ai/docs", ("other", "other", None, "direct", None)),
        ("GET https://evil.example/api/provider/openai", ("other", "other", None, "external", None)),
    ],
)
def test_what_is_said_of_the_unknown(request_: str, fields: tuple[str | None, ...]) -> None:
    found = look(request_)
    assert (found.endpoint, found.category, found.provider, found.route, found.api) == fields
    assert (found.known, found.catalog, found.source, found.fields) == (False, None, None, {})


@pytest.mark.parametrize(
    ("path", "api", "model"),
    [
        ("anthropic", "anthropic-messages", None),
        ("anthropic/", "anthropic-messages", None),
        ("anthropic/messages", "anthropic-messages", None),
        ("anthropic/v1/messages", "anthropic-messages", None),
        ("anthropic/v1/responses", "openai-responses", None),
        ("anthropic/v1/messages/count_tokens", None, None),
        ("openai", "openai-chat", None),
        ("openai/v1", "openai-chat", None),
        ("openai/v1/responses", "openai-responses", None),
        ("openai/v1/chat/completions", "openai-chat", None),
        ("openai/v1/completions", None, None),
        ("openai/v1/embeddings", None, None),
        ("google", "google-generatecontent", None),
        ("google/v1beta1/publishers/google/models/gemini-2.5-pro:generateContent", "google-generatecontent", "gemini-2.5-pro"),
        ("google/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", "google-generatecontent", "gemini-2.5-pro"),
        ("google/v1/projects/p/locations/l/publishers/anthropic/models/claude@1:rawPredict", "anthropic-messages", "claude@1"),
        ("google/v1/publishers/anthropic/models/claude@1:streamRawPredict", "anthropic-messages", "claude@1"),
        ("google/v1/operations/a:generateContent", "google-generatecontent", None),
        ("google/v1beta/models/gemini:countTokens", None, "gemini"),
        ("groq/chat/completions", "openai-chat", None),
    ],
)
def test_the_format_goes_by_the_operation_below_a_base_url(path: str, api: str | None, model: str | None) -> None:
    found = look(f"POST {AMP}/api/provider/{path}")
    assert (found.provider, found.known, found.api) == (path.partition("/")[0], True, api)
    assert found.fields == ({"model": model} if model else {})


@pytest.mark.parametrize(
    ("url", "amp_url", "endpoint"),
    [
        ("http://127.0.0.1:9000/api/user", "http://127.0.0.1:9000", "user.get"),
        ("http://127.0.0.1:9001/api/user", "http://127.0.0.1:9000", "other"),
        ("http://[::1]:9000/api/user", "http://[0:0:0:0:0:0:0:1]:9000/", "user.get"),
        ("https://amp.corp.example/api/user", "https://AMP.corp.example:443", "user.get"),
        ("https://corp.example:8443/amp/api/user", "https://corp.example:8443/amp", "user.get"),
        ("https://corp.example:8443/amp/api/user", "https://corp.example:8443/amp/", "user.get"),
        ("https://corp.example:8443/amp", "https://corp.example:8443/amp", "amp.unknown"),
        ("https://corp.example:8443/api/user", "https://corp.example:8443/amp", "amp.unknown"),
        ("https://corp.example:8443/ampx/api/user", "https://corp.example:8443/amp", "amp.unknown"),
        ("https://corp.example:8443/%61mp/api/user", "https://corp.example:8443/amp", "amp.unknown"),
        ("https://corp.example:8443/amp/../amp/api/user", "https://corp.example:8443/amp", "amp.unknown"),
        ("https://corp.example:8443/AMP/api/user", "https://corp.example:8443/amp", "amp.unknown"),
        ("https://ampcode.com/api/user", "https://corp.example", "other"),
        ("https://openrouter.ai/api/v1/chat/completions", "https://corp.example", "provider.openrouter"),
        ("https://static.ampcode.com/cli-version.txt", "https://corp.example", "update.version"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai", "provider.openrouter"),
        ("https://ampcode.com/api/user", "no url", "other"),
    ],
)
def test_the_rows_hold_for_any_amp_url(url: str, amp_url: str, endpoint: str) -> None:
    found = look(f"{'POST' if 'openrouter' in url else 'GET'} {url}", amp_url=amp_url)
    assert found.endpoint == endpoint


@pytest.mark.parametrize(
    ("headers", "endpoint"),
    [
        (None, "user.get"),
        ({}, "user.get"),
        ({"HOST": "AmpCode.com:443"}, "user.get"),
        ({"host": "evil.example"}, "other"),
        ({"Host": ""}, "other"),
        ({"X-Host": "evil.example"}, "user.get"),
    ],
)
def test_a_path_alone_belongs_to_the_host_header_or_else_to_amp_url(headers: dict[str, str] | None, endpoint: str) -> None:
    assert look("GET /api/user", headers=headers).endpoint == endpoint


def test_the_host_of_a_url_beats_the_host_header() -> None:
    assert look("GET https://evil.example/api/user", headers={"Host": "ampcode.com"}).endpoint == "other"


def test_fields_are_kept_as_they_were_sent() -> None:
    assert look(f"GET {AMP}/api/threads/T-1%20x").fields == {"threadId": "T-1%20x"}
    assert look(f"GET {AMP}/base/api/threads/T-1", amp_url=f"{AMP}/base").fields == {"threadId": "T-1"}
    assert look(f"POST {AMP}/api/internal?uploadThread&x").fields == {"method": "uploadThread"}


def test_the_api_of_a_row_of_another_category_is_its_own() -> None:
    row = Endpoint(id="mine", category="realtime", method="GET", path="/live/**", api="amp-connect")
    assert classify(Catalog([row]), "GET", f"{AMP}/live/messages").api == "amp-connect"


def test_where_a_request_goes_is_seen_from_amp_url() -> None:
    assert locate(f"{AMP}/b/c?d", amp_url=f"{AMP}/b") == (True, "ampcode.com", "/c", "d")
    assert locate(f"{AMP}/c", amp_url=f"{AMP}/b") == (True, "ampcode.com", None, "")
    assert locate("https://a.example/c") == (False, "a.example", "/c", "")


_texts = (
    st.text()
    | st.text("ampcode.com/api:@\\%2eE[]?#&;-").map(lambda text: f"https://{text}")
    | st.text("./%2eE5Ff;\\").map(lambda p: f"{AMP}/api/user{p}")
)


@given(method=st.text(), url=_texts, host=st.none() | st.text(), amp_url=_texts)
@example(method="GET", url="https://h:" + "9" * 5000, host=None, amp_url=AMP)
@example(method="GET", url=f"{AMP}/" + "a/" * 100_000, host=None, amp_url=AMP)
@example(method="GET", url=f"{AMP}/api/\ud800", host="\udfff", amp_url=AMP)
def test_nothing_raises(method: str, url: str, host: str | None, amp_url: str) -> None:
    found = classify(CATALOG, method, url, None if host is None else {"Host": host}, amp_url)
    assert found.known is (found.catalog is not None)


@given(tail=st.text("./%2eE5Ff;\\x"))
def test_no_tail_turns_one_row_into_another(tail: str) -> None:
    """Whatever follows a known path, it stays in its row or is in none."""
    for path, method in (("/api/user", "GET"), ("/api/provider/anthropic", "POST"), ("/api/internal/github-proxy/repos", "GET")):
        own = look(f"{method} {AMP}{path}").endpoint
        assert look(f"{method} {AMP}{path}{tail}").endpoint in (own, "amp.unknown", "provider.unknown")


BENEATH = [
    ("/api/brand-new", "central.new", "telemetry", "evil"),
    ("/api/provider/mistral/v1/chat/completions", "central.mistral", "inference", "mistral"),
    ("/api/telemetry", "telemetry", "telemetry", None),
    ("/api/provider/anthropic/v1/messages", "provider.anthropic", "inference", "anthropic"),
    ("/api//telemetry", "amp.unknown", "other", None),
    ("/api/x/../telemetry", "amp.unknown", "other", None),
]


@pytest.mark.parametrize(("path", "endpoint", "category", "provider"), BENEATH)
def test_rows_beneath_name_what_nothing_else_knows_and_no_more(path: str, endpoint: str, category: str, provider: str | None) -> None:
    """A catalog by URL that claims everything, each with another category and provider."""
    more = {"provider": "evil", "api": "openai-chat", "method": "ALL"}
    rows: list[dict[str, Any]] = [
        {"id": "central.new", "category": "telemetry", "path": "/api/brand-new", **more},
        {"id": "central.mistral", "category": "web", "path": "/api/provider/mistral/**", **more},
        {"id": "central.all", "category": "web", "path": ["/api/telemetry", "/api/provider/anthropic/v1/messages"], **more},
        {"id": "central.odd", "category": "web", "path": "/api/**", **more},
    ]
    beneath = Catalog([resolve(msgspec.convert(row, Endpoint), "central") for row in rows])
    catalog = Catalog(*CATALOG.groups, beneath=beneath)
    found = classify(catalog, "POST", f"https://ampcode.com{path}")
    assert (found.endpoint, found.category, found.provider, found.route) == (endpoint, category, provider, "proxied")
    assert found.api == classify(CATALOG, "POST", f"https://ampcode.com{path}").api


def test_rows_beneath_open_no_host_and_take_no_route() -> None:
    row = {"id": "central.bank", "category": "web", "method": "GET", "path": "/", "host": "bank.example", "route": "direct"}
    catalog = Catalog(*CATALOG.groups, beneath=Catalog([resolve(msgspec.convert(row, Endpoint), "central")]))
    assert not catalog.has("bank.example") and "central.bank" in catalog.ids
    assert classify(catalog, "GET", "https://bank.example/").route == "external"
    assert classify(catalog, "GET", "https://bank.example/").endpoint == "central.bank"
