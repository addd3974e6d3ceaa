"""What the hooks do to flows; tests/e2e/test_rules.py holds the whole against servers that receive."""

import pytest
from mitmproxy import http
from support.addons import ask, finish, loaded, make_flow

from amp_addons.addons import route
from amp_addons.core.rules.decision import Decision
from amp_addons.rulefiles.rules import RuleSet

RULES = """
version: 1
upstreams:
  near: {url: "http://127.0.0.1:9/base"}
  far: {url: "https://far.example", proxy: "http://proxy.example:3128"}
rules:
  - {id: tagged, match: {header: {x-want: tag}}, then: {tag: [a, b], alert: look}}
  - {id: near, match: {header: {x-want: near}}, then: {route: near}}
  - {id: far, match: {header: {x-want: far}}, then: {route: far}}
  - {id: no, match: {header: {x-want: no}}, then: {block: "no"}}
  - {id: model, match: {model: m}, then: {model: other}}
"""


@pytest.fixture
async def suite(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    with loaded("route", "tee") as found:
        found.hub.rules = RuleSet.load(path)
        yield found


def wanting(want, **options):
    flow = make_flow(headers=[(b"host", b"ampcode.com"), (b"x-want", want.encode())], **options)
    flow.client_conn.sni = "ampcode.com"
    return flow


async def test_flow_that_no_rule_matches_is_left_alone(suite):
    flow = wanting("nothing", content=b'{"model":"x"}')
    before = flow.request.get_state()
    await ask(suite, flow)
    assert flow.request.get_state() == before and flow.response is None
    assert "rule.action" not in suite.kept.types()


async def test_flow_is_sent_elsewhere(suite):
    flow = await ask(suite, wanting("near", content=b"{}"))
    assert (flow.request.scheme, flow.request.host, flow.request.port) == ("http", "127.0.0.1", 9)
    assert flow.request.path.startswith("/base/") and flow.server_conn.address == ("127.0.0.1", 9)
    assert flow.server_conn.via is None  # this machine is not reached through a proxy, whatever the mode
    flow = await ask(suite, wanting("far", content=b"{}"))
    assert flow.server_conn.via == ("http", ("proxy.example", 3128))


async def test_flow_that_was_answered_already_is_left_alone(suite):
    flow = wanting("no")
    flow.response = http.Response.make(200)
    assert (await ask(suite, flow)).response.status_code == 200
    flow = wanting("no")
    flow.live = False
    assert (await ask(suite, flow)).response is None


async def test_tags_and_alerts(suite, caplog):
    flow = await ask(suite, wanting("tag", content=b"{}"))
    assert flow.metadata["amp.tags"] == ["a", "b"] and "alert: look (POST ampcode.com)" in caplog.text


@pytest.mark.parametrize("size", [10, route.LARGE + 10])
async def test_rules_that_fail_refuse_the_request(suite, monkeypatch, size):
    """In the loop and off it: nothing goes upstream."""
    monkeypatch.setattr(RuleSet, "decide", lambda *_: 1 / 0)
    flow = await ask(suite, wanting("near", content=b"x" * size))
    assert flow.response.status_code == 500 and b"nothing was sent" in flow.response.content
    suite.play("responseheaders", flow)
    finish(suite, flow)
    end = suite.kept.last("flow.end")
    assert end["outcome"] == "blocked" and "ZeroDivisionError" in end["error"]


async def test_rules_that_take_too_long_refuse_the_request(suite, monkeypatch):
    monkeypatch.setattr(route, "TIMEOUT", 0.01)
    done = []

    def slow(*_):
        import threading

        threading.Event().wait(0.2)
        done.append(True)
        return Decision()

    monkeypatch.setattr(RuleSet, "decide", slow)
    flow = await ask(suite, wanting("near", content=b"x" * route.LARGE))
    assert flow.response.status_code == 500 and not done
