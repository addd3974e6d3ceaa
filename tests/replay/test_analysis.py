import io

import msgspec
import pytest
from support.captures import stream_flow, written

from amp_addons.replay.analysis import Analysis
from amp_addons.replay.flowfile import flow_of, frames
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.rules import RuleSet

CATALOG = Catalog.load()
RULES = """
version: 1
upstreams: {other: {url: "https://other.example/base", credential: {header: x-api-key, env: NOT_SET}}}
rules:
- {id: refuse, match: {model: "claude-*"}, then: {block: no}}
- {id: send, match: {model: "gpt-*"}, then: {route: other}}
"""


def captured(flow):
    [(at, data)] = frames(io.BytesIO(written(flow)))
    return flow_of(data, at)


def analysis(**options):
    found = []
    made = Analysis(
        lambda events, _: found.extend(msgspec.to_builtins(events)), catalog=CATALOG, **{"amp_url": "https://ampcode.com", **options}
    )
    return made, found


def test_events_come_as_they_are_published_live():
    made, found = analysis(each_event=True, price=lambda provider, model, usage, at: 0.5)
    made.tell(captured(stream_flow()))
    assert found[0]["endpoint"] == "provider.anthropic" and found[-2]["cost_usd"] == 0.5
    assert sum(event["type"] == "stream.event" for event in found) == sum(found[-2]["events"].values()) > 0


def test_single_events_are_told_only_when_asked_for():
    made, found = analysis()
    made.tell(captured(stream_flow()))
    assert [event["type"] for event in found] == ["flow.request", "flow.response", "stream.end", "flow.end"]


@pytest.mark.parametrize(
    ("mode", "amp_url", "known"),
    [
        ("regular", "https://ampcode.com", False),
        ("reverse:https://a.example", "https://ampcode.com", True),
        ("regular", "https://a.example", True),
    ],
)
def test_what_stands_for_amp_url(mode, amp_url, known):
    flow = captured(stream_flow(url="https://a.example/api/provider/anthropic/v1/messages"))
    flow.mode = mode
    made, _ = analysis(amp_url=amp_url)
    assert made.classify(flow).known is known


def test_rules_are_tried_without_their_credentials(tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES)
    rules = RuleSet.load(tmp_path / "rules.yaml", catalog=CATALOG, observe=True, placeholders=True)
    made, found = analysis(rules=rules)
    made.tell(captured(stream_flow()))
    made.tell(captured(stream_flow(body=b'{"model":"gpt-5"}')))
    assert [(event["rule"], event["mode"], event["action"]) for event in found if event["type"] == "rule.action"] == [
        ("refuse", "observe", "block"),
        ("send", "observe", "route"),
    ]
    assert {event["outcome"] for event in found if event["type"] == "flow.end"} == {"ok"}
