import pytest
from support.addons import MESSAGES, finish, loaded, make_flow, make_response, run_stream

from amp_addons.sim import anthropic
from amp_addons.sim.turn import compose

PIECES = list(anthropic.events(compose(model="claude-x", text="Hello there. ")))


@pytest.fixture
async def suite():
    with loaded("passed", "events") as found:
        yield found


async def test_what_has_passed_is_summed_up(suite):
    """Also of flows that are under way beside each other."""
    assert suite.context.master.commands.call("amp.summary") == "no HTTP flow was found in what has passed"
    flows = [make_flow(), make_flow(url="https://ampcode.com/api/new", method="GET", content=b"")]
    run_stream(suite, flows[0], PIECES)
    suite.play("requestheaders", flows[1])
    suite.play("request", flows[1])
    flows[1].response = make_response(b"{}", content_type="application/json", status=404)
    suite.play("responseheaders", flows[1])
    finish(suite, flows[1])
    finish(suite, flows[0])
    text = suite.context.master.commands.call("amp.summary")
    rows = {line.split()[0]: line.split() for line in text.split("\n")[2:4]}
    assert rows["provider.anthropic"][1:4] == ["anthropic", "claude-x", "1"] and rows["amp.unknown"][1:3] == ["1", "1"]
    assert "2 flows, " in text and "1 error (1 status 404)" in text and "GET https://ampcode.com/api/new" in text and "--json" not in text
    assert MESSAGES not in text and "\x1b" not in text


async def test_messages_and_rules_are_counted_when_they_come(suite):
    from amp_addons.core.rules.applied import Applied

    flow = make_flow()
    suite.play("requestheaders", flow)
    suite.play("request", flow)
    suite.hub.traces[flow.id].decided(1.0, [Applied(rule="mine", mode="enforce", action="tag", detail=None)])
    suite.hub.traces[flow.id].ws_message(1.0, from_client=True, is_text=True, content=b"{}", size=None)
    flow.response = make_response(b"{}", content_type="application/json")
    suite.play("responseheaders", flow)
    finish(suite, flow)
    totals = suite["passed"]._totals
    assert totals.ws_messages == 1 and totals.rules["mine", "enforce", "tag"] == 1 and totals.flows == 1
