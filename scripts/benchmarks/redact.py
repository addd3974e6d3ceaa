"""What masking costs: a prompt of source code, against the same patterns one by one with `re`, texts made to be slow, and streams.

The source code is the standard library's, which is at hand everywhere. The comparison with `re` runs each detector's own pattern over the
whole text, as a scanner without keywords does, and once only: it takes seconds. A sixth of a megabyte stands for the whole of it.
"""

import argparse
import gc
import random
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from amp_addons import Redactor
from amp_addons.core.redact.streaming import MaskStream

SIZE = 1_000_000
MAX_MS = 40
MIN_RATIO = 15
MAX_HOSTILE = 10
MAX_HELD = 16
MAX_DELTA_US = 20
MAX_FRESH_US = 50
TOKEN = 4
PROSE = ("pydoc_data/topics.py", "idlelib/News3.txt", "idlelib/README.txt", "idlelib/CREDITS.txt", "LICENSE.txt")
"""Of the standard library's files those that are mostly sentences."""


def source(size: int) -> str:
    """So much of the standard library's own source, from all over it, without what is not ASCII."""
    library = Path(sysconfig.get_path("stdlib"))
    files = sorted(path for path in library.rglob("*.py") if "site-packages" not in path.parts)
    text, step = "", max(1, len(files) // 60)
    for path in (files[at] for start in range(step) for at in range(start, len(files), step)):
        text += path.read_text(encoding="utf-8", errors="replace")[:40_000]
        if len(text) >= size:
            break
    return text[:size].encode("ascii", "replace").decode()


def repeat(part: str, size: int) -> str:
    return (part * (size // len(part) + 1))[:size]


def hostile(redactor: Redactor, size: int) -> dict[str, str]:
    words = [word for detector in redactor.detectors for word in detector.keywords]
    each = max(1, size // len(words))
    draw = random.Random(1)
    return {
        "all keywords, over and over": repeat("".join(words), size),
        "each keyword, back to back": "".join(repeat(word, each) for word in words)[:size],
        "keywords at random": "".join(draw.choices(words, k=size // 6))[:size],
        "sk-sk-sk-": repeat("sk-", size),
        "eyJ, no dot": repeat("eyJ" + "a" * 30, size),
        "token=token=": repeat("token=", size),
        "token=a1token=a1": repeat("token=a1", size),
        "refused values": repeat("token=abcdef1234567890abcdef ", size),
        "refused values, all different": "".join(f"token=abcdef{draw.randrange(10**12)} " for _ in range(size // 24))[:size],
        "quotes without end": repeat('password="' + "a" * 20, size),
        "://a:://a:": repeat("://a:", size),
        "BEGIN, no END": repeat("-----BEGIN PRIVATE KEY-----", size),
        "one line of base64": repeat("QUJDa1b2key+", size),
        "twenty thousand secrets": repeat("npm_" + "a1B2c3D4e5F6" * 3 + " filler text, filler text, filler text. ", size),
        "not ASCII": repeat("ключ=naïve token=é", size),
    }


def milliseconds(call: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        gc.collect()
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times) * 1000


def one_by_one(redactor: Redactor) -> list[re.Pattern[bytes]]:
    """The same patterns for `re`, as far as it takes them."""
    patterns = []
    for detector in redactor.detectors:
        patterns.append(re.compile(detector.whole_pattern.replace(r"\z", r"\Z").encode()))
    return patterns


def scan(patterns: list[re.Pattern[bytes]], data: bytes) -> int:
    return sum(1 for pattern in patterns for _ in pattern.finditer(data))


def loading() -> Table:
    table = Table("import", "builtin()", "first mask", title="loading, in a new process: ms (≤ 150 for the last two)")
    code = (
        "import time; a = time.perf_counter(); from amp_addons.rulefiles.detectors import Redactor; b = time.perf_counter();"
        "r = Redactor.builtin(); c = time.perf_counter(); r.mask('key'); d = time.perf_counter(); print(b - a, c - b, d - c)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    table.add_row(*(f"{float(part) * 1000:.0f}" for part in done.stdout.split()))
    return table


def prose(size: int) -> str:
    library = Path(sysconfig.get_path("stdlib"))
    text = "".join((library / name).read_text(encoding="utf-8", errors="replace") for name in PROSE if (library / name).is_file())
    return text.replace("\\n'\n", "\n")[:size]


def deltas(text: str) -> list[str]:
    """Pieces of one to eight tokens."""
    draw, at, pieces = random.Random(1), 0, []
    while at < len(text):
        size = draw.randint(1, 8) * TOKEN
        pieces.append(text[at : at + size])
        at += size
    return pieces


def streams(redactor: Redactor) -> Table:
    """The first round makes what all streams share; the second is shown."""
    table = Table(
        "text",
        "deltas",
        f"held p50, p99 ≤ {MAX_HELD}, most",
        f"µs p50 ≤ {MAX_DELTA_US}, p99",
        f"fresh µs ≤ {MAX_FRESH_US}",
        title="streams: deltas of 1 to 8 tokens of 4 characters",
    )
    texts = {"source code": source(SIZE), "prose": prose(SIZE // 2)}
    fresh = milliseconds(lambda: [MaskStream(redactor, lambda finding, secret: "") for _ in range(1000)], 5)
    for name, text in texts.items():
        pieces = deltas(text)
        for _ in range(2):
            stream = MaskStream(redactor, lambda finding, secret: "***")
            held, spent = [], []
            gc.collect()
            for piece in pieces:
                started = time.perf_counter()
                stream.feed(piece)
                spent.append((time.perf_counter() - started) * 1e6)
                held.append(stream.held)
        table.add_row(
            name,
            f"{len(pieces):,}",
            f"{part(held, 0.5):.0f}, {part(held, 0.99):.0f}, {max(held)}",
            f"{part(spent, 0.5):.1f}, {part(spent, 0.99):.0f}",
            f"{fresh:.1f}",
        )
    return table


def hostile_streams(redactor: Redactor, size: int) -> Table:
    """Time per delta of one token; the second half of a text must not take longer than the first."""
    table = Table("text", "held at most", "µs a delta", "second half to first", title="streams made to be slow")
    for name, bad in hostile(redactor, size).items():
        stream = MaskStream(redactor, lambda finding, secret: "***")
        held, halves = 0, []
        for half in (bad[: size // 2], bad[size // 2 :]):
            started = time.perf_counter()
            for at in range(0, len(half), TOKEN):
                stream.feed(half[at : at + TOKEN])
                held = max(held, stream.held)
            halves.append(time.perf_counter() - started)
        table.add_row(name, f"{held:,}", f"{sum(halves) / size * TOKEN * 1e6:.0f}", f"{halves[1] / halves[0]:.1f}")
    return table


def part(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="scripts/bench redact")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no comparison with re")
    args = parser.parse_args()
    rounds = 3 if args.quick else 9
    redactor = Redactor.builtin()
    text = source(SIZE)
    redactor.mask(text)
    console = Console(width=max(120, Console().width))
    console.print(loading())

    ours = milliseconds(lambda: redactor.mask(text), rounds)
    table = Table(
        "detectors", f"mask ≤ {MAX_MS}", "re, one by one", f"ratio ≥ {MIN_RATIO}", title="1 MB of source code: ms, best of some rounds"
    )
    if args.quick:
        table.add_row(str(len(redactor.detectors)), f"{ours:.1f}", "-", "-")
    else:
        patterns, part = one_by_one(redactor), text.encode()[: SIZE // 6]
        theirs = milliseconds(lambda: scan(patterns, part), 1) * SIZE / len(part)
        table.add_row(str(len(redactor.detectors)), f"{ours:.1f}", f"{theirs:.0f}", f"{theirs / ours:.0f}")
    console.print(table)

    table = Table("text", "findings", "ms", f"to {MAX_MS} ms ≤ {MAX_HOSTILE}", title="1 MB made to be slow: ms, best of some rounds")
    for name, bad in hostile(redactor, SIZE).items():
        spent = milliseconds(lambda bad=bad: redactor.mask(bad), 3)
        table.add_row(name, f"{len(redactor.find(bad)):,}", f"{spent:.0f}", f"{spent / MAX_MS:.1f}")
    console.print(table)
    console.print(streams(redactor))
    console.print(hostile_streams(redactor, SIZE // 16))


if __name__ == "__main__":
    main()
