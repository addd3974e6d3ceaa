import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_into_a_pipe_each_path_is_a_line_with_all_columns(run: Any) -> None:
    status, out, err = run("catalog")
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["METHOD", "PATH", "ENDPOINT", "CATEGORY", "PROVIDER", "ROUTE", "API", "CATALOG", "SOURCE"] in lines
    assert ["GET", "/api/user", "user.get", "user", "-", "proxied", "-", "classic", "main.js:6460"] in lines
    assert [line[:3] for line in lines].count(["POST", "openrouter.ai/api/v1/**", "provider.openrouter"]) == 1
    assert not any(line.endswith(" ") or "\x1b" in line for line in out.splitlines())


def test_json_has_every_fact(run: Any) -> None:
    status, out, err = run("catalog", "--json")
    assert (status, err) == (0, "")
    facts = json.loads(out)
    assert [catalog["catalog"] for catalog in facts["catalogs"]] == ["classic", "observed"]
    assert facts["catalogs"][0]["facts"]["proxy"]["firewall"]["inbound"].startswith("No inbound ports")
    rows = {(row["catalog"], row["id"]): row for row in facts["endpoints"]}
    assert rows["classic", "provider.openrouter"]["route"] == "direct"
    assert rows["observed", "internal.rpc"]["versions"] == ["0.0.1767830505", "0.0.1773432280", "0.0.1790142911"]


def test_files_come_on_top(run: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("catalog: mine\ntitle: Our own\nendpoints: [{id: corp, category: other, method: GET, path: /corp}]")
    _, out, _ = run("catalog", str(mine))
    assert "mine  Our own\n" in out
    assert out.rstrip().splitlines()[-1].split() == ["GET", "/corp", "corp", "other", "-", "proxied", "-", "mine", "-"]


def test_a_bad_file_is_named_with_its_place(run: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("endpoints:\n  - {id: a, category: usr, method: GET, path: /a}\n")
    status, out, err = run("catalog", str(bad))
    assert (status, out) == (1, "")
    assert err.startswith(f"Error: {bad}:2:23: endpoints[0].category: found 'usr', expected one of ")


@pytest.mark.parametrize(("columns", "wide"), [(80, False), (240, True)])
@pytest.mark.parametrize("no_color", [False, True])
def test_on_a_terminal_no_line_is_longer_than_it(on_terminal: Callable[..., str], columns: int, wide: bool, no_color: bool) -> None:
    environment = {**os.environ, "TERM": "xterm-256color"} | ({"NO_COLOR": "1"} if no_color else {})
    environment = {name: value for name, value in environment.items() if no_color or name != "NO_COLOR"}
    out = on_terminal(columns, environment, "catalog")
    assert ("\x1b[36m" in out) is not no_color  # cyan, for inference
    text = _without_styles(out)
    assert max(map(len, text.splitlines())) <= columns
    assert ("CATEGORY" in text) is wide
    assert "/api/internal/github-proxy/**" in text


def _without_styles(text: str) -> str:
    return "".join(part.partition("m")[2] if place else part for place, part in enumerate(text.split("\x1b[")))
