import pytest
from support.captures import stream_flow, written

from amp_addons.replay.rulediff import differences
from amp_addons.replay.run import Wish
from amp_addons.replay.where import parse_where
from amp_addons.rulefiles.problems import RuleFileError

HEAD = "version: 1\nupstreams: {a: {url: https://a.example, credential: {header: x-api-key, env: NOT_SET}}, b: {url: https://b.example}}\nrules:\n"
OLD = HEAD + "- {id: stay, match: {model: gpt-*}, then: {block: no}}\n- {id: go, match: {model: claude-*}, then: {route: a}}\n"
KEY = "sgamp" + "_user_" + "q" * 40


@pytest.fixture
def found(tmp_path):
    models = ("claude-1", "gpt-1", "other")
    flows = [stream_flow(number, body=b'{"model":"%b"}' % model.encode(), url=f"https://ampcode.com/api/provider/anthropic/v1/messages?token={KEY}")
             for number, model in enumerate(models)]  # fmt: skip
    (tmp_path / "f").write_bytes(written(*flows) + b"damage")
    (tmp_path / "old").write_text(OLD)
    problems = []

    def found(new, where=None):
        (tmp_path / "new").write_text(new)
        wish = Wish(amp_url="https://ampcode.com", where=parse_where(where) if where else None)
        return list(differences([str(tmp_path / "f")], wish, (str(tmp_path / "old"), str(tmp_path / "new")), problems.append)), problems

    return found


def test_the_same_rules_treat_nothing_differently_and_damage_is_told(found):
    same, problems = found(OLD)
    assert same == [] and len(problems) == 1 and "at byte" in problems[0] and problems[0].endswith("; what is before it was read")


def test_what_becomes_of_each_flow_is_said(found):
    different, _ = found(OLD.replace("route: a", "route: b"))
    [one] = different
    assert (one.flow, one.method, one.endpoint) == ("flow-0", "POST", "provider.anthropic")
    assert one.old.startswith("route to a [go: ") and one.new.startswith("route to b [go: ")
    assert KEY not in str(one) and "***" in one.url


def test_a_block_and_what_is_only_observed(found):
    different, _ = found(OLD.replace("block: no}}", "respond: {status: 204}}}").replace("id: go,", "id: go, mode: observe,"))
    assert [(one.flow, one.old.partition(" [")[0], one.new.partition(" [")[0]) for one in different] == [
        ("flow-0", "route to a", "pass"),
        ("flow-1", "block with 403", "respond"),
    ]
    assert "go (observe): " in different[0].new


def test_only_flows_that_are_wanted(found):
    assert [one.flow for one in found(HEAD + "- {id: x, then: {block: no}}\n", "model=gpt-*,other")[0]] == ["flow-1", "flow-2"]


def test_rules_that_make_no_sense_are_refused(found):
    with pytest.raises(RuleFileError):
        found("version: 1\nruels: []\n")
