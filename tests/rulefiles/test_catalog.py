"""The shipped catalogs: every row of the endpoint document and what later versions were seen to send; and catalogs of the user's own."""

from typing import Any

import pytest

from amp_addons.core.catalog import Catalog as Index
from amp_addons.rulefiles.catalog import Catalog, CatalogFile, classify
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.shipped import shipped

AMP = "https://ampcode.com"
A, B, N = "0.0.1767830505", "0.0.1773432280", "0.0.1790142911"

# (method, URL) -> (endpoint, category, provider, route, api, source), row by row as the document has them.
DOCUMENT = [
    ("POST", "/api/provider/anthropic", "provider.anthropic", "inference", "anthropic", "proxied", "anthropic-messages", "main.js:1225"),
    ("POST", "/api/provider/openai", "provider.openai", "inference", "openai", "proxied", "openai-chat", "main.js:1930"),
    ("POST", "/api/provider/openai/v1", "provider.openai", "inference", "openai", "proxied", "openai-chat", "main.js:1930"),
    ("POST", "/api/provider/google", "provider.google", "inference", "google", "proxied", "google-generatecontent", "main.js:1295"),
    ("POST", "/api/provider/xai/v1", "provider.xai", "inference", "xai", "proxied", "openai-chat", "main.js:1939"),
    ("POST", "/api/provider/cerebras", "provider.cerebras", "inference", "cerebras", "proxied", "openai-chat", "main.js:1930"),
    ("POST", "/api/provider/groq", "provider.groq", "inference", "groq", "proxied", "openai-chat", "main.js:1931"),
    ("POST", "/api/provider/supernova/v1", "provider.supernova", "inference", "supernova", "proxied", "openai-chat", "main.js:1939"),
    ("POST", "https://openrouter.ai/api/v1", "provider.openrouter", "inference", "openrouter", "direct", "openai-chat", "main.js:1937"),
    ("GET", "/api/user", "user.get", "user", None, "proxied", None, "main.js:6460"),
    ("GET", "/api/threads?createdByUserID=u-1", "threads.list", "threads", None, "proxied", None, "main.js:6461"),
    ("GET", "/api/threads", "threads.list", "threads", None, "proxied", None, "main.js:6461"),
    ("GET", "/api/threads/T-1", "threads.get", "threads", None, "proxied", None, "main.js:6457"),
    ("POST", "/api/threads", "threads.create", "threads", None, "proxied", None, "main.js:6451"),
    ("GET", "/api/internal/github-auth-status", "github.auth-status", "github", None, "proxied", None, "main.js:5151"),
    ("GET", "/api/internal/github-proxy/repos/o/r/commits", "github.proxy", "github", None, "proxied", None, "main.js:4859"),
    ("POST", "/api/internal/github-proxy/search/commits", "github.proxy", "github", None, "proxied", None, "main.js:4859"),
    ("DELETE", "/api/internal/github-proxy/repos/o/r", "github.proxy", "github", None, "proxied", None, "main.js:4859"),
]


@pytest.mark.parametrize(("method", "url", "endpoint", "category", "provider", "route", "api", "source"), DOCUMENT)
def test_every_row_of_the_document(
    method: str, url: str, endpoint: str, category: str, provider: str | None, route: str, api: str | None, source: str
) -> None:
    found = classify(method, url if url.startswith("https:") else AMP + url)
    assert (found.endpoint, found.category, found.provider, found.route, found.api) == (endpoint, category, provider, route, api)
    assert (found.catalog, found.source, found.known) == ("classic", source, True)


def test_connect_and_the_telemetry_patterns_of_the_document() -> None:
    found = classify("GET", f"{AMP}/api/connect")
    assert (found.endpoint, found.category, found.api, found.catalog) == ("connect", "realtime", "amp-connect", "classic")
    for path in ("/api/otel/v1/metrics", "/api/telemetry", "/api/internal/telemetry", "/api/events", "/api/analytics"):
        found = classify("GET", AMP + path)
        assert (found.endpoint, found.category, found.catalog) == ("telemetry", "telemetry", "classic")


