"""The ledger: an SQLite file with one row a flow, without content, which proxies write and `amp-addons stats` reads."""

from pathlib import Path

from amp_addons.state import state_folder


class LedgerError(Exception):
    """The ledger cannot be used. The text says why, and what to do."""


def default_path() -> Path:
    """Where the ledger is unless the option `amp_ledger` names another file."""
    return state_folder() / "ledger.sqlite"
