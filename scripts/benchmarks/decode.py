"""What decoding costs, against httpx-sse, the anthropic and openai SDKs' decoders and a bare floor, in one run, alternating.

Ratios are what to look at: each is the median of the ratios within a round, so a machine that gets slower does not move them.
"""

import argparse
import codecs
import gc
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from anthropic._streaming import SSEDecoder as AnthropicDecoder
from httpx_sse._decoders import SSEDecoder as HttpxDecoder
from httpx_sse._decoders import SSELineDecoder
from openai._streaming import SSEDecoder as OpenAIDecoder
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from amp_addons import SSEDecoder

EVENT_BYTES = 140
ANTHROPIC = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}\n\n',
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","model":"claude","usage":{"input_tokens":3}}}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
)
OPENAI = (
    b'data: {"id":"c1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n',
    b"",
    b'data: {"id":"c1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n",
)

type Chunks = list[bytes]
type Decode = Callable[[Chunks], int]


def ours(chunks: Chunks) -> int:
    decoder = SSEDecoder()
    return sum(len(decoder.feed(chunk)) for chunk in chunks) + len(decoder.close())


def httpx_sse(chunks: Chunks) -> int:
    """Its two decoders without httpx around them, which would only cost more."""
    text, lines, decoder = codecs.getincrementaldecoder("utf-8")("replace"), SSELineDecoder(), HttpxDecoder()
    count = 0
    for chunk in chunks:
        for line in lines.decode(text.decode(chunk)):
            count += decoder.decode(line) is not None
    return count


def sdk(kind: type[AnthropicDecoder] | type[OpenAIDecoder], chunks: Chunks) -> int:
    return sum(1 for _ in kind().iter_bytes(iter(chunks)))


def floor(chunks: Chunks) -> int:
    """Split, field name, data slice: what no decoder in Python can leave out."""
    events = []
    rest = data = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            if not line:
                events.append(data)
                continue
            name, _, value = line.partition(b": ")
            if name == b"data":
                data = value
    return len(events)


def summary(api: str | None, chunks: Chunks) -> int:
    from amp_addons.core.reader import StreamReader

    reader = StreamReader(api, events=False)
    count = sum(len(reader.feed(chunk)) for chunk in chunks)
    reader.close()
    reader.summary()
    return count


DECODERS: dict[str, Decode] = {
    "amp_addons": ours,
    "floor": floor,
    "httpx-sse": httpx_sse,
    "anthropic": partial(sdk, AnthropicDecoder),
    "openai": partial(sdk, OpenAIDecoder),
}


def stream(parts: tuple[bytes, bytes, bytes], size: int) -> bytes:
    """About `size` bytes of equal events, with what an answer begins and ends with."""
    event, first, last = parts
    event = event % (b"x" * (EVENT_BYTES - len(event % b"")))
    return first + event * (size // len(event)) + last


def cut(data: bytes, size: int) -> Chunks:
    return [data[at : at + size] for at in range(0, len(data), size)]


def by_event(data: bytes) -> Chunks:
    return [event + b"\n\n" for event in data.split(b"\n\n") if event]


def timed(decode: Decode, chunks: Chunks) -> float:
    gc.collect()
    started = time.perf_counter()
    decode(chunks)
    return time.perf_counter() - started


def measure(decoders: dict[str, Decode], chunks: Chunks, rounds: int) -> Iterator[dict[str, float]]:
    """One dict of seconds a round; every other round in the opposite order."""
    for turn in range(rounds):
        order = list(decoders)[:: -1 if turn % 2 else 1]
        yield {name: timed(decoders[name], chunks) for name in order}


def compare(base: str, rounds: list[dict[str, float]]) -> dict[str, float]:
    """The median ratio of `base` to each of the others."""
    return {name: statistics.median(turn[base] / turn[name] for turn in rounds) for name in rounds[0] if name != base}


def sse_table(cases: dict[str, tuple[Chunks, int]], rounds: int, progress: Progress) -> Table:
    table = Table("stream", "chunks", *DECODERS, "to floor ≤ 1.5", "to httpx-sse ≤ 0.5", title="events: µs an event, medians")
    task = progress.add_task("events", total=len(cases) * rounds)
    for case, (chunks, events) in cases.items():
        found = []
        for turn in measure(DECODERS, chunks, rounds):
            found.append(turn)
            progress.advance(task)
        medians = [f"{statistics.median(turn[name] for turn in found) / events * 1e6:.2f}" for name in DECODERS]
        ratio = compare("amp_addons", found)
        table.add_row(*case.split(", "), *medians, f"{ratio['floor']:.2f}", f"{ratio['httpx-sse']:.2f}")
    return table


def large_table(rounds: int) -> Table:
    table = Table(*DECODERS, "to anthropic ≤ 0.05", title="one event of 1 MB in 64-byte chunks: ms, medians")
    found = list(measure(DECODERS, cut(b"data: " + b"x" * 1_000_000 + b"\n\n", 64), rounds))
    medians = [f"{statistics.median(turn[name] for turn in found) * 1000:.1f}" for name in DECODERS]
    table.add_row(*medians, f"{compare('amp_addons', found)['anthropic']:.4f}")
    return table


def summary_table(streams: dict[str, tuple[str, bytes]], rounds: int, progress: Progress) -> Table:
    table = Table("stream", "bare", "to summary", "ratio ≤ 1.6", title="StreamReader.summary against the bare SSEDecoder, 1 KB chunks: ms")
    task = progress.add_task("summary", total=len(streams) * rounds)
    for name, (api, data) in streams.items():
        found = []
        for turn in measure({"bare": ours, "summary": partial(summary, api)}, cut(data, 1024), rounds):
            found.append(turn)
            progress.advance(task)
        medians = [f"{statistics.median(turn[kind] for turn in found) * 1000:.0f}" for kind in ("bare", "summary")]
        table.add_row(name, *medians, f"{compare('summary', found)['bare']:.2f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="scripts/bench decode")
    parser.add_argument("--quick", action="store_true", help="2 MB and three rounds: seconds, and rougher")
    parser.add_argument("--only", choices=["events", "large", "summary"], help="one table alone")
    args = parser.parse_args()
    size, rounds = (2_000_000, 3) if args.quick else (20_000_000, 5)
    streams = {"Anthropic": ("anthropic-messages", stream(ANTHROPIC, size)), "OpenAI": ("openai-chat", stream(OPENAI, size))}
    ways = {"1 KB": lambda data: cut(data, 1024), "one event": by_event, "64 B": lambda data: cut(data, 64)}
    tables = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        if args.only in (None, "events"):
            cases = {
                f"{name}, {way}": (make(data), data.count(b"\n\n")) for name, (_, data) in streams.items() for way, make in ways.items()
            }
            tables.append(sse_table(cases, rounds, progress))
        if args.only in (None, "large"):
            tables.append(large_table(3))
        if args.only in (None, "summary"):
            tables.append(summary_table(streams, rounds, progress))
    console = Console(width=max(120, Console().width))
    for table in tables:
        console.print(table)


if __name__ == "__main__":
    main()
