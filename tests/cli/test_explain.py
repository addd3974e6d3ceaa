import io
import json
from pathlib import Path
from typing import Any

import pytest

KEY = "sk-" + "ant-" + "x1" * 20
RULES = """\
version: 1
upstreams:
  up: {url: "http://127.0.0.1:4000/v", strip_path: /api/provider/anthropic, credential: {header: x-api-key, env: UP_KEY}}
rules:
- {id: seen, mode: observe, match: {path: "/api/**"}, then: {alert: true}}
- {id: other, match: {host: other.example}, then: {block: true}}
- {id: map, match: {model: claude-*}, then: {model: small}}
- {id: away, match: {endpoint: provider.anthropic}, then: {route: up}}
- {id: late, match: {client: 10.0.0.0/8}, then: {block: true}}
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("UP_KEY", "k-" + "y2" * 20)
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return str(path)


@pytest.fixture
def body(tmp_path: Path) -> str:
    path = tmp_path / "body.json"
    path.write_text('{"model": "claude-x"}')
    return str(path)


REQUEST = (
    "POST",
    f"/api/provider/anthropic/v1/messages?a=1&token={KEY}",
    "-H",
    f"Authorization: Bearer {KEY}",
    "-H",
    "Accept: a",
    "-H",
    "Accept: b",
)


def test_a_routed_request(run: Any, rules: str, body: str) -> None:
    status, out, err = run("explain", *REQUEST, "--rules", rules, "--body", body)
    assert (status, err) == (0, "")
    assert (
        out
        == """\
POST https://ampcode.com/api/provider/anthropic/v1/messages?a=1&token=***
provider.anthropic · inference · anthropic · proxied · anthropic-messages

~ seen   observed    alert
○ other  no match    by host
✓ map    matched     change: model small
✓ away   matched     route: to up
· late   not reached no match by client

It goes to up, by rule away.
Model claude-x becomes small; in the answer it is claude-x again.
Credential env:UP_KEY goes to up in x-api-key.
Of the client's credentials these are dropped: authorization, ?token.
Alerts: rule seen matched.

                            as it came                                                            as it is sent
~ url                       https://ampcode.com/api/provider/anthropic/v1/messages?a=1&token=***  http://127.0.0.1:4000/v/v1/messages?a=1
- ?token                    ***
~ host                      ampcode.com                                                           127.0.0.1:4000
- Authorization             ***
  Accept                    a                                                                     a
  Accept                    b                                                                     b
+ x-api-key                                                                                       *** (env:UP_KEY)
+ content-length                                                                                  18
+ accept-encoding                                                                                 identity
~ body                      21 bytes                                                              18 bytes
~ /model                    "claude-x"                                                            "small"
"""
    )


def test_the_body_comes_from_standard_input(run: Any, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"model": "claude-x"}')))
    assert "Model claude-x becomes small" in run("explain", "POST", "/api/x", "--rules", rules, "--body", "-")[1]


def test_json(run: Any, rules: str, body: str) -> None:
    status, out, _ = run("explain", *REQUEST, "--rules", rules, "--body", body, "--client", "10.1.1.1", "--json")
    found = json.loads(out)
    assert (status, found["request"]["endpoint"]) == (0, "provider.anthropic")
    assert [(rule["rule"], rule["matched"], rule["reached"], rule["failed"]) for rule in found["rules"]] == [
        ("seen", True, True, None),
        ("other", False, True, "host"),
        ("map", True, True, None),
        ("away", True, True, None),
        ("late", True, False, None),
    ]
    assert (found["result"]["credential"], found["result"]["dropped_credentials"]) == ("env:UP_KEY", ["authorization", "?token"])
    assert {"part": "body", "name": "/model", "before": '"claude-x"', "after": '"small"', "change": "changed"} in found["lines"]


def test_what_cannot_be_decided_is_refused_as_the_proxy_refuses_it(run: Any, rules: str, tmp_path: Path) -> None:
    twice = tmp_path / "twice.json"
    twice.write_text('{"model": "a", "model": "b"}')
    _, out, _ = run("explain", "POST", "/api/x", "--rules", rules, "--body", str(twice))
    assert "✗ map    undecided   in the body a key on the way of /model stands twice" in out
    assert "It is refused here with status 400, by rule map." in out
    assert "as it is sent" not in out


def test_without_rules_all_stays(run: Any) -> None:
    _, out, _ = run("explain", "GET", "/api/user")
    assert "There are no rules." in out and "It goes where the client sends it." in out


def test_keys_are_needed_or_placeholders(run: Any, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UP_KEY")
    status, _, err = run("explain", *REQUEST, "--rules", rules)
    assert status == 1 and "UP_KEY, which is not set" in err
    assert run("explain", *REQUEST, "--rules", rules, "--placeholder-credentials")[0] == 0


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_nothing_of_the_request_steers_the_terminal_or_shows_a_key(run: Any, rules: str, body: str, form: list[str]) -> None:
    Path(body).write_text(json.dumps({"model": f"claude- {KEY}\x9b", "api_key": "plain-" + "secret"}))
    hostile = ["-H", f"X-\x1b[2J: a\x1b[2J {KEY}", "-H", "Cookie: plain-" + "secret"]
    for url in (f"/api/provider/anthropic/{KEY}?x=\x1b[2J&auth=plain-secret", "/\x9b\u202e"):
        _, out, err = run("explain", "POST\x1b", url, *hostile, "--rules", rules, "--body", body, *form)
        assert out and not {"\x1b", "\x9b", "\u202e"} & set(out + err)
        assert KEY not in out + err and "plain-secret" not in out + err and "y2y2" not in out + err


def test_a_client_is_an_address(run: Any) -> None:
    status, out, err = run("explain", "GET", "/api/user", "--client", "here")
    assert (status, out) == (2, "") and "found 'here', expected an address such as 10.1.2.3" in err


def test_recorded_flow_is_explained(run, tmp_path):
    from replay.test_scrub_file import KEY, PLAIN, recording

    source = recording(tmp_path / "in")
    code, out, _ = run("explain", "--flow", str(source), "--number", "2")
    assert code == 0 and out.startswith("GET http://address:22/x?token=***") and KEY not in out and PLAIN not in out
    code, _, err = run("explain", "--flow", str(source), "--number", "9")
    assert code == 1 and "has 3 HTTP flows" in err
    code, _, err = run("explain", "GET", "/", "--flow", str(source))
    assert code == 2 and "expected one of them" in err
