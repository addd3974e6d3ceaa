import os
import re
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from support.ledger import NOON, make_flow, read
from support.proxy import ROOT

from amp_addons.ledger import LedgerError, table
from amp_addons.ledger.row import COLUMNS, row_of
from amp_addons.ledger.table import Table, open_readonly

DAY = 86_400


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_rows_come_back_as_they_were_put(path):
    with closing(Table(path)) as ledger:
        ledger.append([row_of(make_flow()), row_of(make_flow(flow="g"))])
    rows = read(path)
    assert [tuple(row[column.name] for column in COLUMNS) for row in rows] == [row_of(make_flow()), row_of(make_flow(flow="g"))]
    assert rows[0]["time"] == "2026-11-01T12:00:00.125Z"


def test_file_and_what_lies_beside_it_are_for_the_owner_only(path):
    before = os.umask(0)
    try:
        with closing(Table(path)) as ledger:
            ledger.append([row_of(make_flow())])
            assert {name: mode(path.parent / name) for name in os.listdir(path.parent)} == {
                "ledger.sqlite": 0o600, "ledger.sqlite-wal": 0o600, "ledger.sqlite-shm": 0o600,
            }  # fmt: skip
    finally:
        os.umask(before)


def test_loose_modes_are_tightened(path):
    with closing(Table(path)):
        for suffix in ("", "-wal", "-shm"):
            os.chmod(f"{path}{suffix}", 0o644)
        Table(path).close()
        assert {mode(f"{path}{suffix}") for suffix in ("", "-wal", "-shm")} == {0o600}


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_links_are_not_followed(path, tmp_path, suffix):
    victim = tmp_path / "victim"
    victim.touch()
    os.symlink(victim, f"{path}{suffix}")
    with pytest.raises(LedgerError, match=re.escape(f"ledger.sqlite{suffix} is a symbolic link")):
        Table(path)
    assert victim.read_bytes() == b""


def test_file_with_a_second_name_is_refused(path, tmp_path):
    path.touch()
    os.link(path, tmp_path / "second")
    with pytest.raises(LedgerError, match="hard links"):
        Table(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_file_of_somebody_else_is_refused(path):
    path.touch()
    os.chown(path, 12345, -1)
    with pytest.raises(LedgerError, match="belongs to another user"):
        Table(path)


def test_what_is_no_database_is_left_alone(path):
    path.write_bytes(b"my notes\n" * 1000)
    for use in (Table, open_readonly):
        with pytest.raises(LedgerError, match="is no SQLite database; move it away"):
            use(path)
    assert path.read_bytes() == b"my notes\n" * 1000


def test_database_of_another_program_is_left_alone(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE t (x)")
    before = path.read_bytes()
    for use in (Table, open_readonly):
        with pytest.raises(LedgerError, match="database of another program"):
            use(path)
    assert path.read_bytes() == before


def test_later_version_is_left_alone(path):
    Table(path).close()
    with closing(sqlite3.connect(path)) as later:
        later.execute("PRAGMA user_version = 2")
    for use in (Table, open_readonly):
        with pytest.raises(LedgerError, match="written by a later amp-addons"):
            use(path)


def test_damaged_file_is_told(path):
    with closing(Table(path)) as ledger:
        ledger.append([row_of(make_flow())] * 500)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(LedgerError, match="is damaged; move it away"), closing(Table(path)) as ledger:
        ledger.append([row_of(make_flow())])


def test_lock_of_another_program_is_waited_for_and_then_told(path, monkeypatch):
    monkeypatch.setattr(table, "PATIENCE", 0.1)
    with closing(Table(path)) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="kept it locked"):
            ledger.append([row_of(make_flow())])
        other.execute("ROLLBACK")
        ledger.append([row_of(make_flow())])
    assert len(read(path)) == 1


def test_batch_that_fails_leaves_nothing_of_it(path):
    good = row_of(make_flow())
    with closing(Table(path)) as ledger:
        with pytest.raises(LedgerError):
            ledger.append([good, good[:-1]])
        ledger.append([good])
    assert len(read(path)) == 1


def test_old_rows_are_deleted_in_steps(path, monkeypatch):
    monkeypatch.setattr(table, "STEP", 10)
    old, young = row_of(make_flow(NOON - 401 * DAY)), row_of(make_flow(NOON - 399 * DAY, flow="young"))
    with closing(Table(path)) as ledger:
        ledger.append([old] * 25 + [young] * 5)
        assert [ledger.prune(int(NOON * 1000)) for _ in range(3)] == [True, True, False]
    assert {row["flow"] for row in read(path)} == {"young"}
    assert len(read(path)) == 5


def test_rows_beyond_the_limit_are_deleted_the_first_first(path, monkeypatch):
    monkeypatch.setattr(table, "STEP", 10)
    monkeypatch.setattr(table, "MAX_ROWS", 20)
    with closing(Table(path)) as ledger:
        ledger.append([row_of(make_flow(flow=str(n))) for n in range(35)])
        assert [ledger.prune(int(NOON * 1000)) for _ in range(2)] == [True, False]
    assert [row["flow"] for row in read(path)] == [str(n) for n in range(15, 35)]


def test_reading_needs_no_writer_and_changes_nothing(path):
    with closing(Table(path)) as ledger:
        ledger.append([row_of(make_flow())])
        with closing(open_readonly(path)) as reader:
            ledger.append([row_of(make_flow())])
            assert reader.execute("SELECT count(*) FROM flows").fetchone() == (2,)
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("DELETE FROM flows")


def test_empty_file_is_told_to_the_reader(path):
    path.touch()
    with pytest.raises(LedgerError, match="there is nothing in it"):
        open_readonly(path)


WRITER = """
import sys
import threading
from support.ledger import make_flow
from amp_addons.ledger.row import row_of
from amp_addons.ledger.table import Table
from pathlib import Path

name, batches = sys.argv[2], int(sys.argv[3])
table = Table(Path(sys.argv[1]))
for number in range(batches):
    table.append([row_of(make_flow(flow=f"{name}-{number}"))] * 10)
    print(number, flush=True)
sys.stdin.read()
"""


def start_writer(path, name, batches):
    paths = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
    command = [sys.executable, "-c", paths + WRITER, str(path), name, str(batches)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_processes_share_the_file_from_its_beginning(path):
    writers = [start_writer(path, name, 50) for name in "abcd"]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0] * 4
    assert len(read(path)) == 4 * 50 * 10


def test_killed_writer_leaves_all_that_it_had_committed(path):
    """Whole batches, none less than it told of, and the file opens."""
    writer = start_writer(path, "k", 1_000_000)
    told = 0
    while told < 50:
        told = int(writer.stdout.readline())
    writer.kill()
    last = max([told, *map(int, writer.stdout.read().split("\n")[:-1])])
    writer.wait()
    writer.stdin.close()
    writer.stdout.close()
    Table(path).close()
    counts = read(path, "flow, count(*) AS rows", "GROUP BY flow")
    assert {row["rows"] for row in counts} == {10} and len(counts) >= last + 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_file_that_is_being_made_by_another_is_never_taken_for_a_strange_one(tmp_path):
    """Many beginnings at once: a moment in which the file has its mark and not its tables must not be seen."""
    failed = []

    def begin(barrier, path):
        barrier.wait()
        try:
            Table(path).close()
        except LedgerError as error:
            failed.append(error)

    for number in range(40):
        barrier = threading.Barrier(4)
        threads = [threading.Thread(target=begin, args=(barrier, tmp_path / str(number))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failed
