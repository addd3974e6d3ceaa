"""What reading a capture costs: against `mitmdump -nr` with a script that does nothing, with redaction, and in memory.

The capture is made anew each time (5,000 flows, 150 MB, 206 events each), as `amp_record` writes it. Both read it by turns in one run.
"""

import json
import random
import sys
from pathlib import Path

from mitmproxy import io as recordings
from mitmproxy.test import tflow

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
