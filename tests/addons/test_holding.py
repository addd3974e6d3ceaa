"""What becomes of an answer that is held, at the hooks; tests/e2e/test_held_answers.py has mitmproxy hold it."""

import json
import threading

import pytest
from mitmproxy.connection import ConnectionState
from support.addons import finish, loaded, make_flow, make_response

from amp_addons.addons import holding
from amp_addons.addons.sent import Held
from amp_addons.core.answers.guarded import Guarded
from amp_addons.core.answers.unencoded import Decoded
from amp_addons.core.answers.whole import Whole


@pytest.fixture
def suite():
    with loaded("holding", "tee") as found:
        yield found


def held(suite, body, edit):
    """A flow whose answer mitmproxy has held."""
    flow = make_flow()
    suite.play("request", flow)
    flow.response = make_response(b"", "application/json", transfer_encoding="chunked")
    suite.hub.held[flow.id] = Held(Guarded(Decoded(None, Whole(edit)), "anthropic-messages", stream=False), body)
    suite.play("responseheaders", flow)
    assert flow.response.stream is False
    return flow


async def changed(suite, flow):
    """Play the hook that gives the answer its body, and those after it."""
    if pending := suite["holding"].response(flow):
        assert not flow.response.raw_content, "nothing is there to be sent before it was looked into"
        await pending
    finish(suite, flow)
    return flow.response


@pytest.mark.parametrize("size", [10, holding.LARGE])
async def test_answer_is_changed_and_has_its_length(suite, size):
    """In the loop and off it."""
    threads = set()

    def edit(body):
        threads.add(threading.current_thread() is threading.main_thread())
        return body.upper() + b"!"

    response = await changed(suite, held(suite, b"x" * size, edit))
    assert response.content == b"X" * size + b"!" and threads == {size < holding.LARGE}
    assert response.headers["content-length"] == str(size + 1) and "transfer-encoding" not in response.headers
    end = suite.kept.last("flow.end")
    assert (end["outcome"], end["response_bytes"]) == ("ok", size + 1) and not suite.hub.held


@pytest.mark.parametrize("size", [10, holding.LARGE])
async def test_answer_that_cannot_be_changed_is_an_error_of_the_provider(suite, size):
    response = await changed(suite, held(suite, b"x" * size, lambda body: 1 / 0))
    error = json.loads(response.content)
    assert (response.status_code, error["error"]["type"]) == (502, "api_error") and "ZeroDivisionError" in error["error"]["message"]
    assert response.headers["x-should-retry"] == "false" and suite.kept.last("flow.end")["outcome"] == "blocked"


async def test_answer_that_takes_too_long_is_withheld(suite, monkeypatch):
    monkeypatch.setattr(holding, "TIMEOUT", 0.01)
    go = threading.Event()
    response = await changed(suite, held(suite, b"x" * holding.LARGE, lambda body: go.wait(5) and body))
    go.set()
    assert response.status_code == 502 and b"xxx" not in response.content and b"TimeoutError" in response.content


async def test_client_that_left_meanwhile_has_aborted(suite):
    flow = held(suite, b"x" * holding.LARGE, lambda body: body)
    flow.client_conn.state = ConnectionState.CLOSED
    await changed(suite, flow)
    suite["trace"].client_disconnected(flow.client_conn)
    suite.settle()
    assert suite.kept.last("flow.end")["outcome"] == "aborted"


async def test_answer_of_a_flow_that_failed_is_kept_no_longer(suite):
    flow = held(suite, b"x", lambda body: body)
    suite["holding"].error(flow)
    assert not suite.hub.held


async def test_without_its_layer_nothing_is_held(suite):
    """As in another version of mitmproxy, or a flow that was read from a file."""
    flow = make_flow()
    flow.response = make_response()
    assert holding.hold(flow, Held(None), 1, lambda: None, lambda: None) is False
