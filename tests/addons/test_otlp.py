"""How the addon is set. What it sends is in tests/e2e/test_otlp.py, with the extra."""

import logging
import threading
import time

import pytest
from mitmproxy import exceptions
from support.addons import finish, loaded, make_flow, run_stream
from support.proxy import until

from amp_addons.addons import otlp
from amp_addons.telemetry import collector

STREAM = [b'data: {"type":"message_start","message":{"model":"m"}}\n\n', b'data: {"type":"message_stop"}\n\n']


class Sender:
    """Keeps what it is given."""

    def __init__(self):
        self.flows, self.closed = [], False

    def put(self, told):
        self.flows.append(told)

    def close(self):
        self.closed = True


@pytest.fixture
async def suite():
    with loaded("otlp") as found:
        yield found


@pytest.fixture
def senders(monkeypatch):
    """The senders that were made, in place of OpenTelemetry's, which this environment does not have."""
    made = []
    monkeypatch.setattr(otlp, "is_installed", lambda: True)
    monkeypatch.setattr(otlp.Otlp, "_new", lambda self, base, content: made.append(Sender()) or made[-1])
    return made


def pass_by(suite, **options):
    flow = make_flow(**options)
    run_stream(suite, flow, STREAM)
    finish(suite, flow)
    return flow


@pytest.mark.parametrize("at_start", [True, False])
async def test_without_the_extra_it_is_refused_with_what_to_install(suite, monkeypatch, caplog, at_start):
    monkeypatch.setattr(otlp, "is_installed", lambda: False)
    if at_start:
        suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:4318")
        found = caplog.text
    else:
        suite["startup"].running()
        with pytest.raises(exceptions.OptionsError) as caught:
            suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:4318")
        found = str(caught.value)
    assert "option amp_otlp: " in found and "pip install 'amp-addons[otel]'" in found


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"amp_otlp": "collector:4318"}, "option amp_otlp: found what is no http or https URL"),
        ({"amp_otlp_content": "scrub"}, "option amp_otlp_content: found 'scrub', expected one of none, scrubbed. Did you mean 'scrubbed'"),
    ],
)
async def test_bad_value_is_refused_and_the_old_one_stays(suite, senders, options, sentence):
    suite["startup"].running()
    suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:4318")
    with pytest.raises(exceptions.OptionsError, match=sentence.replace("?", r"\?")):
        suite.context.configure(suite["otlp"], **options)
    pass_by(suite)
    assert len(senders[0].flows) == 1 and not senders[0].closed


async def test_plain_http_beyond_this_machine_is_warned_about(suite, senders, caplog):
    suite.context.configure(suite["otlp"], amp_otlp="http://collector:4318")
    assert "amp_otlp: the collector is not on this machine and its URL is plain http" in caplog.text


async def test_nothing_is_made_unless_asked_for(suite, senders, caplog):
    caplog.set_level(logging.DEBUG)
    suite.context.configure(suite["otlp"], amp_otlp="", amp_otlp_content="scrubbed")
    assert suite["otlp"] not in suite.hub._sinks
    pass_by(suite)
    assert senders == []


async def test_flow_is_handed_over_once_without_what_was_said(suite, senders):
    suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:4318")
    flow = pass_by(suite)
    [told] = senders[0].flows
    assert (told.request.flow, told.bodies, told.stream.model) == (flow.id, None, "m")
    suite.play("done")
    assert senders[0].closed


async def test_what_was_said_comes_along_where_it_is_wanted(suite, senders):
    suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:4318", amp_otlp_content="scrubbed")
    pass_by(suite)
    pass_by(suite, url="https://ampcode.com/api/threads")
    inference, other = senders[0].flows
    assert inference.bodies.request == b'{"model":"m","stream":true}' and inference.bodies.answer == b"".join(STREAM)
    assert inference.bodies.is_stream and other.bodies is None
    assert suite["otlp"]._room.given == 0 and suite["otlp"]._open == {}


async def test_what_is_not_to_be_recorded_is_not_told_either(suite, senders):
    suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:4318", amp_otlp_content="scrubbed")
    flow = make_flow()
    flow.metadata["amp.record"] = False
    run_stream(suite, flow, STREAM)
    finish(suite, flow)
    assert senders[0].flows[0].bodies is None


async def test_answers_that_are_kept_are_bounded(suite, senders, monkeypatch):
    monkeypatch.setattr(otlp, "MAX_OPEN", 10)
    suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:4318", amp_otlp_content="scrubbed")
    pass_by(suite)
    assert senders[0].flows[0].bodies.answer == b"" and suite["otlp"]._room.given == 0


async def test_flow_that_is_read_from_a_file_is_not_sent(suite, senders):
    suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:4318")
    flow = make_flow()
    flow.live = False
    for hook in ("requestheaders", "request", "error"):
        suite.play(hook, flow)
    suite.settle()
    assert suite.kept.types(flow)[-1] == "flow.end" and senders[0].flows == [] and suite["trace"]._recorded == set()


async def test_collector_is_changed_while_running(suite, senders):
    for url in ("http://127.0.0.1:1", "http://127.0.0.1:2", "", "http://127.0.0.1:1"):
        suite.context.configure(suite["otlp"], amp_otlp=url)
        pass_by(suite)
    until(lambda: [sender.closed for sender in senders] == [True, True, False])
    assert [len(sender.flows) for sender in senders] == [1, 1, 1]


async def test_change_does_not_wait_for_a_collector_that_hangs(suite, senders, monkeypatch):
    go = threading.Event()
    monkeypatch.setattr(Sender, "close", lambda self: go.wait(20))
    suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:1")
    started = time.monotonic()
    suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:2")
    assert time.monotonic() - started < 5
    go.set()


async def test_variable_that_the_sdk_refuses_is_said(suite, monkeypatch, caplog):
    def refuse(self, base, content):
        raise ValueError("OTEL_X must be a number but got 'sgamp" + "_user_" + "a1B2" * 9 + "'")

    monkeypatch.setattr(otlp, "is_installed", lambda: True)
    monkeypatch.setattr(otlp.Otlp, "_new", refuse)
    suite.context.configure(suite["otlp"], amp_otlp="http://127.0.0.1:1")
    assert "found an OTEL_ variable that makes no sense: OTEL_X must be a number but got '***" in caplog.text


def test_sentence_names_a_lock_file_that_is_there():
    from pathlib import Path

    assert "scripts/otel.lock" in collector.MISSING and Path(__file__).parents[2].joinpath("scripts/otel.lock").is_file()
