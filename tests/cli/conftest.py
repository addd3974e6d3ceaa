import os
import pty
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from fcntl import ioctl
from termios import TIOCSWINSZ

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


@pytest.fixture
def on_terminal(start: Callable[..., subprocess.Popen[bytes]]) -> Callable[..., str]:
    """Runs the command line on a terminal of so many columns, and returns what it wrote there."""

    def on_terminal(columns: int, environment: Mapping[str, str], *args: str) -> str:
        ours, theirs = pty.openpty()
        ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        environment = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        process = start(*args, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        found = b""
        try:
            while data := os.read(ours, 65536):
                found += data
        except OSError:  # Linux says EIO when the other side has closed
            pass
        os.close(ours)
        assert process.wait(60) == 0
        return found.decode()

    return on_terminal
