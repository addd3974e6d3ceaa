"""A proxy with the suite beside a client: started in a process of its own, with a port of its own, and ended with it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self

import msgspec

from amp_addons.files import open_private
from amp_addons.launch.environment import Chained

START_WITHIN = 60.0
"""Seconds that the proxy may take to listen: a tenth of that on a machine with nothing else to do."""

END_WITHIN = 15.0


class NotStarted(RuntimeError):
    """The proxy did not start. The text is what it said."""


class Orders(msgspec.Struct):
    """`options` are mitmproxy's and the suite's; `web`: mitmweb's page beside it; `settings`: options as `--set` has them, which win. The
    proxy gets it as a line of JSON."""

    options: dict[str, Any]
    web: bool = False
    settings: list[str] = []


class Ready(msgspec.Struct):
    """Where the proxy listens, and mitmweb's page."""

    ports: list[int]
    page: str | None = None


class Beside:
    """The proxy, from `with` on. `log` is the file that has what it prints. Raises NotStarted, OSError."""

    def __init__(self, orders: Orders, log: Path, upstream: Chained | None) -> None:
        self._orders, self._log, self._upstream = orders, log, upstream
        self.ready = Ready([])

    def __enter__(self) -> Self:
        descriptor = open_private(self._log)
        os.ftruncate(descriptor, 0)
        try:
            # In a session of its own: Ctrl-C on the terminal is for the client.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "amp_addons.launch.proxy"],  # -P: no module is taken from the folder one is in
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=descriptor,
                env=self._environment(os.environ),
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        stdin, stdout = self._pipes()
        try:
            stdin.write(msgspec.json.encode(self._orders) + b"\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            self._process.wait()
            stdout.close()
            with contextlib.suppress(BrokenPipeError):
                stdin.close()
            raise NotStarted(self._log.read_text(errors="replace").strip() or f"it ended with {self._process.returncode}")
        self.ready = msgspec.json.decode(line, type=Ready)
        return self

    def __exit__(self, *_: object) -> None:
        stdin, stdout = self._pipes()
        stdin.close()  # which it ends with
        try:
            self._process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        stdout.close()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None and self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def _environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The proxy's own: it asks nobody's proxy but its upstream."""
        found = {name: value for name, value in environ.items() if not name.lower().endswith("_proxy")}
        if self._upstream is not None:
            found |= self._upstream.variables
        return found
