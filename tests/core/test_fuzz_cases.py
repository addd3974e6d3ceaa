"""Replays what `scripts/fuzz` has found: files named TARGET-ANYTHING in fuzz_cases."""

from pathlib import Path

import pytest
from support.fuzz_target import TARGETS, check

CASES = sorted(Path(__file__).with_name("fuzz_cases").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_was_found_stays_mended(case: Path) -> None:
    check(case.name.partition("-")[0], case.read_bytes())


@pytest.mark.parametrize("data", [b"", b"\xff", b"data: {}\n\n", b'{"error":{"message":"x"}}', b"[{}]", b"HTTP/1.1 200 OK\n\nx"])
@pytest.mark.parametrize("name", TARGETS)
def test_every_target_runs(name: str, data: bytes) -> None:
    check(name, data)
