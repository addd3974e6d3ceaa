import pytest
from support.asks import ask, capture, conversation

from amp_addons.replay.examples import tried
from amp_addons.rulefiles.rules import RuleSet

RULES = """
version: 1
rules: [{{id: guard, match: {{provider: anthropic, model: claude-*}}, then: {{block: true}}}}]
tests:
  - {{name: recorded, flow: {flow!r}, expect: {{action: {action}}}}}
  - {{name: written, request: {{method: GET, url: /api/user}}, expect: {{action: pass}}}}
"""


@pytest.mark.parametrize(
    ("flow", "action", "differences"),
    [
        ("a.flows", "block", []),
        ("a.flows:2", "pass", []),
        ("a.flows:flow-1", "pass", [("action", "block", "pass")]),
        ("a.flows:9", "pass", "has 2 HTTP flows"),
        ("none.flows", "pass", "No such file"),
        ("rules.yaml", "pass", "at byte 0"),
    ],
)
def test_recorded_flows_are_tried_as_requests_are(tmp_path, flow, action, differences):
    capture(tmp_path / "a.flows", ask(conversation("hi"), 1), ask({**conversation("hi"), "model": "other"}, 2))
    (tmp_path / "rules.yaml").write_text(RULES.format(flow=flow, action=action))
    (recorded, found), (_, written) = tried(RuleSet.load(tmp_path / "rules.yaml"))
    assert recorded.name == "recorded" and written == []
    if isinstance(differences, str):
        assert [each.what for each in found] == ["flow"] and differences in found[0].found
    else:
        assert [tuple(each) for each in found] == differences


@pytest.mark.parametrize(("given", "said"), [("", "neither"), ("request: {method: GET, url: /}, flow: a, ", "a flow beside a request")])
def test_a_test_has_one_of_them(tmp_path, given, said):
    (tmp_path / "rules.yaml").write_text(f"version: 1\ntests: [{{name: x, {given}expect: {{action: pass}}}}]\n")
    with pytest.raises(ValueError, match=said):
        RuleSet.load(tmp_path / "rules.yaml")
