"""Running the client: its terminal, standard streams, signals and exit status are as if nobody stood between."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT")
_FROM_TERMINAL = ("SIGINT", "SIGQUIT")
"""Signals that a terminal sends to both: the client decides what becomes of them."""


def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command to its end. -> its return code, negative for the signal that ended it. Raises OSError when it cannot be started."""
    process: subprocess.Popen[bytes] | None = None
    waiting: list[int] = []

    def forward(number: int, _frame: Any) -> None:
        if process is None:
            waiting.append(number)
        elif process.poll() is None:
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in _numbers(_FORWARDED)}
    before |= {number: signal.signal(number, lambda *_: None) for number in _numbers(_FROM_TERMINAL)}
    try:
        process = subprocess.Popen(command, env=dict(environ))
        for number in waiting:
            process.send_signal(number)
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_as(code: int) -> int:
    """End as the client did: by the same signal, where one ended it. -> the exit status otherwise"""
    if code >= 0:
        return code
    if -code not in (signal.SIGSTOP, signal.SIGKILL):
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
    return 128 - code  # for a signal that does not end a process


def _numbers(names: Sequence[str]) -> list[int]:
    return [getattr(signal, name) for name in names if hasattr(signal, name)]
