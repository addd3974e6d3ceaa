import sqlite3
import stat
import threading
import time
from contextlib import closing

import pytest
from support.ledger import NOON, make_flow, read
from support.proxy import until

from amp_addons.ledger import table, writer
from amp_addons.ledger.row import row_of
from amp_addons.ledger.table import Table
from amp_addons.ledger.writer import LedgerWriter


@pytest.fixture(autouse=True)
def patience_with_old_flows(monkeypatch):
    monkeypatch.setattr(table, "MAX_DAYS", 100_000)


def rows(path):
    try:
        return read(path) if path.exists() else []
    except sqlite3.OperationalError:  # the file is there before its table
        return []


@pytest.fixture
def complaints():
    return []


def test_flows_are_there_without_close(path, complaints):
    ledger = LedgerWriter(path, complaints.append)
    ledger.put(make_flow())
    until(lambda: rows(path))
    assert ledger.close() and complaints == []


def test_close_writes_what_waits_and_leaves_one_file(path, complaints):
    ledger = LedgerWriter(path, complaints.append)
    for number in range(1200):
        ledger.put(make_flow(flow=str(number)))
    assert ledger.close(10)
    assert [row["flow"] for row in read(path)] == [str(n) for n in range(1200)]
    assert [file.name for file in path.parent.iterdir()] == ["ledger.sqlite"]
    assert (ledger.dropped, complaints) == (0, [])


def test_file_is_made_with_the_first_flow(path, complaints):
    """A proxy that sees nothing, or only checks its options, leaves no trace."""
    LedgerWriter(path, complaints.append).close()
    assert not path.exists()


def test_own_folder_is_made(tmp_path, complaints):
    path = tmp_path / "state" / "amp-addons" / "ledger.sqlite"
    ledger = LedgerWriter(path, complaints.append, private_folder=True)
    ledger.put(make_flow())
    ledger.close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700 and len(read(path)) == 1


@pytest.mark.parametrize("private", [True, False])
def test_folder_that_is_not_there_or_cannot_be_made_disables(tmp_path, complaints, private):
    (tmp_path / "file").touch()
    ledger = LedgerWriter(tmp_path / "file" / "folder" / "ledger.sqlite", complaints.append, private_folder=private)
    ledger.put(make_flow())
    ledger.close()
    (sentence,) = complaints
    assert "cannot be" in sentence and "The ledger is off from now on" in sentence


def test_fault_disables_with_one_sentence_and_lets_go_of_the_file(path, complaints):
    path.write_bytes(b"my notes\n" * 1000)
    ledger = LedgerWriter(path, complaints.append)
    for number in range(3):
        ledger.put(make_flow(flow=str(number)))
        until(lambda number=number: ledger.dropped == number + 1)
    assert ledger.disabled and ledger.close()
    (sentence,) = complaints
    assert sentence.endswith("is no SQLite database; move it away to begin a new one. The ledger is off from now on, the traffic goes on")


def test_lock_that_stays_disables(path, complaints, monkeypatch):
    monkeypatch.setattr(table, "PATIENCE", 0.1)
    Table(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ledger = LedgerWriter(path, complaints.append)
        ledger.put(make_flow())
        until(lambda: complaints)
        ledger.close()
    assert "kept it locked" in complaints[0]


def test_flood_while_locked_is_bounded_counted_and_told(path, complaints, monkeypatch):
    monkeypatch.setattr(writer, "MAX_WAITING", 5)
    Table(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ledger = LedgerWriter(path, complaints.append)
        for _ in range(12):
            ledger.put(make_flow())
        assert ledger.dropped == 7
        other.execute("ROLLBACK")
        until(lambda: complaints)
    ledger.close()
    assert complaints == ["7 flows are missing in the ledger, because writing was too slow"]
    assert len(read(path)) == 5


def test_old_rows_go_while_new_ones_come(path, complaints, monkeypatch):
    monkeypatch.setattr(table, "STEP", 10)
    with closing(Table(path)) as before:
        before.append([row_of(make_flow(NOON - 400 * 86_400, flow="old"))] * 15)
    monkeypatch.setattr(table, "MAX_DAYS", (time.time() - NOON) / 86_400 + 399)
    ledger = LedgerWriter(path, complaints.append)
    for number in range(2):
        ledger.put(make_flow(flow=str(number)))
        until(lambda number=number: len(read(path, more=f"WHERE flow = '{number}'")) == 1)
    ledger.close()
    assert {row["flow"] for row in read(path)} == {"0", "1"}


def test_thread_ends_with_close(path, complaints):
    LedgerWriter(path, complaints.append).close()
    assert not [thread for thread in threading.enumerate() if thread.name == "amp_addons ledger"]
