"""Capture files for tests: mitmproxy's own flows, in its own words."""

from io import BytesIO

from mitmproxy import http
from mitmproxy.io import FlowWriter, tnetstring
from mitmproxy.test import tflow, tutils

from amp_addons.sim import anthropic
from amp_addons.sim.turn import compose

START = 1.76e9
MESSAGES = "https://ampcode.com/api/provider/anthropic/v1/messages"
BODY = b'{"model":"claude-sonnet-4-5","stream":true,"messages":[]}'
ANSWER = b"".join(anthropic.events(compose(model="claude-sonnet-4-5", text="Hello there. ", thinking="Hm.")))


def stream_flow(number=0, url=MESSAGES, method="POST", body=BODY, answer=ANSWER, content_type="text/event-stream", status=200):
    """A finished flow with an answer that was streamed, the `number`th of a capture."""
    flow = tflow.tflow(req=http.Request.make(method, url, body, {"content-type": "application/json"}))
    flow.id, flow.timestamp_created = f"flow-{number}", START + number
    flow.request.timestamp_start = START + number
    flow.request.timestamp_end = START + number
    headers = http.Headers([(b"content-type", content_type.encode())])
    flow.response = tutils.tresp(status_code=status, content=answer, headers=headers)
    flow.response.timestamp_start, flow.response.timestamp_end = START + number + 0.25, START + number + 1.5
    return flow


def written(*flows):
    """The bytes of a flow file."""
    out = BytesIO()
    writer = FlowWriter(out)
    for flow in flows:
        writer.add(flow)
    return out.getvalue()


def older(flow, version):
    """A flow as the mitmproxy of this format version wrote it: what its converters do, undone."""
    state = flow.get_state()
    client, server = state["client_conn"], state["server_conn"]
    state["version"] = version
    if version < 20:
        client["state"], server["state"] = 3, 3
    if version < 19:
        client["address"], client["tls_extensions"] = client.pop("peername"), None
        server["ip_address"], server["source_address"], server["via2"] = server.pop("peername"), server.pop("sockname"), server.pop("via")
        for side in (client, server):
            side["tls_established"], side["cipher_name"] = False, side.pop("cipher")
    return tnetstring.dumps(state)


def changed_state(flow, **fields):
    """A flow of whose fields some are replaced: `request__port="x"`."""
    state = flow.get_state()
    for path, value in fields.items():
        *parents, name = path.split("__")
        place = state
        for parent in parents:
            place = place[parent]
        place[name] = value
    return tnetstring.dumps(state)
