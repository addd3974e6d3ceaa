from collections.abc import Callable
from pathlib import Path

import pytest

type Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file and returns its path."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "rules.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
