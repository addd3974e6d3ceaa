"""`python -m amp_addons.sim`: the process."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-W", "error", "-m", "amp_addons.sim"]


@pytest.fixture
def start():
    processes = []

    def run(*arguments, stdin=subprocess.PIPE):
        process = subprocess.Popen([*COMMAND, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        processes.append(process)
        return process

    yield run
    for process in processes:
        # A kill would leave the folder of its certificates behind.
        process.terminate()
        process.communicate(timeout=10)


def ready(process):
    return json.loads(process.stdout.readline())


def test_one_line_when_ready_and_options_are_taken(start):
    process = start("--encoding", "gzip", "--error", "402")
    told = ready(process)
    assert told["pid"] == process.pid
    request = urllib.request.Request(f"http://127.0.0.1:{told['port']}/api/user")
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)
    with raised.value as answer:
        assert answer.status == 402
        assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(start, number):
    process = start()
    told = ready(process)
    process.send_signal(number)
    assert process.wait(10) == 0
    assert process.stderr.read() == b""
    assert not Path(told["ca_path"]).exists()


def test_end_of_the_parents_pipe_ends_it(start):
    process = start()
    ready(process)
    process.stdin.close()
    assert process.wait(10) == 0
    process.stdin = None
    assert process.stderr.read() == b""


def test_no_pipe_is_no_reason_to_end(start):
    process = start(stdin=subprocess.DEVNULL)
    told = ready(process)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{told['port']}/api/user") as answer:
        assert answer.status == 200
    assert process.poll() is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pace", "fast"], "pace"),
        (["--colour", "red"], "--colour"),
        (["--error", "oops"], "expected one of"),
        (["--port", "x"], "--port"),
    ],
)
def test_misuse_exits_with_2(start, arguments, words):
    process = start(*arguments)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (2, b"")
    assert words in err.decode()


def test_port_in_use_exits_with_2(start):
    port = ready(start())["port"]
    process = start("--port", str(port))
    assert b"address already in use" in process.communicate(timeout=10)[1]
    assert process.returncode == 2


def test_ca_can_be_read_by_the_owner(start):
    assert Path(ready(start())["ca_path"]).stat().st_mode & 0o777 == 0o600
