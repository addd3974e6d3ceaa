"""Where the stock front ends listen with the suite: what the sockets are, not what an option says."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.proxy import BIN, ROOT, free_port, until

pytestmark = pytest.mark.e2e


def listening(port):
    """The addresses (as Linux writes them) that listen on a port."""
    lines = [line.split() for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text().splitlines()[1:]]
    return {fields[1].rpartition(":")[0] for fields in lines if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port}


LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


@pytest.mark.skipif(sys.platform != "linux", reason="the sockets are read from /proc")
@pytest.mark.parametrize(
    ("script", "arguments", "loopback"),
    [
        ("amp_addons", [], True),
        ("amp_addons/suite.py", [], True),
        ("amp_addons/addons/tee.py", ["--mode", "reverse:https://ampcode.com"], True),
        ("amp_addons", ["--listen-host", "0.0.0.0"], False),
    ],
)
def test_on_loopback_unless_told_otherwise(tmp_path, script, arguments, loopback):
    port = free_port()
    command = [str(BIN / "mitmdump"), "-s", script, "-p", str(port), "--set", f"confdir={tmp_path}", *arguments]
    with (
        (tmp_path / "out").open("w") as out,
        subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL) as process,
    ):
        try:
            until(lambda: " listening at " in (tmp_path / "out").read_text(), what="the proxy's start")
            until(lambda: listening(port), what="a socket")
            assert bool(listening(port) <= LOOPBACK) is loopback
            assert "listened on all addresses" not in (tmp_path / "out").read_text()
            with socket.create_connection(("127.0.0.1", port), 5):
                pass
        finally:
            process.terminate()
            process.wait(20)


@pytest.mark.skipif(sys.platform != "linux", reason="the sockets are read from /proc")
def test_without_installation_it_comes_to_the_same(tmp_path):
    """Nothing sees to it before mitmproxy listens: the hook that an installation has is taken out."""
    port = free_port()
    program = (
        "import sys; sys.meta_path[:] = [each for each in sys.meta_path if type(each).__name__ != 'ScriptFinder'];"
        "from mitmproxy.tools.main import mitmdump; mitmdump(sys.argv[1:])"
    )
    command = [sys.executable, "-c", program, "-s", str(ROOT / "amp_addons" / "suite.py"), "-p", str(port), "--set", f"confdir={tmp_path}"]
    with (tmp_path / "out").open("w") as out, subprocess.Popen(command, cwd=tmp_path, stdout=out, stderr=out) as process:
        try:
            until(lambda: "proxy listening at 127.0.0.1" in (tmp_path / "out").read_text(), what="the proxy's start")
            until(lambda: listening(port) and listening(port) <= LOOPBACK, what="sockets on loopback alone")
        finally:
            process.terminate()
            process.wait(20)
