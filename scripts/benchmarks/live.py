"""What the suite costs live traffic, against bare mitmdump with a `stream=True` one-liner, in one run, alternating.

Ratios are what to look at: the machine's speed drifts, the two are measured seconds apart. Needs two free cores and a quiet minute.
"""

import argparse
import json
import os
import pty
import re
import select
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
MITMDUMP = Path(sys.executable).with_name("mitmdump")
BARE = "def responseheaders(flow):\n    flow.response.stream = True\n"
KINDS = {"bare": None, "suite, flow": "flow", "suite, event": "event"}
TICK = os.sysconf("SC_CLK_TCK")


def homes(folder: Path) -> dict[str, str]:
    """Folders of its own for what a proxy keeps."""
    return {"XDG_STATE_HOME": str(folder / "state"), "XDG_CACHE_HOME": str(folder / "cache")}


class Proxy:
    """A mitmdump under measurement, its terminal a pseudo-terminal that is read."""

    def __init__(self, folder: Path, kind: str, upstream: int, ca: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.master, slave = pty.openpty()
        args = ["--listen-host", "127.0.0.1", "-p", str(self.port), "--mode", f"upstream:http://127.0.0.1:{upstream}"]
        args += ["--set", f"confdir={folder}/conf", "--set", f"ssl_verify_upstream_trusted_ca={ca}", "--set", "connection_strategy=lazy"]
        if kind == "bare":
            (folder / "bare.py").write_text(BARE)
            args += ["--set", "flow_detail=0", "-s", str(folder / "bare.py")]
        else:
            self.events = folder / f"events-{self.port}.jsonl"
            args += ["-s", str(ROOT / "amp_addons"), "--set", f"amp_events={self.events}", "--set", f"amp_events_detail={KINDS[kind]}"]
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [str(MITMDUMP), *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={
                **os.environ,
                "TERM": "xterm-256color",
                "COLUMNS": "120",
                "LINES": "40",
                "XDG_STATE_HOME": str(folder / "state"),
                "XDG_CACHE_HOME": str(folder / "cache"),
            },
        )
        os.close(slave)
        self.screen = bytearray()
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(f"{kind} did not start:\n{self.screen.decode(errors='replace')}")
                time.sleep(0.002)
        self.startup = time.perf_counter() - started

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            self.screen += data
            del self.screen[:-20000]

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self) -> float:
        """Resident set in MB."""
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def connect(proxy: Proxy, tls: bool) -> tuple[socket.socket, str]:
    """A connection by which ampcode.com is reached through the proxy, and what request targets begin with there."""
    plain = socket.create_connection(("127.0.0.1", proxy.port), 30)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not tls:
        return plain, "http://ampcode.com"
    plain.sendall(b"CONNECT ampcode.com:443 HTTP/1.1\r\nHost: ampcode.com:443\r\n\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += plain.recv(1000)
    context = ssl.create_default_context(cafile=proxy.folder / "conf" / "mitmproxy-ca-cert.pem")
    return context.wrap_socket(plain, server_hostname="ampcode.com"), ""


def request_stream(sock: socket.socket, base: str, events: int, pace: float, stamp: bool = False) -> None:
    body = b'{"model":"claude-sonnet-4-5","stream":true,"messages":[{"role":"user","content":"go"}]}'
    sock.sendall(
        f"POST {base}/api/provider/anthropic/v1/messages HTTP/1.1\r\nHost: ampcode.com\r\nContent-Type: application/json\r\n"
        f"x-sim-events: {events}\r\nx-sim-pace: {pace}\r\nx-sim-stamp: {int(stamp)}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


def read_stream(sock: socket.socket) -> None:
    tail = b""
    while not tail.endswith(b"0\r\n\r\n"):
        data = sock.recv(262_144)
        if not data:
            raise SystemExit("the stream was cut")
        tail = (tail + data)[-16:]


def flood(proxy: Proxy, tls: bool, events: int) -> tuple[float, float]:
    """Four streams as fast as they go: CPU microseconds of the proxy an event, and events a second."""
    sockets = [connect(proxy, tls) for _ in range(4)]
    cpu, start = proxy.cpu(), time.perf_counter()
    threads = []
    for sock, base in sockets:
        request_stream(sock, base, events // 4, 0)
        threads.append(threading.Thread(target=read_stream, args=(sock,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    time.sleep(0.3)  # what follows the bytes belongs to the cost
    for sock, _ in sockets:
        sock.close()
    return (proxy.cpu() - cpu) / events * 1e6, events / seconds


def small(proxy: Proxy, tls: bool, seconds: float) -> tuple[float, float]:
    """Small requests on eight kept connections: requests a second, and CPU microseconds a request."""
    sockets = [connect(proxy, tls) for _ in range(8)]
    count, cpu, start = [0], proxy.cpu(), time.perf_counter()
    message = {base: f"GET {base}/api/user HTTP/1.1\r\nHost: ampcode.com\r\n\r\n".encode() for _, base in sockets}
    for sock, base in sockets:
        sock.sendall(message[base])
    base = sockets[0][1]
    waiting = [sock for sock, _ in sockets]
    while time.perf_counter() - start < seconds:
        for sock in select.select(waiting, [], [], 5)[0]:
            if not sock.recv(65536):
                raise SystemExit("a small request was refused")
            count[0] += 1
            sock.sendall(message[base])
    elapsed = time.perf_counter() - start
    for sock in waiting:
        sock.close()
    return count[0] / elapsed, (proxy.cpu() - cpu) / count[0] * 1e6


def delay(proxy: Proxy, tls: bool, streams: int, events: int) -> tuple[float, float]:
    """Paced streams whose events carry the time of their sending: delay p50 and p99 in microseconds."""
    delays: list[float] = []

    def read(sock: socket.socket) -> None:
        tail = b""
        while not tail.endswith(b"0\r\n\r\n"):
            data = sock.recv(65536)
            now = time.monotonic_ns()
            if not data:
                raise SystemExit("the stream was cut")
            delays.extend((now - int(found)) / 1000 for found in re.findall(rb'"sim_ns":(\d+)', data))
            tail = (tail + data)[-16:]

    threads = []
    for _ in range(streams):
        sock, base = connect(proxy, tls)
        request_stream(sock, base, events, 0.02, stamp=True)
        threads.append(threading.Thread(target=read, args=(sock,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    ordered = sorted(delays)
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]


def growth(proxy: Proxy) -> tuple[float, float]:
    """How many MB the proxy grows by one stream of 100,000 events, and by 2,000 flows one after the other."""
    flood(proxy, False, 4_000)
    before = proxy.memory()
    sock, base = connect(proxy, False)
    request_stream(sock, base, 100_000, 0)
    read_stream(sock)
    time.sleep(0.5)
    by_stream = proxy.memory() - before
    before = proxy.memory()
    message = f"GET {base}/api/user HTTP/1.1\r\nHost: ampcode.com\r\n\r\n".encode()
    for _ in range(2_000):
        sock.sendall(message)
        sock.recv(65536)
    time.sleep(0.5)
    sock.close()
    return by_stream, proxy.memory() - before


@contextmanager
def simulator() -> Iterator[dict[str, Any]]:
    """The simulated service in a process of its own: `port` and `ca_path`."""
    with subprocess.Popen([sys.executable, "-m", "amp_addons.sim"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def measure(proxy: Proxy, scale: float) -> Iterator[tuple[str, float]]:
    """One round of all figures that are compared."""
    for tls in (False, True):
        way = "TLS" if tls else "plain"
        cost, rate = flood(proxy, tls, int((40_000 if tls else 80_000) * scale))
        yield f"CPU µs an event, {way}", cost
        yield f"flood events/s, {way}", rate
        rate, cost = small(proxy, tls, 2 * scale)
        yield f"small requests/s, {way}", rate
        yield f"CPU µs a small request, {way}", cost
    p50, p99 = delay(proxy, False, 10, int(100 * scale))
    yield "delay p50 µs", p50
    yield "delay p99 µs", p99


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, epilog="example: scripts/bench live --rounds 3"
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default 5; each takes about 45 seconds)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, to see that it runs")
    options = parser.parse_args()
    scale = 0.1 if options.quick else 1.0
    results: dict[str, dict[str, list[float]]] = {kind: {} for kind in KINDS}

    def note(kind: str, name: str, value: float) -> None:
        results[kind].setdefault(name, []).append(value)

    with ExitStack() as stack:
        temp = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sim = stack.enter_context(simulator())
        progress = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
        task = progress.add_task("measuring", total=(options.rounds + 2) * len(KINDS))
        # All run at once, those that wait cost nothing: what is compared is measured within seconds, in turns.
        proxies = {kind: Proxy(temp, kind, sim["port"], Path(sim["ca_path"])) for kind in KINDS}
        for proxy in proxies.values():
            stack.callback(proxy.stop)
            flood(proxy, False, 4_000)
        for number in range(options.rounds):
            kinds = list(KINDS)[number % 3 :] + list(KINDS)[: number % 3]
            rounds = {kind: measure(proxies[kind], scale) for kind in kinds}
            for _ in range(10):
                for kind in kinds:
                    note(kind, *next(rounds[kind]))
            progress.advance(task, 3)
        for kind, proxy in proxies.items():
            note(kind, "memory MB", proxy.memory())
            by_stream, by_flows = growth(proxy)
            note(kind, "growth MB, 100,000 events", by_stream)
            note(kind, "growth MB, 2,000 flows", by_flows)
            progress.advance(task)
        for _ in range(3):
            for kind in KINDS:
                proxy = Proxy(temp, kind, sim["port"], Path(sim["ca_path"]))
                note(kind, "start-up ms", proxy.startup * 1000)
                proxy.stop()
    show(results)


BARS = {
    "CPU µs an event, plain": ("≤ 1.12", "≤ 1.25"),
    "CPU µs an event, TLS": ("≤ 1.12", "≤ 1.12"),
    "flood events/s, plain": ("≥ 0.88", "≥ 0.80"),
    "flood events/s, TLS": ("≥ 0.88", "≥ 0.80"),
    "small requests/s, plain": ("≥ 0.93", "≥ 0.93"),
    "small requests/s, TLS": ("≥ 0.93", "≥ 0.93"),
    "delay p50 µs": ("≤ +100", "≤ +100"),
    "start-up ms": ("≤ +250", "≤ +250"),
    "memory MB": ("≤ +25", "≤ +25"),
    "growth MB, 100,000 events": ("≤ 10", "≤ 10"),
    "growth MB, 2,000 flows": ("≤ 10", "≤ 10"),
}


def show(results: dict[str, dict[str, list[float]]]) -> None:
    table = Table("figure (median)", *KINDS, "ratio, flow", "bar", "ratio, event", "bar", title="live traffic, against bare mitmdump")
    for name in results["bare"]:
        medians = [statistics.median(results[kind][name]) for kind in KINDS]
        bars = BARS.get(name, ("", ""))
        cells = []
        for kind, bar in zip(list(KINDS)[1:], bars, strict=True):
            pairs = list(zip(results[kind][name], results["bare"][name], strict=True))
            if "+" in bar:
                cells += [f"{statistics.median(a - b for a, b in pairs):+.0f}", bar]
            elif name.startswith("growth"):
                cells += [f"{statistics.median(a for a, _ in pairs):.1f}", bar]
            else:
                cells += [f"{statistics.median(a / b for a, b in pairs):.3f}", bar]
        table.add_row(name, *[f"{value:,.1f}" for value in medians], *cells)
    Console(width=max(120, Console().width)).print(table)


if __name__ == "__main__":
    main()
