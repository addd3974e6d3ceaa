import inspect

import pytest
from mitmproxy import exceptions
from mitmproxy.test import tflow
from support.addons import loaded, make_flow

from amp_addons.rulefiles.rules import RuleSet


@pytest.fixture
async def suite(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text('version: 1\nupstreams: {gw: {url: "http://127.0.0.1:9"}}\nrules: [{id: all, match: {}, then: {route: gw}}]\n')
    with loaded("commands", "route") as found:
        found.hub.rules = RuleSet.load(path)
        yield found


async def test_flow_is_explained_as_the_client_sent_it(suite):
    """Also when a rule has changed it since; its credentials are not shown."""
    secret = "s" * 20
    flow = make_flow(headers=[(b"host", b"ampcode.com"), (b"x-api-key", secret.encode())])
    flow.client_conn.sni = "ampcode.com"
    for addon in suite.addons:
        if hook := getattr(addon, "request", None):
            assert not inspect.isawaitable(hook(flow))
    assert flow.request.host == "127.0.0.1"
    said = suite.context.master.commands.call("amp.explain", flow)
    assert said.startswith("POST https://ampcode.com/") and "It goes to gw, by rule all." in said and "x-api-key" in said
    assert secret not in said


async def test_flow_that_no_rule_has_seen_is_explained_as_it_is(suite):
    assert "It goes to gw" in suite.context.master.commands.call("amp.explain", make_flow())


async def test_flow_that_is_not_http_is_refused(suite):
    with pytest.raises(exceptions.CommandError, match="not HTTP"):
        suite.context.master.commands.call("amp.explain", tflow.ttcpflow())
