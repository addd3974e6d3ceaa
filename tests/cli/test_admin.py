import json
import socket
from pathlib import Path
from typing import Any

import pytest

FORMATS = ["plain", "squid", "nginx", "envoy", "haproxy", "nftables"]
OUTPUTS = [["pac"], ["no-proxy"], ["urls"], *(["allowlist", "--format", name] for name in FORMATS)]
HOSTILE = """\
catalog: mine
version: "1\\nhttp_access allow all\\\\"
endpoints:
  - {id: x, category: other, method: GET, path: /x, host: x.example, needed_for: "a\\u2028b; */ } \\" \\\\\\nlisten 80;\\\\"}
"""


@pytest.mark.parametrize("command", ["pac", "no-proxy", "allowlist", "urls", "haproxy"])
def test_each_has_help_with_an_example(run: Any, command: str) -> None:
    status, out, err = run("admin", command, "--help")
    assert (status, err) == (0, "")
    assert f"amp-addons admin {command}" in out.partition("Usage:")[2].partition("\n")[2]


@pytest.mark.parametrize("command", OUTPUTS, ids=" ".join)
def test_each_output_names_its_catalogs_and_marks_hosts(run: Any, command: list[str]) -> None:
    status, out, _ = run("admin", *command, "--amp-url", "https://amp.corp.example")
    text = " ".join(out.replace("#", " ").replace("//", " ").split())
    assert status == 0
    assert "catalogs classic (client 0.0.1761153678-gfa55cf), observed (client 0.0.1767830505, 0.0.1773432280, 0.0.1790142911)." in text
    assert "required" in text and "optional" in text and "amp.corp.example" in text
    assert "600 s for the first byte" in text and "unbuffered" in text and "WebSocket upgrades" in text
    assert "ampcode.com" not in text.replace("static.ampcode.com", "")


@pytest.mark.parametrize("command", OUTPUTS, ids=" ".join)
def test_a_users_texts_stay_in_comments(run: Any, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "mine.yaml").write_text(HOSTILE)
    status, out, _ = run("admin", *command, "--catalog", str(tmp_path / "mine.yaml"))
    assert status == 0
    assert "\u2028" not in out
    assert not any(line.startswith(("http_access allow all", "listen 80")) or line.endswith("\\") for line in out.splitlines())


def test_notes_say_what_does_not_work(run: Any) -> None:
    assert "read no PAC file" in run("admin", "pac")[2]
    assert "sees addresses only" in run("admin", "allowlist", "--format", "nftables")[2]
    assert "plain http" in run("admin", "urls", "--amp-url", "http://amp.corp.example")[2]
    assert run("admin", "urls", "--amp-url", "http://127.0.0.1:8080")[2] == ""


def test_json(run: Any) -> None:
    egress = json.loads(run("admin", "allowlist", "--json")[1])
    assert egress["hosts"][0]["place"] == {"name": "ampcode.com", "port": 443}
    assert egress["timeouts"]["first_byte"] == 600
    found = json.loads(run("admin", "no-proxy", "--json")[1])
    assert found["must_be_left_out"][0]["entries"][0] == "ampcode.com"
    assert json.loads(run("admin", "urls", "--json")[1])[0]["pattern"] == "https://ampcode.com/api/provider/*"


def test_required_only(run: Any) -> None:
    _, out, _ = run("admin", "allowlist", "--required-only")
    assert [line for line in out.splitlines() if not line.startswith("#")] == ["ampcode.com:443", "production.ampworkers.com:443"]


def test_through_all(run: Any) -> None:
    assert '"openrouter.ai:443": AMP_PROXY' in run("admin", "pac", "--through", "all", "--proxy", "p.example:3128")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["allowlist", "--listen", "127.0.0.1:1"], "--listen is for --format nginx, envoy, haproxy"),
        (["allowlist", "--format", "squid", "--resolve"], "--resolve is for --format nftables"),
        (["allowlist", "--json", "--format", "squid"], "found --json and --format"),
        (["allowlist", "--format", "nginx", "--ca-file", "/a b;"], "expected a path of letters"),
        (["allowlist", "--format", "nginx", "--listen", "x;y:1"], "expected a host name or address with a port"),
        (["haproxy"], "Missing option"),
        (["haproxy", "--proxy", "127.0.0.1"], "expected a host name or address with a port"),
        (["haproxy", "--proxy", "127.0.0.1:1/x"], "perhaps with /PORT of its health"),
        (["haproxy", "--proxy", "h.example:1", "--proxy", "h.example:1/2"], "found h.example:1 more than once"),
        (["haproxy", "--proxy", "127.0.0.1:8080"], "found 127.0.0.1:8080, where a proxy listens"),
        (["pac", "--proxy", 'p";x:1'], "expected a host name or address with a port"),
    ],
)
def test_misuse(run: Any, arguments: list[str], message: str) -> None:
    status, out, err = run("admin", *arguments)
    assert (status, out) == (2, "")
    assert message in err


def test_a_host_that_cannot_be_written_down_is_an_error(run: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("endpoints: [{id: x, category: other, method: GET, path: /x, host: .corp.example}]")
    status, out, err = run("admin", "urls", "--catalog", str(tmp_path / "mine.yaml"))
    assert (status, out) == (1, "")
    assert err.startswith("Error: catalog user, endpoint x, host: found '.corp.example', expected a host name")


def test_facts_in_another_form_are_an_error(run: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("facts: {proxy: {direct: none}}")
    status, _, err = run("admin", "urls", "--catalog", str(tmp_path / "mine.yaml"))
    assert status == 1
    assert err.startswith("Error: catalog user, facts.proxy: ")


def test_resolve_fills_the_sets_or_fails(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one thing replaced is the machine's DNS, which tests must not ask."""

    def look_up(name: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    _, out, _ = run("admin", "allowlist", "--format", "nftables", "--resolve")
    assert "add element inet filter amp_required_443_v4 { 192.0.2.7 }" in out

    def fail(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    status, out, err = run("admin", "allowlist", "--format", "nftables", "--resolve")
    assert (status, out) == (1, "")
    assert err.startswith("Error: ampcode.com was not found (Name or service not known)")
