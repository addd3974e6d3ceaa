from support.addons import Kept

from amp_addons.addons.hub import Hub
from amp_addons.core.events import FlowEnd

EVENT = FlowEnd(time="t", flow="f", outcome="ok", request_bytes=0, response_bytes=0, duration_ms=0.0)


class Broken(Kept):
    def publish(self, events, trace):
        raise ValueError("something with a secret in it")


def test_sink_that_fails_is_turned_off_once_and_the_others_go_on(caplog):
    hub, broken, kept = Hub(), Broken(), Kept()
    hub.attach(broken)
    hub.attach(kept)
    trace = hub.open("f", 0.0)
    hub.publish([EVENT], trace)
    hub.publish([EVENT], trace)
    assert len(kept.events) == 2
    assert caplog.text.count("Broken failed with ValueError") == 1
    assert "secret" not in caplog.text


def test_trace_is_forgotten_when_its_flow_has_ended():
    hub = Hub()
    hub.open("f", 0.0).end(1.0)
    assert hub.traces == {}


def test_single_events_are_made_only_when_a_sink_wants_them():
    hub = Hub()
    hub.attach(Kept(wants_each_event=False))
    assert not hub.open("f", 0.0).each_event
    hub.attach(Kept(wants_each_event=True))
    assert hub.open("g", 0.0).each_event


def test_sink_attached_twice_gets_everything_once():
    hub, kept = Hub(), Kept()
    hub.attach(kept)
    hub.attach(kept)
    hub.publish([EVENT], hub.open("f", 0.0))
    assert len(kept.events) == 1
