"""Section 9's patterns, literally; and what they miss."""

from collections.abc import Callable
from typing import Any

import pytest

from amp_addons.admin.egress import Egress
from amp_addons.admin.urls import Url, globs, text, urls
from amp_addons.rulefiles.catalog import Catalog

type Load = Callable[[str], Catalog]


def found(load: Load, amp_url: str = "https://ampcode.com", content: str = "") -> tuple[Url, ...]:
    catalog = load(content)
    return urls(catalog, Egress.of(catalog, amp_url, "amp-addons 9"))


@pytest.mark.parametrize("amp_url", ["https://ampcode.com", "http://amp.corp.example:8080/base"])
def test_the_patterns_of_section_9_come_first_in_their_groups(load: Load, amp_url: str) -> None:
    documented = [(url.way, url.need, url.pattern) for url in found(load, amp_url) if url.documented]
    assert documented == [
        ("must-proxy", "required", f"{amp_url}/api/provider/*"),
        ("must-proxy", "required", f"{amp_url}/api/user"),
        ("must-proxy", "required", f"{amp_url}/api/threads*"),
        ("must-proxy", "required", f"{amp_url}/api/internal/*"),
        ("must-proxy", "required", f"{amp_url}/api/connect"),
        ("must-allow", "optional", "https://openrouter.ai/api/v1/*"),
    ]


def test_what_section_9_misses_is_there(load: Load) -> None:
    beside = {url.pattern: url for url in found(load) if not url.documented}
    rpc = beside["https://ampcode.com/api/internal?*"]
    assert (rpc.way, rpc.need, rpc.endpoints) == ("must-proxy", "required", ("internal.rpc",))
    assert (beside["https://production.ampworkers.com/*"].need, beside["https://static.ampcode.com/*"].need) == ("required", "optional")
    assert beside["https://ampcode.com/actors/gateway/threadActor/websocket/*"].websocket
    assert beside["https://ampcode.com/api/telemetry"].need == "optional"
    assert beside["https://ampcode.com/auth/cli-login"].need == "required"
    assert "https://openrouter.ai/api/v1" not in beside
    assert not any(pattern.startswith(("https://ampcode.com/api/threads", "https://ampcode.com/api/provider/")) for pattern in beside)


def test_a_pattern_says_what_its_rows_say(load: Load) -> None:
    by_pattern = {url.pattern: url for url in found(load)}
    connect = by_pattern["https://ampcode.com/api/connect"]
    assert (connect.purpose, connect.streaming, connect.websocket) == ("SSE connection", True, True)
    assert connect.versions == ("0.0.1761153678-gfa55cf", "0.0.1773432280", "0.0.1790142911")
    assert by_pattern["https://ampcode.com/api/provider/*"].streaming


@pytest.mark.parametrize(
    ("path", "patterns"),
    [
        ("/api/user", ["/api/user"]),
        ("/api/groq/**", ["/api/groq", "/api/groq/*"]),
        ("/**", ["/*"]),
        ("/api/threads/{threadId}.md", ["/api/threads/*.md"]),
        ("/api/internal?{method}", ["/api/internal?*"]),
        ("/", ["/"]),
    ],
)
def test_paths_as_patterns(path: str, patterns: list[str]) -> None:
    assert list(globs(path)) == patterns


def test_a_users_rows_and_facts_count(load: Load) -> None:
    content = """\
endpoints: [{id: gw, category: inference, method: POST, path: /v1/**, host: "gw.corp.example:8443"}]
facts: {proxy: {direct: {patterns: {"https://gw.corp.example:8443/*": Our gateway}}}}
"""
    [gateway] = [url for url in found(load, content=content) if "gw.corp" in url.pattern]
    assert (gateway.pattern, gateway.purpose, gateway.documented) == ("https://gw.corp.example:8443/*", "Our gateway", True)
    with pytest.raises(ValueError, match=r"catalog mine, facts.proxy: Expected `str"):
        found(load, content="facts: {proxy: {direct: {patterns: {x: [1]}}}}\n")


def test_comments_and_a_pattern_a_line(load: Any) -> None:
    catalog = load("")
    egress = Egress.of(catalog, "https://ampcode.com", "amp-addons 9")
    lines = list(text(egress, urls(catalog, egress)))
    patterns = [line for line in lines if not line.startswith("#")]
    assert patterns == [url.pattern for url in urls(catalog, egress)]
    assert sum("section 9" in line for line in lines) == 4
    assert "# required; All model inference; server-sent events;" in "\n".join(lines)
