"""Replay on a cluster of real processes: the same bytes as without one, whatever happens to a worker."""

import gzip
import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack

import pytest
from support.captures import ANSWER, stream_flow, written
from support.cluster import running
from support.missing import missing

pytestmark = pytest.mark.extras

AMP = "https://ampcode.com"
FLOWS = 60


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    """One file of many flows, one that is damaged, one that is no capture and one that is compressed."""
    folder = tmp_path_factory.mktemp("captures")
    flows = [written(stream_flow(number, answer=ANSWER * (1 + number % 3))) for number in range(FLOWS)]
    large = written(stream_flow(99, method="PUT", url=f"{AMP}/api/attachments", body=b"x" * 3_000_000, content_type="application/json"))
    (folder / "a.flows").write_bytes(b"".join(flow + large * (number % 6 == 0) for number, flow in enumerate(flows)))
    (folder / "b.flows").write_bytes(flows[0] + flows[1][:-9])
    (folder / "c.flows").write_text("some text")
    (folder / "d.flows.gz").write_bytes(gzip.compress(flows[2] + flows[3]))
    return [str(path) for path in sorted(folder.iterdir())]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cluster")) as found:
        yield found


def program(*arguments, timeout=180, **keywords):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=timeout, check=False, **keywords)


def replay(*arguments, **keywords):
    return program("-m", "amp_addons", "replay", *arguments, **keywords)


def test_one_process_two_and_a_cluster_give_the_same_bytes(captures, cluster, tmp_path):
    found = []
    for number, how in enumerate((("-j", "1"), ("-j", "2"), ("--dask", cluster.address))):
        events, tables = tmp_path / f"{number}.jsonl", tmp_path / f"tables-{number}"
        done = replay(*captures, "--json", "--events", str(events), "--parquet", str(tables), *how)
        files = {str(path.relative_to(tables)): path.read_bytes() for path in sorted(tables.rglob("*.parquet"))}
        found.append((done.stdout, done.stderr, done.returncode, events.read_bytes(), files))
    assert found[0] == found[1] == found[2]
    out, err, status, lines, files = found[0]
    assert json.loads(out)["flows"] == FLOWS + 10 + 1 + 2 and lines.count(b'"flow.end"') == FLOWS + 10 + 1 + 2
    assert status == 1 and [line.partition(": at byte")[0] for line in err.splitlines()] == captures[1:3]
    assert len([name for name in files if name.startswith("flows")]) >= 4 + 2


# Parts of few flows, so that there are many, and a worker that is ended in the midst of them.
HALF_WAY = """
import json, os, signal, sys
from amp_addons.replay import cluster, parts
from amp_addons.replay.run import Wish, merged, read_all
address, pid, file = sys.argv[1:]
parts.PART = 20_000
wish = Wish(amp_url="https://ampcode.com", events=True)
plain = list(read_all([file], wish, 1))
found = []
with cluster.Cluster(address) as running:
    before = running.read([file], wish, found.append)
    for each in before:
        if len(found) == len(plain) // 2:
            os.kill(int(pid), signal.SIGKILL)
    running._looked = 0.0
    running._look()
    lost, left = running.lost, running.workers
same = [(each.part, each.lines, each.damage) for each in found] == [(each.part, each.lines, each.damage) for each in plain]
print(json.dumps([len(plain), same, merged(found).as_json() == merged(plain).as_json(), lost, left, [e.damage for e in found if e.damage]]))
"""


def test_the_part_of_a_worker_that_is_killed_half_way_is_done_again_and_counted_once(captures, tmp_path):
    with running(tmp_path) as found:
        done = program("-c", HALF_WAY, found.address, str(found.workers[0].pid), captures[0])
        assert found.workers[0].wait(60) == -9 and found.workers[1].poll() is None
    assert done.returncode == 0, done.stderr
    parts, same_parts, same_totals, lost, left, damage = json.loads(done.stdout)
    assert parts > 20 and same_parts and same_totals and (lost, left, damage) == (1, 1, [])


