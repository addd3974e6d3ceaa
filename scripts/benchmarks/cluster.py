"""What a cluster brings and costs: two workers against one, and against `--jobs 2`, on work of a minute for one worker.

Scheduler and workers run on this machine, so that the figures want two cores that nobody else uses: with the seconds stands the processor
time of all programs together, which others disturb less. Start-up is left out: a run is timed from its first part that is done to its last.
Workers run as the README says: one thread, and without Dask's profiler, which takes a good part of a worker's time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from math import ceil
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = ROOT / ".venv-extras" / "bin" / "python"
AMP = "https://ampcode.com"
FLOWS = 5000

MIN_RATIO = 1.7
MAX_OVERHEAD = 0.10
MAX_GROWTH_MB = 20
LIMIT = 900
"""Seconds after which a run is given up."""

PROGRAM = """
import json, resource, sys, time
from amp_addons.replay.run import Wish, merged, read_all
wish = Wish(amp_url="https://ampcode.com")
how, *files = sys.argv[1:]
times, sizes, found = [], [], []
def tick(each):
    times.append(time.monotonic())
    sizes.append(each.part.size)
if how.startswith("tcp:"):
    from amp_addons.replay.cluster import Cluster
    with Cluster(how) as cluster:
        totals = merged(cluster.read(files, wish, tick))
else:
    totals = merged(read_all(files, wish, int(how), tick))
usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = sum(each.ru_utime + each.ru_stime for each in usage)
print(json.dumps({"seconds": times[-1] - times[0], "bytes": sum(sizes[1:]), "cpu": cpu, "flows": totals.flows}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="scripts/bench cluster")
    parser.add_argument("--seconds", type=float, default=60, help="work for one worker (default 60)")
    parser.add_argument("--rounds", type=int, default=1, help="rounds, by turns (default 1: about three minutes)")
    args = parser.parse_args()
    if Path(sys.executable) != EXTRAS:
        subprocess.run([str(ROOT / "scripts" / "test-extras"), "--set-up-only"], check=True)
        os.execv(EXTRAS, [str(EXTRAS), __file__, *sys.argv[1:]])
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        files = captures(Path(folder), args.seconds)
        running = Running(Path(folder), stack)
        found: dict[str, list[dict[str, float]]] = {"--jobs 2": [], "two workers": [], "one worker": []}
        for turn in range(args.rounds):
            for name in list(found)[:: -1 if turn % 2 else 1]:
                found[name].append(plain(files) if name == "--jobs 2" else running.run(files, 2 if name == "two workers" else 1))
    report(found, len(files))


def captures(folder: Path, seconds: float) -> list[str]:
    """One capture by as many names as make so much work for one process."""
    from replay import write_capture

    from amp_addons.replay.run import Wish, read_all

    write_capture(folder / "0.flows", FLOWS)
    done = -1.0
    for turn in range(2):  # the first is not counted: it loads what is needed
        started = time.perf_counter()
        for _ in read_all([str(folder / "0.flows")], Wish(amp_url=AMP), 1):
            pass
        done = time.perf_counter() - started
        print(f"one pass in one process: {done:.1f} s", file=sys.stderr) if turn else None
    for number in range(1, ceil(seconds / done) + 1):
        (folder / f"{number}.flows").symlink_to(folder / "0.flows")
    return sorted(str(path) for path in folder.glob("*.flows"))


def measured(command: list[str]) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, *command], stdout=subprocess.PIPE, timeout=LIMIT, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def plain(files: list[str]) -> dict[str, float]:
    return measured(["2", *files])


class Running:
    """A scheduler, and workers as long as they are needed."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        about = folder / "scheduler.json"
        self._scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(about))
        stack.callback(_end, self._scheduler)
        until = time.monotonic() + 60
        while not about.is_file() or not about.read_text().strip().endswith("}"):
            if time.monotonic() > until:
                sys.exit("the scheduler did not start")
            time.sleep(0.1)
        self._address = json.loads(about.read_text())["address"]

    def _start(self, what: str, *arguments: str) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
        with (self._folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "dask", what, "--no-dashboard", *arguments]
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def run(self, files: list[str], count: int) -> dict[str, float]:
        """As `measured`, with the processor time of scheduler and workers, and how much the workers' memory grew after a quarter."""
        options = ("--no-nanny", "--nthreads", "1", "--local-directory", str(self._folder))
        workers = [self._start("worker", self._address, *options) for _ in range(count)]
        try:
            measured([self._address, files[0]])  # each has loaded what it needs
            before = cpu([self._scheduler, *workers])
            over = threading.Event()
            seen: list[list[float]] = []
            watch = threading.Thread(target=lambda: _watch(workers, over, seen))
            watch.start()
            try:
                found = measured([self._address, *files])
            finally:
                over.set()
                watch.join()
            found["cpu"] += cpu([self._scheduler, *workers]) - before
            quarter = len(seen) // 4
            found["memory"] = max(map(max, seen))
            found["growth"] = max(max(last) - max(first) for first, last in zip(*_halves(seen, quarter), strict=True))
            return found
        finally:
            for worker in workers:
                _end(worker)


def _halves(seen: list[list[float]], quarter: int) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    """Each worker's memory in the second quarter (the first warms up), and in the last."""
    return list(zip(*seen[quarter : 2 * quarter], strict=True)), list(zip(*seen[-quarter:], strict=True))


def _watch(workers: "list[subprocess.Popen[bytes]]", over: threading.Event, seen: list[list[float]]) -> None:
    while not over.wait(0.5):
        seen.append([memory(worker) for worker in workers])


def memory(process: "subprocess.Popen[bytes]") -> float:
    """Resident memory in MB."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu(processes: "list[subprocess.Popen[bytes]]") -> float:
    fields = [Path(f"/proc/{each.pid}/stat").read_text().rpartition(")")[2].split() for each in processes]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def report(found: dict[str, list[dict[str, float]]], files: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("how", "median s", "MB/s", "flows/s", "CPU s", title=f"{files} captures, {files * FLOWS:,} flows")
    for name, runs in found.items():
        seconds = median(each["seconds"] for each in runs)
        speed = median(each["bytes"] / each["seconds"] for each in runs) / 1e6
        flows = median(each["flows"] / each["seconds"] for each in runs)
        table.add_row(name, f"{seconds:.1f}", f"{speed:.1f}", f"{flows:,.0f}", f"{median(each['cpu'] for each in runs):.1f}")

    def ratio(first: str, second: str, what: str) -> float:
        return median(a[what] / b[what] for a, b in zip(found[first], found[second], strict=True))

    clusters = found["two workers"] + found["one worker"]
    console = Console()
    console.print(table)
    console.print(f"load of this machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    console.print(f"one worker / two: {ratio('one worker', 'two workers', 'seconds'):.2f} (bar: at least {MIN_RATIO})")
    over, more = ratio("two workers", "--jobs 2", "seconds") - 1, ratio("two workers", "--jobs 2", "cpu") - 1
    console.print(f"two workers over --jobs 2: {over:+.1%} (bar: at most {MAX_OVERHEAD:.0%}); in processor time {more:+.1%}")
    growth = max(each["growth"] for each in clusters)
    most = max(each["memory"] for each in clusters)
    console.print(f"a worker's memory: {most:.0f} MB at most, from the second quarter to the last {growth:+.1f} MB (bar: {MAX_GROWTH_MB})")


if __name__ == "__main__":
    main()
