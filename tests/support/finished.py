"""Flows that are over, for what records them."""

from amp_addons.core.events import FlowEnd
from amp_addons.core.kept import Kept
from amp_addons.replay.recording import Finished
from amp_addons.rulefiles.catalog import classify
from support.captures import START, stream_flow


def finished(flow=None, pieces=None, *, number=0, is_stream=True, asked=None, before=(), after=(), ended="complete", limit=1 << 30, **end):
    """What `addons.record` hands over: `pieces` are the answer as it was streamed, 10 ms from one to the next."""
    flow = flow or stream_flow(number)
    kept = Kept(limit)
    if pieces is not None:
        flow.response.raw_content = None
        kept.add([(START + number + 0.25 + at / 100, piece) for at, piece in enumerate(pieces)])
    sizes = {"request_bytes": len(flow.request.raw_content or b""), "response_bytes": sum(map(len, pieces or ()))}
    over = FlowEnd(time="t", flow=flow.id, status=200, duration_ms=1.0, **{"outcome": "ok", **sizes, **end})
    api = classify(flow.request.method, flow.request.url).api
    return Finished(flow, api, asked, kept, is_stream, before, after, over, flow.request.timestamp_start, START + number + 2.0, ended)
