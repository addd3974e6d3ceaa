import json
from pathlib import Path
from typing import Any

import pytest


def test_the_row_and_why(run: Any) -> None:
    status, out, err = run("classify", "GET", "https://ampcode.com/api/threads/T-1")
    assert (status, err) == (0, "")
    assert (
        out
        == """\
endpoint  threads.get
category  threads
provider  -
route     proxied
api       -
catalog   classic
source    main.js:6457
known     yes
threadId  T-1
row       GET /api/threads/{threadId}
why       it goes to amp.url (ampcode.com)
          GET /api/threads/{threadId} is the most specific row for it
"""
    )


def test_what_is_nearest_to_the_unknown(run: Any) -> None:
    status, out, _ = run("classify", "DELETE", "/api/user")
    assert status == 0
    assert "endpoint  amp.unknown\n" in out
    assert out.endswith("row       -\nwhy       user.get has this path, with another method: GET /api/user\n")


def test_json(run: Any) -> None:
    _, out, _ = run("classify", "POST", "https://ampcode.com/api/internal?getUserInfo", "--json")
    found = json.loads(out)
    assert found | {"why": None} == {
        "endpoint": "internal.rpc",
        "category": "internal",
        "provider": None,
        "route": "proxied",
        "api": None,
        "catalog": "observed",
        "source": "seen in 0.0.1767830505, 0.0.1773432280, 0.0.1790142911",
        "known": True,
        "fields": {"method": "getUserInfo"},
        "row": "POST /api/internal?{method}",
        "why": None,
    }


@pytest.mark.parametrize(
    ("args", "endpoint"),
    [
        (["GET", "/api/user", "-H", "Host: evil.example"], "other"),
        (["GET", "/api/user", "-H", "X-Other: 1", "--header", "host: ampcode.com"], "user.get"),
        (["GET", "http://127.0.0.1:9/b/api/user", "--amp-url", "http://127.0.0.1:9/b"], "user.get"),
        (["GET", "https://ampcode.com/api/user", "--amp-url", "http://127.0.0.1:9/b"], "other"),
    ],
)
def test_headers_and_amp_url(run: Any, args: list[str], endpoint: str) -> None:
    status, out, _ = run("classify", *args)
    assert status == 0
    assert out.startswith(f"endpoint  {endpoint}\n")


def test_amp_url_is_taken_from_the_environment(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMP_URL", "https://amp.corp.example")
    assert run("classify", "GET", "https://amp.corp.example/api/user")[1].startswith("endpoint  user.get\n")
    assert run("classify", "GET", "https://ampcode.com/api/user")[1].startswith("endpoint  other\n")


def test_a_catalog_of_ones_own(run: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("endpoints: [{id: corp, category: other, method: GET, path: /corp}]")
    assert run("classify", "GET", "/corp", "--catalog", str(mine))[1].startswith("endpoint  corp\n")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_nothing_of_the_url_steers_the_terminal_or_shows_a_key(run: Any, form: list[str]) -> None:
    key = "sk-" + "ant-" + "x1" * 20
    for url in (f"/api/threads/{key}", f"/api/threads/\x1b[2J{key}", f"https://\x9b{key}/"):
        _, out, _ = run("classify", "GET", url, *form)
        assert not {"\x1b", "\x9b"} & set(out) and key not in out
