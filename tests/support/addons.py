"""Addons under mitmproxy's own test context, with a sink that keeps the events."""

import inspect
from contextlib import contextmanager

import msgspec
from mitmproxy import http
from mitmproxy.addons import dumper, proxyserver, script
from mitmproxy.test import taddons, tflow, tutils

from amp_addons.addons import assemble, hub_of

MESSAGES = "https://ampcode.com/api/provider/anthropic/v1/messages"


class Kept:
    """A sink that keeps all events, as their JSON fields."""

    def __init__(self, wants_each_event=True):
        self.wants_each_event = wants_each_event
        self.events = []

    def publish(self, events, trace):
        self.events += [msgspec.to_builtins(event) for event in events]

    def types(self, flow=None):
        return [event["type"] for event in self.events if flow is None or event["flow"] == flow.id]

    def last(self, kind):
        return [event for event in self.events if event["type"] == kind][-1]


class Suite:
    """Some addons loaded in a context; `play` calls their hooks as mitmproxy does."""

    def __init__(self, context, addons):
        self.context, self.addons = context, addons
        self.hub = hub_of(context.master)
        self.kept = Kept()
        self.hub.attach(self.kept)

    def __getitem__(self, name):
        return next(addon for addon in self.addons if addon.name == f"amp.{name}")

    def play(self, hook, *args):
        for addon in self.addons:
            if method := getattr(addon, hook, None):
                method(*args)

    def settle(self):
        self.hub.pump.run()


@contextmanager
def loaded(*names):
    # The addons of mitmproxy whose options ours look at.
    with taddons.context(proxyserver.Proxyserver(), script.ScriptLoader(), dumper.Dumper()) as context:
        addons = assemble(*names)
        context.master.addons.add(*addons)
        yield Suite(context, addons)


def make_flow(method="POST", url=MESSAGES, content=b'{"model":"m","stream":true}', headers=()):
    """A live flow whose request has been read."""
    flow = tflow.tflow(req=http.Request.make(method, url, content, http.Headers(headers)))
    flow.live = True
    flow.request.timestamp_start = 1_700_000_000.0
    return flow


def make_response(content=b"", content_type="text/event-stream", status=200, **headers):
    fields = [(b"content-type", content_type.encode())] if content_type else []
    fields += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return tutils.tresp(status_code=status, content=content, headers=http.Headers(fields), timestamp_start=1_700_000_000.25)


def run_stream(suite, flow, chunks, **response):
    """Play a flow whose answer streams in `chunks`; return what the client gets."""
    suite.play("requestheaders", flow)
    suite.play("request", flow)
    flow.response = make_response(None, **response)
    suite.play("responseheaders", flow)
    sent = [flow.response.stream(chunk) for chunk in chunks]
    sent.append(flow.response.stream(b""))
    return sent


async def ask(suite, flow):
    """Play a flow's request, waiting where an addon asks for time."""
    suite.play("requestheaders", flow)
    for addon in suite.addons:
        if hook := getattr(addon, "request", None):
            pending = hook(flow)
            if inspect.isawaitable(pending):
                await pending
    return flow


def finish(suite, flow):
    flow.response.timestamp_end = 1_700_000_001.0
    suite.play("response", flow)
    suite.settle()
