"""The public Python API, as the README and DESIGN have it."""

import pytest

import amp_addons


def test_names_are_sorted_and_all_there():
    assert sorted(amp_addons.__all__) == amp_addons.__all__
    assert all(getattr(amp_addons, name) is not None for name in amp_addons.__all__)
    with pytest.raises(AttributeError, match="Nonsense"):
        amp_addons.Nonsense  # noqa: B018


def test_rules_decide_about_an_exchange(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\nrules: [{id: no, match: {provider: anthropic}, then: {block: true}}]\n")
    rules = amp_addons.RuleSet.load(path)
    asked = amp_addons.Exchange(
        "POST", "https://ampcode.com/api/provider/anthropic/v1/messages", {"content-type": "application/json"}, b"{}"
    )
    assert (rules.decide(asked).action, rules.decide(asked).rule) == ("block", "no")
    assert rules.decide(amp_addons.Exchange("GET", "https://ampcode.com/api/user")).action == "pass"