def test_a_part_that_ends_its_workers_is_named_and_the_rest_is_done(captures, tmp_path):
    """With no second try a worker's end is that of its parts."""
    with running(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as found:
        done = program("-c", HALF_WAY, found.address, str(found.workers[0].pid), captures[0])
    assert done.returncode == 0, done.stderr
    _, same_parts, _, lost, left, damage = json.loads(done.stdout)
    assert not same_parts and (lost, left) == (1, 1)
    assert 1 <= len(damage) < 8 and set(damage) == {"each worker that read this part ended"}


NOBODY = """
import os, signal, sys
from amp_addons.replay import cluster, parts
from amp_addons.replay.run import Wish
address, pid, file = sys.argv[1:]
cluster.CONNECT = cluster.ALONE = 2
parts.PART = 20_000
try:
    with cluster.Cluster(address) as running:
        for each in running.read([file], Wish(amp_url="https://ampcode.com")):
            if pid:
                os.kill(int(pid), signal.SIGKILL)
                pid = ""
except cluster.ClusterError as error:
    print(error)
"""


def test_a_cluster_that_does_not_work_is_said_to_be_so(captures, tmp_path):
    done = program("-c", NOBODY, "tcp://127.0.0.1:1", "", captures[0])
    assert done.stdout == "found no scheduler of Dask at tcp://127.0.0.1:1 (OSError), expected one\n", done.stderr
    done = program("-c", NOBODY, "nonsense://127.0.0.1:1", "", captures[0])
    assert done.stdout.startswith("found no scheduler of Dask at nonsense://127.0.0.1:1 ("), done.stderr
    (tmp_path / "none").mkdir()
    with running(tmp_path / "none", workers=0) as found:
        done = program("-c", NOBODY, found.address, "", captures[0])
        assert done.stdout == f"found no worker at {found.address} for 2 s, expected at least one\n", done.stderr
    for name in ("workers", "scheduler"):
        (tmp_path / name).mkdir()
        with running(tmp_path / name, workers=1) as found:
            end = found.workers[0] if name == "workers" else found.scheduler
            done = program("-c", NOBODY, found.address, str(end.pid), captures[0])
            assert done.stdout.startswith("found no worker at" if name == "workers" else "found the scheduler at"), done.stderr


def test_a_worker_of_another_version_is_refused():
    from amp_addons.replay.cluster import ClusterError, read_part
    from amp_addons.replay.parts import Part
    from amp_addons.replay.run import Wish

    with pytest.raises(ClusterError, match="on a worker, expected amp-addons 0"):
        read_part("run", "amp-addons 0", Wish(amp_url=AMP), Part("none"))


def test_rules_that_a_worker_cannot_read_end_it_with_a_sentence(captures, cluster, tmp_path):
    (tmp_path / "bad.yaml").write_text("version: 1\nrule: []\n")
    for name in ("none.yaml", "bad.yaml"):
        done = replay(captures[0], "--dask", cluster.address, "--rules", str(tmp_path / name))
        here = replay(captures[0], "-j", "1", "--rules", str(tmp_path / name))
        assert name in here.stderr and (done.returncode, done.stdout, done.stderr) == (1, "", here.stderr)


def test_files_are_named_as_the_user_did_and_found_from_another_folder(captures, cluster, tmp_path):
    (tmp_path / "rules.yaml").write_text("version: 1\nrules:\n- {id: no, match: {model: claude-*}, then: {block: true}}\n")
    shutil.copy(captures[1], tmp_path)
    done = replay("b.flows", "--json", "--rules", "rules.yaml", "--dask", cluster.address, cwd=tmp_path)
    found = json.loads(done.stdout)
    assert (found["flows"], found["rules"][0]["count"]) == (1, 1) and done.stderr.startswith("b.flows: at byte")


@pytest.mark.parametrize("more", [["-j", "2"], ["--serve", "0"], ["--diff", "a", "b"], ["-"]])
def test_what_does_not_go_together_is_refused(captures, more):
    done = replay(captures[0], "--dask", "tcp://127.0.0.1:1", *more)
    assert done.returncode == 2 and "--dask" in done.stderr


def test_nothing_of_it_is_imported_unless_asked_for(captures):
    code = (
        "import sys\nfrom amp_addons.cli import main\ntry: main(['replay', '--json', '-j', '1', sys.argv[1]])\n"
        "finally: print([name for name in ('distributed', 'fsspec', 'pyarrow', 's3fs') if name in sys.modules], file=sys.stderr)"
    )
    done = program("-c", code, captures[3])
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_workers_and_failures_are_in_the_bar(captures, cluster):
    """On a terminal."""
    import pty

    ours, theirs = pty.openpty()
    with open(os.devnull, "wb") as nowhere:
        command = [sys.executable, "-m", "amp_addons", "replay", *captures[:2], "--json", "--dask", cluster.address]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
        with subprocess.Popen(command, stdout=nowhere, stderr=theirs, env=environment) as process:
            os.close(theirs)
            seen = b""
            try:
                while data := os.read(ours, 65536):
                    seen += data
            except OSError:
                pass
            os.close(ours)
            assert process.wait(60) == 1
    assert b" flows" in seen and b", 2 workers, 1 failure" in seen


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@pytest.fixture
def namespaces():
    """Networks of their own for a scheduler (10.77.N.1 to each), two workers and a client: to each other they are other machines."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        missing("network namespaces want root and the program ip")
    mark = f"{os.getpid() % 100_000}"
    middle, names = f"amp{mark}s", ["worker-0", "worker-1", "client"]
    with ExitStack() as stack:
        ip("netns", "add", middle)
        stack.callback(subprocess.run, ["ip", "netns", "del", middle], check=False)
        inside = {"scheduler": ["ip", "netns", "exec", middle]}
        for number, name in enumerate(names):
            own, here, there = f"amp{mark}n{number}", f"a{mark}h{number}", f"a{mark}t{number}"
            ip("netns", "add", own)
            stack.callback(subprocess.run, ["ip", "netns", "del", own], check=False)
            ip("link", "add", here, "netns", middle, "type", "veth", "peer", "name", there, "netns", own)
            for space, device, address in ((middle, here, 1), (own, there, 2)):
                ip("-n", space, "addr", "add", f"10.77.{number}.{address}/24", "dev", device)
                ip("-n", space, "link", "set", device, "up")
                ip("-n", space, "link", "set", "lo", "up")
            ip("-n", own, "route", "add", "default", "via", f"10.77.{number}.1")
            inside[name] = ["ip", "netns", "exec", own]
        yield inside


def test_scheduler_workers_and_client_in_networks_of_their_own(namespaces, captures, tmp_path):
    with running(tmp_path, host="10.77.0.1", inside=namespaces) as found:
        command = [*namespaces["client"], sys.executable, "-m", "amp_addons", "replay", captures[0], "--json", "--dask", found.address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        logs = [(tmp_path / f"worker-{number}.log").read_text() for number in range(2)]
        assert [f"tcp://10.77.{number}.2:" in log for number, log in enumerate(logs)] == [True, True]
    assert (done.returncode, done.stdout) == (0, replay(captures[0], "--json", "-j", "1").stdout), done.stderr
