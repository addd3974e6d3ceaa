"""What a report costs: time and memory to make it, its size, and how long Chromium takes to open it.

The capture is made anew each time (2,000 flows in 100 threads of 20 requests with tools, 40 MB, conversations that grow).
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.capture import many  # noqa: E402
from support.chromium import chromium  # noqa: E402

FLOWS = 2000
MAX_OPEN_MS = 2000
RUNS = 5


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        capture, target = Path(folder, "many.flows"), Path(folder, "report.html")
        many(capture, int(sys.argv[1]) if len(sys.argv) > 1 else FLOWS)
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "amp_addons", "report", str(capture), "-o", str(target)], check=True)
        took = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"capture {capture.stat().st_size / 1e6:.1f} MB, report {target.stat().st_size / 1e6:.1f} MB")
        print(f"made in {took:.1f} s (CPU {used.ru_utime + used.ru_stime:.1f} s), {used.ru_maxrss / 1024:.0f} MB at most")
        opened = _opened(target)
    for load, paint, processor in opened:
        print(f"opened in {load:.0f} ms (CPU {processor:.0f} ms), first paint after {paint:.0f} ms")
    best = min(load for load, _, _ in opened)
    print(f"{'within' if best < MAX_OPEN_MS else 'NOT within'} {MAX_OPEN_MS} ms")
    return int(best >= MAX_OPEN_MS)


def _opened(target: Path) -> list[tuple[float, float, float]]:
    with chromium() as browser:
        page = browser.page()
        page.size(1280, 900)
        return [page.opened(target) for _ in range(RUNS)]


if __name__ == "__main__":
    sys.exit(main())
