"""The thread that writes the ledger. What goes wrong with it disables it, with one sentence, and never reaches the traffic."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from amp_addons.backlog import Backlog
from amp_addons.ledger import LedgerError
from amp_addons.ledger.row import Flow, row_of
from amp_addons.state import make_private

if TYPE_CHECKING:
    from amp_addons.ledger.table import Table

MAX_WAITING = 8_192
"""Flows that may wait: twelve seconds of 660 a second, longer than another process is waited for; about 16 MB."""

PAUSE = 0.25
"""Seconds that flows are gathered for one transaction."""

BATCH = 500
"""Flows of a transaction: a few milliseconds in which other proxies wait."""

PRUNING = 600.0
"""Seconds between looks for rows that are too old or too many."""


class LedgerWriter:
    """Writes flows to the file, which is opened (and SQLite imported) with the first of them.

    Args:
        private_folder: the file lies in the suite's own folder, which is made where it is missing.
        complain: called in the thread with a sentence when flows are lost, and when the ledger is disabled.
    """

    def __init__(self, path: Path, complain: Callable[[str], None], *, private_folder: bool = False) -> None:
        self._path = path
        self._private_folder = private_folder
        self._complain = complain
        self._table: Table | None = None
        self._next_pruning = 0.0
        self.disabled = False
        self._backlog = Backlog[Flow](
            self._work,
            self._say_dropped,
            name="amp_addons ledger",
            limit=MAX_WAITING,
            batch=BATCH,
            pause=PAUSE,
            finish=self._finish,
        )

    @property
    def dropped(self) -> int:
        """Flows that are not in the ledger."""
        return self._backlog.dropped

    def put(self, flow: Flow) -> None:
        """Have a flow written soon. Never waits."""
        self._backlog.put((flow,))

    def close(self, timeout: float = 3.0) -> bool:
        """Write what waits and close. False when that took too long: what is left is given up."""
        return self._backlog.close(timeout)

    def _work(self, flows: Sequence[Flow]) -> int:
        if self.disabled:
            return len(flows)
        try:
            table = self._table or self._open()
            table.append([row_of(flow) for flow in flows])
            if time.monotonic() >= self._next_pruning and not table.prune(time.time_ns() // 1_000_000):
                self._next_pruning = time.monotonic() + PRUNING
        except (LedgerError, OSError, ImportError) as error:
            self._disable(error)
            return len(flows)
        return 0

    def _open(self) -> "Table":
        if self._private_folder:
            make_private(self._path.parent)
        from amp_addons.ledger.table import Table  # SQLite costs milliseconds at start-up, and not every run has flows

        self._table = Table(self._path)
        return self._table

    def _disable(self, error: Exception) -> None:
        self.disabled = True
        reason = error.strerror if isinstance(error, OSError) else str(error)
        self._complain(f"{reason}. The ledger is off from now on, the traffic goes on")
        try:
            self._finish()
        except LedgerError:
            pass  # said already

    def _finish(self) -> None:
        table, self._table = self._table, None
        if table is not None:
            table.close()

    def _say_dropped(self, dropped: int) -> None:
        if not self.disabled:
            self._complain(f"{dropped} flows are missing in the ledger, because writing was too slow")
