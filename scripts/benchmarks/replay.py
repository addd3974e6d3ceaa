"""What reading a capture costs: against `mitmdump -nr` with a script that does nothing, with redaction, and in memory.

The capture is made anew each time (5,000 flows, 150 MB, 206 events each), as `amp_record` writes it. Both read it by turns in one run.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from mitmproxy import io as recordings
from mitmproxy.test import tflow
from rich.console import Console
from rich.table import Table

from amp_addons.core.facts import Facts, chunks_of
from amp_addons.sim import streams, turn

MIN_RATIO = 5
MAX_MS_A_MB = 45
MAX_GROWTH_MB = 20
EVENTS = 206
BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
DISTINCT = 50
WORDS = [word for word in turn.WORDS if word.isascii() and word.isalpha()]
PIECE = turn.PIECE
REDACT = "version: 1\nrules:\n  - {id: hide, match: {}, then: {redact: {using: secrets, response: true}}}\n"
NO_OP = "def response(flow):\n    pass\n"


def write_capture(path: Path, flows: int) -> None:
    """A capture of streams of Anthropic's."""
    bodies = [stream_of(seed) for seed in range(DISTINCT)]
    start = 1_760_000_000.0
    with path.open("wb") as out:
        writer = recordings.FlowWriter(out)
        for number in range(flows):
            body = bodies[number % len(bodies)]
            flow = tflow.tflow(resp=True)
            flow.id = f"{number:08x}-0000-4000-8000-000000000000"
            flow.request.url = "https://ampcode.com/api/provider/anthropic/v1/messages"
            flow.request.method = "POST"
            flow.request.headers["x-amp-thread-id"] = f"T-{number % 100}"
            flow.request.headers["content-type"] = "application/json"
            flow.request.raw_content = json.dumps(
                {"model": "claude-sonnet-4-5", "stream": True, "messages": [{"role": "user", "content": f"question {number}"}]}
            ).encode()
            flow.request.timestamp_start = start + number
            flow.response.headers["content-type"] = "text/event-stream"
            pieces = [piece + b"\n\n" for piece in body.split(b"\n\n")[:-1]]
            flow.response.raw_content = body
            flow.response.timestamp_start = start + number + 0.5
            flow.response.timestamp_end = start + number + 3
            times = [start + number + 0.5 + 0.01 * at for at in range(len(pieces))]
            sizes = list(map(len, pieces))
            facts = Facts(
                **chunks_of(start + number, times, sizes, sizes)._asdict(),
                request_bytes=len(flow.request.raw_content),
                response_bytes=len(body),
                ended_at=start + number + 3,
            )
            flow.metadata = facts.metadata()
            writer.add(flow)


def stream_of(seed: int) -> bytes:
    """An answer of EVENTS events."""
    drawn = random.Random(seed)
    text = "".join(drawn.choice(WORDS) + " " for _ in range(2000))[: (EVENTS - 6) * PIECE]
    return b"".join(streams.anthropic(model="claude-sonnet-4-5", text=text, seed=seed))


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds, and the peak of resident memory in MB."""
    started = time.perf_counter()
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT) as process:
        while process.poll() is None:
            peak = max(peak, _peak_kb(process.pid))
            time.sleep(0.01)
    took = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return took, peak / 1024


def _peak_kb(pid: int) -> int:
    """What Linux says of a running process; what `wait4` says has this process's own memory in it, from before the program began."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) if found else 0


def replay(*arguments: str) -> list[str]:
    return [str(BIN / "amp-addons"), "replay", "--json", *arguments]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="scripts/bench replay")
    parser.add_argument("--flows", type=int, default=5000, help="flows in the capture (default 5000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, the two by turns (default 5)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        capture, large, script, rules = (Path(folder) / name for name in ("a.flows", "large.flows", "no_op.py", "redact.yaml"))
        write_capture(capture, args.flows)
        script.write_text(NO_OP)
        rules.write_text(REDACT)
        with large.open("wb") as out:
            for _ in range(10):
                out.write(capture.read_bytes())
        megabytes = capture.stat().st_size / 1e6
        mitmdump = [str(BIN / "mitmdump"), "-nr", str(capture), "-q", "-s", str(script)]
        commands = {
            "mitmdump": mitmdump,
            "replay": replay(str(capture)),
            "one process": replay(str(capture), "-j", "1"),
            "redacting": replay(str(capture), "-j", "1", "--rules", str(rules)),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(args.rounds):
            for name in list(commands)[:: -1 if turn % 2 else 1]:
                times[name].append(timed(commands[name])[0])
        small_mb, large_mb = timed(replay(str(capture), "-j", "1"))[1], timed(replay(str(large), "-j", "1"))[1]
    report(args.flows, megabytes, times, small_mb, large_mb)


def report(flows: int, megabytes: float, times: dict[str, list[float]], small_mb: float, large_mb: float) -> None:
    table = Table("what", "median s", "min s", "flows/s", title=f"{flows:,} flows, {megabytes:.0f} MB, {EVENTS} events each")
    for name, found in times.items():
        table.add_row(name, f"{median(found):.2f}", f"{min(found):.2f}", f"{flows / median(found):,.0f}")
    ratio = median([bare / ours for bare, ours in zip(times["mitmdump"], times["replay"], strict=True)])
    more = median([ours - plain for ours, plain in zip(times["redacting"], times["one process"], strict=True)]) * 1000 / megabytes
    console = Console()
    console.print(table)
    console.print(f"mitmdump -nr / replay: {ratio:.2f} (bar: at least {MIN_RATIO})")
    console.print(f"redaction: {more:.1f} ms more a MB and core (bar: at most {MAX_MS_A_MB})")
    console.print(f"memory: {small_mb:.0f} MB, for ten times as much {large_mb:.0f} MB (bar: at most {MAX_GROWTH_MB} MB more)")


if __name__ == "__main__":
    main()