@pytest.mark.parametrize(
    ("request_", "endpoint", "category", "versions"),
    [
        ("POST /api/internal?getUserInfo", "internal.rpc", "internal", [A, B, N]),
        ("POST /api/internal?aMethodOfTomorrow", "internal.rpc", "internal", [A, B, N]),
        ("GET /api/threads/T-1.md", "threads.get", "threads", [A, B]),
        ("GET /api/threads/find?q=x&limit=5", "threads.find", "threads", [A, B]),
        ("GET /api/threads/find", "threads.find", "threads", [A, B]),
        ("POST /api/threads/sync", "threads.sync", "threads", [A, B]),
        ("GET /api/skills?mine=true&limit=100", "skills", "internal", [A]),
        ("PATCH /api/skills/s-1", "skills", "internal", [A]),
        ("POST /api/durable-thread-workers", "durable-thread-workers", "threads", [B, N]),
        ("GET /api/durable-thread-workers/T-1", "durable-thread-workers", "threads", [B, N]),
        ("POST /api/attachments/resumable", "attachments.resumable", "threads", [N]),
        ("POST /api/thread-imports", "thread-imports", "threads", [N]),
        ("POST /api/user-actor-credentials", "user-actor-credentials", "user", [N]),
        ("POST /api/orb-spawner/x", "orb-spawner", "internal", [N]),
        ("GET /api/auth", "auth", "user", [N]),
        ("GET /api/meta", "meta", "internal", [N]),
        ("GET /api/ads", "ads", "internal", [N]),
        ("POST /api/otel", "otel", "telemetry", [N]),
        ("POST /api/tab", "tab", "internal", [N]),
        ("POST /api/telemetry", "telemetry", "telemetry", [A, B, N]),
        ("GET /auth/cli-login?authToken=x", "web.cli-login", "web", [A, B]),
        ("GET /threads/T-1", "web.threads", "web", [A, B, N]),
        ("GET /docs", "web.docs", "web", [N]),
        ("GET /settings", "web.settings", "web", [A, B, N]),
        ("POST /api/provider/fireworks/v1/chat/completions", "provider.fireworks", "inference", [A, B]),
        ("POST /api/provider/baseten/v1/chat/completions", "provider.baseten", "inference", [B]),
        ("POST /api/provider/kimi/chat/completions", "provider.kimi", "inference", [B]),
        ("GET /api/provider/cerebras/v1/tcp_warming", "provider.cerebras", "inference", [A]),
        ("POST /api/thread-actors", "thread-actors", "threads", [N]),
        ("GET /actors/gateway/threadActor/websocket/?rvt-x=1", "thread-actors.websocket", "realtime", [N]),
        ("GET /socket.io/?EIO=4&transport=websocket", "socket.io", "realtime", [A]),
        ("GET https://static.ampcode.com/cli-version.txt", "update.version", "update", [N]),
        ("GET https://production.ampworkers.com/threads", "workers", "threads", [B]),
        ("POST https://production.ampworkers.com/threads/T-1/import", "workers", "threads", [B]),
        ("GET https://registry.npmjs.org/@sourcegraph/amp/latest", "update.npm", "update", [A, B, N]),
        ("GET https://registry.npmjs.org/@sourcegraph%2famp", "update.npm", "update", [A, B, N]),
        ("GET https://storage.googleapis.com/amp-public-assets-prod-0/ripgrep/x", "update.download", "update", [A, B]),
        ("GET https://statuspage.incident.io/amp", "status-page", "web", [N]),
        ("POST https://auth.openai.com/oauth/token", "openai-login", "user", [N]),
        ("GET https://gitlab.com/api/v4/projects", "gitlab.api", "web", [A]),
    ],
)
def test_every_row_that_later_versions_added(request_: str, endpoint: str, category: str, versions: list[str]) -> None:
    method, _, url = request_.partition(" ")
    found = classify(method, url if url.startswith("https:") else AMP + url)
    assert (found.endpoint, found.category, found.catalog, found.known) == (endpoint, category, "observed", True)
    assert found.source == f"seen in {', '.join(versions)}"
    assert found.route == ("external" if url.startswith("https:") else "proxied")


@pytest.mark.parametrize(
    "request_",
    ["GET https://registry.npmjs.org/left-pad", "GET https://storage.googleapis.com/evil/x", "POST https://static.ampcode.com/x"],
)
def test_a_shared_host_is_known_only_where_it_is_amps(request_: str) -> None:
    method, _, url = request_.partition(" ")
    assert (found := classify(method, url)).endpoint == "other" and not found.known


def test_the_procedure_is_a_field() -> None:
    assert classify("POST", f"{AMP}/api/internal?uploadThread").fields == {"method": "uploadThread"}


