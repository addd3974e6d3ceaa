"""The SQLite file: opened so that nobody else can read it and several proxies can share it, appended to, and kept from growing on.

In WAL mode readers never wait for a writer. A commit is in the file when the process is killed right after it (`synchronous=NORMAL`:
a power cut may take the last few, never the file). Every error comes out as a LedgerError.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from amp_addons.core.scrub import visible
from amp_addons.files import OWNER_ONLY, tighten
from amp_addons.ledger import LedgerError
from amp_addons.ledger.row import COLUMNS, Value

APPLICATION_ID = 0x616D_706C
"""`ampl`: marks the file as a ledger, so that no other program's database is ever changed."""

VERSION = 1
"""`PRAGMA user_version`. A column more is a new version, and a step in `_prepare`."""

PATIENCE = 5.0
"""Seconds that a lock of another process is waited for. Proxies hold it for milliseconds."""

MAX_DAYS = 400
"""Days that a row is kept: a year can be compared with the one before it."""

MAX_ROWS = 1_000_000
"""Rows that are kept: 2,500 flows on each of these days, 280 MB."""

STEP = 1_000
"""Rows deleted at once: a few milliseconds in which other proxies wait."""

WAL_BYTES = 4_000_000
"""What is left of the write-ahead log after a burst; SQLite works it in at about that size."""

_TYPES = {"string": "TEXT", "int64": "INTEGER", "double": "REAL", "bool": "INTEGER"}
_SCHEMA = f"""
    CREATE TABLE flows (
        id INTEGER PRIMARY KEY,
        {", ".join(f"{column.name} {_TYPES[column.type]}" for column in COLUMNS)},
        time TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch')) VIRTUAL
    );
    CREATE INDEX flows_by_time ON flows (time_ms);
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {VERSION};
"""
_INSERT = f"INSERT INTO flows ({', '.join(column.name for column in COLUMNS)}) VALUES ({', '.join('?' for _ in COLUMNS)})"
# Rows stand in the order in which flows ended, so that the oldest are found without a search.
_PRUNE = (
    "DELETE FROM flows WHERE id IN (SELECT id FROM flows ORDER BY id LIMIT ?) AND (time_ms < ? OR id <= (SELECT max(id) FROM flows) - ?)"
)
_REMEDY = "move it away to begin a new one"
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_NOTADB: f"the file is no SQLite database; {_REMEDY}",
    sqlite3.SQLITE_CORRUPT: f"the file is damaged; {_REMEDY}",
    sqlite3.SQLITE_BUSY: f"another program has kept it locked for {PATIENCE:.0f} s",
    sqlite3.SQLITE_READONLY: "the file cannot be written",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_IOERR: "the disk does not take it (full, a quota, or broken)",
}


class Table:
    """The ledger of a process that writes. To be used in the thread that made it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            _make_private(path)
        except OSError as error:
            raise LedgerError(str(error.strerror)) from error
        with _told(path):
            self._connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
            try:
                _prepare(self._connection, path)
            except BaseException:
                self._connection.close()
                raise

    def append(self, rows: Sequence[Sequence[Value]]) -> None:
        """Add rows, all of them or none."""
        with _told(self._path), _transaction(self._connection):
            self._connection.executemany(_INSERT, rows)

    def prune(self, now_ms: int) -> bool:
        """Delete some of the rows that are too old or too many. True when there may be more of them."""
        oldest = now_ms - MAX_DAYS * 86_400_000
        with _told(self._path), _transaction(self._connection):
            return self._connection.execute(_PRUNE, (STEP, oldest, MAX_ROWS)).rowcount == STEP

    def close(self) -> None:
        with _told(self._path):
            self._connection.close()


def open_readonly(path: Path) -> sqlite3.Connection:
    """The ledger for reading, also while proxies write."""
    with _told(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE, isolation_level=None)
        try:
            with _transaction(connection, "DEFERRED"):
                made = _is_ledger(connection, path)
            if not made:
                raise LedgerError(f"{_shown(path)} is no ledger: there is nothing in it")
        except BaseException:
            connection.close()
            raise
        return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    with _transaction(connection, "DEFERRED"):
        _is_ledger(connection, path)  # before anything is changed
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    with _transaction(connection):
        if not _is_ledger(connection, path):
            for statement in _SCHEMA.split(";")[:-1]:
                connection.execute(statement)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # For this change SQLite does not wait for others by itself.
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _is_ledger(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the tables are there; False for an empty file. To be called in a transaction: another process may be making them."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == APPLICATION_ID and version > VERSION:
        raise LedgerError(f"{_shown(path)} was written by a later amp-addons (version {version}, this one knows {VERSION})")
    if application != APPLICATION_ID and (tables or version or application):
        raise LedgerError(f"{_shown(path)} is a database of another program; name another file")
    return bool(tables)


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        reason = _REASONS.get(code & 0xFF) if code is not None else None
        raise LedgerError(f"{_shown(path)}: {reason or getattr(error, 'sqlite_errorname', type(error).__name__)}") from error


def _make_private(path: Path) -> None:
    """See to it that SQLite will open a file of this user, 0600, and no link; what it makes beside it gets the same mode.

    The file is closed again before SQLite opens it: closing it later would end SQLite's own locks (POSIX).
    """
    for suffix in ("", "-wal", "-shm", "-journal"):
        file = f"{path}{suffix}"
        flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = os.open(file, flags | (0 if suffix else os.O_CREAT), OWNER_ONLY)
        except OSError as error:
            if suffix and error.errno == errno.ENOENT:
                continue
            what = "is a symbolic link, which is not followed" if error.errno == errno.ELOOP else f"cannot be opened: {error.strerror}"
            raise OSError(error.errno, f"{visible(file)} {what}") from error
        try:
            tighten(descriptor, file)
        finally:
            os.close(descriptor)


def _shown(path: Path) -> str:
    return visible(str(path))
