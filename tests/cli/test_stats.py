import csv
import io
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.ledger import NOON, make_flow

from amp_addons.ledger.row import row_of
from amp_addons.ledger.table import Table


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The ledger at its default place, with three flows, open in a writer as a proxy has it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "amp-addons").mkdir(mode=0o700)
    path = tmp_path / "amp-addons" / "ledger.sqlite"
    with closing(Table(path)) as table:
        flows = [make_flow(), make_flow(NOON + 86_400, model="gpt-5.1", end={"status": 500}), make_flow(NOON, model=None, stream=False)]
        table.append([row_of(flow) for flow in flows])
        yield path


def test_table_into_a_pipe_has_no_colours(run: Any, ledger: Path) -> None:
    status, out, err = run("stats")
    assert (status, err) == (0, "") and "\x1b" not in out
    assert [line.split()[:3] for line in out.splitlines()] == [
        ["model", "flows", "errors"],
        ["claude-sonnet-4-5", "1", "-"],
        ["gpt-5.1", "1", "1"],
        ["(no", "model)", "1"],
        ["3", "models", "3"],
    ]


def test_json_has_the_same_facts(run: Any, ledger: Path) -> None:
    status, out, err = run("stats", "--json", "--by", "day", "--since", "2026-10-30T00:00Z")
    found = json.loads(out)
    assert (status, err, found["by"], found["since_ms"], found["until_ms"]) == (0, "", "day", 1_793_318_400_000, None)
    assert [(group["key"], group["flows"], group["errors"]) for group in found["groups"]] == [("2026-11-01", 2, 0), ("2026-11-02", 1, 1)]
    assert found["total"]["tokens_input"] == 20 and found["total"]["cost_usd"] == 0.5


@pytest.mark.parametrize(
    ("args", "flows"),
    [
        (("--since", "2026-11-02T00:00Z"), 1),
        (("--until", "2026-11-02T00:00Z"), 2),
        (("--since", "2026-11-01T12:00Z", "--until", "2026-11-02T12:00Z"), 2),
    ],
)
def test_span(run: Any, ledger: Path, args: tuple[str, ...], flows: int) -> None:
    assert json.loads(run("stats", "--json", *args)[1])["total"]["flows"] == flows


def test_exports(run: Any, ledger: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("stats", "--export", "csv")[1])))
    lines = [json.loads(line) for line in run("stats", "--export", "jsonl", "--until", "2026-11-02T00:00Z")[1].splitlines()]
    assert [row["model"] for row in rows] == ["claude-sonnet-4-5", "", "gpt-5.1"]
    assert [line["model"] for line in lines] == ["claude-sonnet-4-5", None]


def test_file_of_the_option(run: Any, ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/no/such/place")
    assert run("stats", "--ledger", str(ledger))[0] == 0


def test_missing_ledger_says_what_to_do(run: Any, tmp_path: Path) -> None:
    status, out, err = run("stats", "--ledger", str(tmp_path / "no.sqlite"))
    assert (status, out) == (1, "") and "there is no ledger at" in err and "amp-addons run" in err
    assert list(tmp_path.iterdir()) == []


def test_no_flows_in_that_time_is_said(run: Any, ledger: Path) -> None:
    status, out, err = run("stats", "--since", "2031-01-01")
    assert (status, out) == (0, "") and "no flows in the ledger in that time" in err


def test_file_that_is_no_ledger_is_told(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("my notes\n" * 1000)
    status, out, err = run("stats", "--ledger", str(tmp_path / "a"))
    assert (status, out) == (1, "") and "is no SQLite database" in err


def test_damaged_rows_are_told_and_not_a_mistake_of_ours(run: Any, ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with ledger.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (ledger.stat().st_size - 4096))
    status, _, err = run("stats")
    assert status == 1 and ("damaged" in err or "malformed" in err), err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--since", "yesterday"), "expected a time ago"),
        (("--by", "colour"), "'colour' is not one of"),
        (("--export", "csv", "--by", "day"), "goes without --by"),
        (("--export", "csv", "--json"), "goes without --json"),
    ],
)
def test_misuse(run: Any, ledger: Path, args: tuple[str, ...], message: str) -> None:
    status, out, err = run("stats", *args)
    assert (status, out) == (2, "") and message in err


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("no_color", [False, True])
def test_on_a_terminal(on_terminal: Callable[..., str], ledger: Path, columns: int, no_color: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm-256color"}
    out = on_terminal(columns, environment | ({"NO_COLOR": "1"} if no_color else {}), "stats")
    assert ("\x1b[" in out) is not no_color
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    assert max(map(len, lines)) <= columns and "█" in lines[1]