def test_the_facts_of_the_document_are_kept() -> None:
    classic = CatalogFile.load(shipped("catalog", "classic.yaml"))
    rows = {row.id: row for row in classic.endpoints}
    assert classic.version == "0.0.1761153678-gfa55cf"
    assert classic.amp_url == {"default": AMP, "setting": "amp.url", "environment": "AMP_URL"}
    assert rows["provider.anthropic"].sdk == "@anthropic-ai/sdk"
    assert rows["provider.xai"].models == ("Grok Beta", "Grok 2")
    assert all(row.streaming for row in classic.endpoints if row.category == "inference" or row.id == "connect")
    assert set(rows["connect"].events) == {"user-message", "approve-tool", "reject-tool", "disconnect"}
    assert rows["provider.openrouter"].settings.keys() | rows["provider.openrouter"].environment.keys() == {
        "amp.openrouter.apiKey",
        "OPENROUTER_API_KEY",
    }
    proxy: dict[str, Any] = classic.facts["proxy"]
    assert list(proxy["proxied"]["patterns"]) == [
        f"{{amp.url}}/api/{tail}" for tail in ("provider/*", "user", "threads*", "internal/*", "connect")
    ]
    assert list(proxy["direct"]["patterns"]) == ["https://openrouter.ai/api/v1/*"]
    assert [entry["name"] for entry in proxy["environment"]] == ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS", "AMP_URL"]
    assert [entry["host"] for entry in proxy["firewall"]["outbound"]] == ["ampcode.com", "openrouter.ai"]
    assert list(classic.facts["streaming"]["events"])[:2] == ["message_start", "content_block_start"]
    assert classic.facts["telemetry"]["status"] == "NOT FOUND"
    assert {header["name"] for header in classic.facts["headers"]["proxied"]} >= {"amp-application", "amp-message-id", "x-amp-stream"}


def test_rows_of_the_document_know_the_later_versions_that_use_them() -> None:
    seen = {row.id: row.versions for row in Catalog.load().endpoints if row.catalog == "classic"}
    assert seen["provider.anthropic"] == (A, B)
    assert seen["provider.cerebras"] == (A,)
    assert seen["provider.supernova"] == seen["user.get"] == ()
    observed = CatalogFile.load(shipped("catalog", "observed.yaml"))
    assert {entry.endpoint for entry in observed.seen} == set(seen)
    assert {version for row in observed.endpoints for version in row.versions} == set(observed.clients) == {A, B, N}


def test_a_users_catalog_comes_on_top(write: Any) -> None:
    mine = write(
        """
        endpoints:
          - {id: corp.user, category: user, method: GET, path: /api/user}
          - {id: corp.login, category: internal, method: POST, path: "/api/internal?login"}
          - {id: corp.gateway, category: inference, method: POST, host: "llm.corp.example:8443", path: /v1/**, provider: corp}
        """
    )
    catalog = Catalog.load(mine)
    found = classify("GET", f"{AMP}/api/user", catalog=catalog)
    assert (found.endpoint, found.catalog, found.source) == ("corp.user", "user", None)
    assert classify("POST", f"{AMP}/api/internal?login", catalog=catalog).endpoint == "corp.login"
    assert classify("POST", f"{AMP}/api/internal?getUserInfo", catalog=catalog).endpoint == "internal.rpc"
    found = classify("POST", "https://llm.corp.example:8443/v1/chat/completions", catalog=catalog)
    assert (found.endpoint, found.provider, found.route, found.api) == ("corp.gateway", "corp", "external", "openai-chat")
    assert classify("GET", f"{AMP}/api/user").endpoint == "user.get"


def test_of_several_catalogs_the_last_wins(tmp_path: Any) -> None:
    paths = [tmp_path / name for name in ("a.yaml", "b.yaml")]
    for path in paths:
        path.write_text(f"catalog: {path.stem}\nendpoints: [{{id: mine, category: user, method: GET, path: /api/user}}]")
    assert classify("GET", f"{AMP}/api/user", catalog=Catalog.load(*paths)).catalog == "b"
    assert classify("GET", f"{AMP}/api/user", catalog=Catalog.load(*reversed(paths))).catalog == "a"


def test_all_that_is_wrong_with_a_catalog_is_said_with_its_place(write: Any) -> None:
    bad = write(
        """\
catalog: mine
endpoint: []
endpoints:
  - id: a
    category: inferense
    method: get
    path: [/x, y]
  - id: a
    category: user
    category: threads
    method: []
    path: /x/{
    host: EXAMPLE.com
  - {id: other, category: user, method: GET, path: /x}
  - {id: b, category: user, method: GET, path: /x, route: direct}
"""
    )
    with pytest.raises(RuleFileError) as error:
        Catalog.load(bad)
    places = [(problem.line, problem.path) for problem in error.value.problems]
    assert places == [
        (2, "endpoint"),
        (5, "endpoints[0].category"),
        (6, "endpoints[0].method"),
        (7, "endpoints[0].path[1]"),
        (8, "endpoints[1].id"),
        (10, "endpoints[1].category"),
        (11, "endpoints[1].method"),
        (12, "endpoints[1].path"),
        (13, "endpoints[1].host"),
        (14, "endpoints[2].id"),
        (15, "endpoints[3].route"),
    ]
    assert "Did you mean 'inference'?" in str(error.value)


def test_classify_takes_any_index_and_amp_url() -> None:
    assert classify("GET", f"{AMP}/api/user", catalog=Index()).endpoint == "amp.unknown"
    assert classify("GET", "http://127.0.0.1:9/b/api/user", amp_url="http://127.0.0.1:9/b").endpoint == "user.get"
    assert classify("GET", "/api/user", {"Host": "ampcode.com"}).endpoint == "user.get"
