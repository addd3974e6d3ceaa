import subprocess
import sys
from collections.abc import Callable

import pytest

from amp_addons.cli import main

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process and returns exit code, standard output and standard error."""

    def run(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(list(args))
        assert isinstance(end.value.code, int)
        return end.value.code, *capfd.readouterr()

    return run


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[bytes]]:
    """Starts the command line as a program of its own."""

    def start(*args: str, **keywords: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "amp_addons", *args], **keywords)  # type: ignore[call-overload,no-any-return]

    return start
