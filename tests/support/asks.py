"""Captures of requests to a model, in mitmproxy's own format."""

import json

from mitmproxy import io as recordings
from mitmproxy.test import tflow

from amp_addons.core.facts import Facts, chunks_of
from amp_addons.sim import streams

PATH = "/api/provider/anthropic/v1/messages"
START = 1_760_000_000.0


def ask(body, number=1, headers=(), answer="Hello there.", gap=0.05):
    """A request with this JSON body, and a streamed answer of Anthropic's that says `answer`, an event every `gap` seconds."""
    flow = tflow.tflow(resp=True)
    flow.id = f"flow-{number}"
    flow.request.url = f"https://ampcode.com{PATH}"
    flow.request.method = "POST"
    flow.request.headers["content-type"] = "application/json"
    for name, value in headers:
        flow.request.headers[name] = value
    flow.request.raw_content = json.dumps(body).encode()
    started = flow.request.timestamp_start = START + number
    pieces = streams.anthropic(model=body.get("model", "m"), text=answer, seed=number)
    flow.response.headers["content-type"] = "text/event-stream"
    flow.response.raw_content = b"".join(pieces)
    flow.response.timestamp_start = started + gap
    flow.response.timestamp_end = ended = started + gap * (len(pieces) + 1)
    sizes = list(map(len, pieces))
    chunks = chunks_of(started, [started + gap * (at + 1) for at in range(len(pieces))], sizes, sizes)
    size = len(flow.response.raw_content)
    flow.metadata = Facts(**chunks._asdict(), request_bytes=len(flow.request.raw_content), response_bytes=size, ended_at=ended).metadata()
    return flow


def capture(path, *flows):
    with open(path, "wb") as out:
        writer = recordings.FlowWriter(out)
        for flow in flows:
            writer.add(flow)
    return path


def conversation(*texts, **more):
    """The body of a request whose messages say these, user and assistant by turns."""
    messages = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts)]
    return {"model": "claude-next", "stream": True, "max_tokens": 100, "messages": messages, **more}
