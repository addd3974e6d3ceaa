"""mitmproxy's three programs, started with the suite and a probe, to see what they loaded."""

import contextlib
import json
import os
import pty
import subprocess
import termios
import threading
from pathlib import Path
from typing import Any, NamedTuple

PROBE = Path(__file__).with_name("probe.py")
DEADLINE = 30.0


class Loaded(NamedTuple):
    """What the probe found (nothing if it did not get to run), what was printed, and the exit status."""

    found: dict[str, Any]
    printed: str
    status: int


def start(command: list[str], scripts: list[str], cwd: Path, scratch: Path) -> Loaded:
    """Run a program on a terminal of its own, not listening, with these scripts and the probe, until the probe ends it."""
    found = scratch / "found.json"
    arguments = ["-n", "--set", f"confdir={scratch / 'conf'}", "--set", "web_open_browser=false", "--set", "web_port=0"]
    for script in [*scripts, str(PROBE)]:
        arguments += ["-s", script]
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (50, 400))
    printed = b""

    def read() -> None:
        nonlocal printed
        with contextlib.suppress(OSError):  # how a terminal says that its last program has gone
            while piece := os.read(ours, 65536):
                printed += piece

    reader = threading.Thread(target=read)
    environment = {**os.environ, "AMP_TEST_PROBE": str(found), "TERM": "xterm-256color"}
    with subprocess.Popen([*command, *arguments], cwd=cwd, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        reader.start()
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
        reader.join()
        os.close(ours)
    return Loaded(json.loads(found.read_text()) if found.exists() else {}, printed.decode(errors="replace"), process.returncode)
