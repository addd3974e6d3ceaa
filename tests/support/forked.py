"""mitmdump in a process that is forked from one which has imported everything: a twentieth of a second instead of one.

What only a start from nothing shows (how `-s amp_addons` is found, the interpreter's own end) is tested with programs that are started.
"""

import multiprocessing
import os
import signal
import subprocess
import sys

from amp_addons.addons import ADDONS

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["mitmproxy.tools.main", "mitmproxy.addons", *(spec.home.partition(":")[0] for spec in ADDONS.values())])


class Forked:
    """As much of `subprocess.Popen` as the tests need: no standard input, both outputs go to a file."""

    def __init__(self, command, cwd, env, output):
        self._process = _context.Process(target=_run, args=(command, str(cwd), env, str(output)))
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self._process.exitcode

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("mitmdump", timeout)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def _run(command, cwd, env, output):
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(file, number)
    sys.argv = command
    from mitmproxy.tools.main import mitmdump

    sys.exit(mitmdump())
