"""The ledger with real proxies: two that share it, one that is killed, and everything that may be wrong with the file."""

import os
import resource
import sqlite3
import subprocess

import pytest
from support.ledger import read
from support.proxy import BIN, ROOT, post, read_all, suite_before, tunnel, until

from amp_addons.sim.server import simulator

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"
STREAM = b'{"model":"claude-sonnet-4-5","stream":true,"messages":[{"role":"user","content":"do not keep this"}]}'


@pytest.fixture
def sim():
    with simulator() as found:
        yield found


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite"


def using(path):
    return ["--set", f"amp_ledger={path}"]


def talk(proxy, times=1):
    """A stream and a small request, which arrive as they should whatever happens to the ledger."""
    for number in range(times):
        with tunnel(proxy) as sock:
            sock.sendall(post(f"{MESSAGES}?api_key=do-not-keep-this-either", STREAM, x_amp_thread_id=f"T-{number}"))
            assert read_all(sock)[1] == "complete"
            sock.sendall(b"GET /api/user HTTP/1.1\r\nHost: ampcode.com\r\n\r\n")
            data, end = read_all(sock)
            assert end == "complete" and b'"id"' in data


def count(path):
    try:
        return len(read(path)) if path.exists() else 0
    except sqlite3.OperationalError:  # the file is there before its table
        return 0


def test_flows_become_rows_without_content(sim, tmp_path):
    state = tmp_path / "state"
    with suite_before(sim, env={"XDG_STATE_HOME": str(state)}) as proxy:
        talk(proxy)
        told = proxy.wait_ended(2)
    path = state / "amp-addons" / "ledger.sqlite"
    rows = read(path)
    assert [row["endpoint"] for row in rows] == ["provider.anthropic", "user.get"]
    ends = {(event["flow"], event["type"]): event for event in told}
    for row in rows:
        request, end = ends[row["flow"], "flow.request"], ends[row["flow"], "flow.end"]
        assert (row["time"], row["duration_ms"], row["response_bytes"]) == (request["time"], end["duration_ms"], end["response_bytes"])
    assert b"do not keep" not in path.read_bytes() and b"do-not-keep" not in path.read_bytes() and b"/v1/messages" not in path.read_bytes()
    assert [file.name for file in path.parent.iterdir()] == ["ledger.sqlite"]
    printed = subprocess.run(
        [str(BIN / "amp-addons"), "stats"], env={**os.environ, "XDG_STATE_HOME": str(state)}, capture_output=True, text=True, timeout=60
    )
    assert printed.returncode == 0 and "claude-sonnet-4-5" in printed.stdout


def test_two_proxies_share_a_ledger(sim, path):
    with suite_before(sim, *using(path)) as first, suite_before(sim, *using(path)) as second:
        for _ in range(5):
            talk(first)
            talk(second)
        until(lambda: count(path) == 20, what="twenty rows")
        assert "amp_ledger" not in first.output + second.output
    assert len({row["flow"] for row in read(path)}) == 20


def test_killed_proxy_leaves_its_rows_and_the_next_goes_on(sim, path):
    with suite_before(sim, *using(path)) as proxy:
        talk(proxy, 3)
        until(lambda: count(path) == 6, what="six rows")
        proxy.process.kill()
        proxy.process.wait()
    assert (path.parent / "ledger.sqlite-wal").exists()
    with suite_before(sim, *using(path)) as proxy:
        talk(proxy)
        until(lambda: count(path) == 8, what="two rows more")


def test_full_disk_turns_the_ledger_off_and_leaves_the_traffic_alone(sim, path):
    """A limit of the size of files stands for the disk: SQLite's log reaches it before anything else."""
    with suite_before(sim, *using(path), events_to="/dev/null") as proxy:
        talk(proxy)
        until(lambda: count(path) == 2, what="the first rows")
        resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, (path.with_name("ledger.sqlite-wal").stat().st_size + 100,) * 2)
        talk(proxy, 3)
        until(lambda: "The ledger is off from now on" in proxy.output, what="the sentence")
        talk(proxy, 2)
        assert proxy.output.count("amp_ledger") == 1
    assert count(path) >= 2


def notes(path):
    path.write_bytes(b"my notes\n" * 1000)


def later(path):
    with sqlite3.connect(path) as other:
        other.executescript("PRAGMA application_id = 1634562156; PRAGMA user_version = 99; CREATE TABLE flows (x);")
    other.close()


@pytest.mark.parametrize(("damage", "said"), [(notes, "is no SQLite database"), (later, "written by a later amp-addons")])
def test_unusable_file_turns_the_ledger_off_and_leaves_the_traffic_alone(sim, path, damage, said):
    damage(path)
    before = path.read_bytes()
    with suite_before(sim, *using(path)) as proxy:
        talk(proxy, 3)
        until(lambda: said in proxy.output, what="the sentence")
        talk(proxy)
        assert proxy.output.count("amp_ledger") == 1 and "Traceback" not in proxy.output
    assert path.read_bytes() == before


def test_file_damaged_under_a_running_proxy_leaves_the_traffic_alone(sim, path):
    """SQLite may go on from what it has in memory, or find the damage: either way it costs rows only."""
    with suite_before(sim, *using(path)) as proxy:
        talk(proxy)
        until(lambda: count(path) == 2, what="the first rows")
        for suffix in ("", "-wal"):
            with open(f"{path}{suffix}", "r+b") as file:
                file.write(b"\xff" * os.fstat(file.fileno()).st_size)
        talk(proxy, 3)
        proxy.wait_ended(8)
        assert proxy.output.count("amp_ledger") <= 1 and "Traceback" not in proxy.output
    with suite_before(sim, *using(path)) as proxy:
        talk(proxy)
        until(lambda: "move it away to begin a new one" in proxy.output, what="the sentence")


def test_state_folder_that_cannot_be_made_is_said_and_leaves_the_traffic_alone(sim, tmp_path):
    (tmp_path / "file").touch()
    with suite_before(sim, env={"XDG_STATE_HOME": str(tmp_path / "file")}) as proxy:
        talk(proxy)
        until(lambda: "The ledger is off from now on" in proxy.output, what="the sentence")
        talk(proxy)


def test_recording_is_not_written_again(sim, tmp_path, path):
    with suite_before(sim, "-w", str(tmp_path / "flows"), *using("off")) as proxy:
        talk(proxy)
        proxy.wait_ended(2)
    command = [str(BIN / "mitmdump"), "-nr", str(tmp_path / "flows"), "-s", "amp_addons", *using(path), "--set", f"confdir={tmp_path}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and "user.get" in done.stdout
    assert not path.exists()
