import pytest
from support.ledger import make_flow

from amp_addons.ledger.row import row_of
from amp_addons.ledger.table import Table, open_readonly


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def kept(path):
    """Writes flows, and opens what was written for reading."""
    opened = []

    def kept(*flows):
        table = Table(path)
        table.append([row_of(flow) for flow in flows or [make_flow()]])
        table.close()
        opened.append(open_readonly(path))
        return opened[-1]

    yield kept
    for connection in opened:
        connection.close()
