"""A cluster of Dask's for tests: a scheduler and workers as programs of their own, each ended by its own process id."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager

from support.proxy import until

DEADLINE = 90
"""Seconds in which a program has to do what is waited for: the machine may be busy."""


class Running:
    """A scheduler and its workers. `inside` goes before each program, by what it is (`scheduler`, `worker-0`): another namespace."""

    def __init__(self, folder, host, inside):
        self._folder, self._host, self._inside = folder, host, inside
        self.workers = []

    def start(self, stack, workers, environment):
        self._environment = {**os.environ, "DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": "%(message)s", **environment}
        about = self._folder / "scheduler.json"
        options = ("--host", self._host, "--port", "0", "--no-dashboard", "--scheduler-file", str(about))
        self.scheduler = self._program(stack, "scheduler", "scheduler", *options)
        until(lambda: about.is_file() and about.read_text().strip().endswith("}"), DEADLINE, "a scheduler")
        self.address = json.loads(about.read_text())["address"]
        for number in range(workers):
            name = f"worker-{number}"
            options = ("--no-nanny", "--nthreads", "1", "--name", name, "--no-dashboard", "--local-directory", str(self._folder))
            self.workers.append(self._program(stack, name, "worker", self.address, *options))
        for number in range(workers):
            log = self._folder / f"worker-{number}.log"
            until(lambda log=log: "Registered to" in log.read_text(), DEADLINE, "a worker")

    def _program(self, stack, name, *arguments):
        log = stack.enter_context((self._folder / f"{name}.log").open("w"))
        command = [*self._inside.get(name, ()), sys.executable, "-m", "dask", *arguments]
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self._environment)
        stack.callback(_end, process)
        return process


def _end(process):
    process.kill()
    process.wait(DEADLINE)


@contextmanager
def running(folder, workers=2, host="127.0.0.1", inside=None, **environment):
    with ExitStack() as stack:
        found = Running(folder, host, inside or {})
        found.start(stack, workers, environment)
        yield found
