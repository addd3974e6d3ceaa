"""What may stand in a rule, and what may stand beside what."""

from typing import Any

import msgspec
import pytest
from support.rules import match_of

from amp_addons.core.rules.match import BodyTest, Match, Range, Sample
from amp_addons.core.rules.model import Credential, Rule, RuleFile, Upstream
from amp_addons.core.rules.then import Block, Split, Then

GOOD: list[tuple[type, dict[str, Any]]] = [
    (RuleFile, {"version": 1}),
    (Rule, {"id": "a", "then": {}}),
    (Then, {"route": "x", "credentials": "keep", "credentials_host": "h"}),
    (Then, {"set_body": {"/a": 1, "/ab": 2, "/b/c": 3}, "remove_body": ["/b/d"]}),
    (Then, {"model": {"claude-*": "x"}, "tag": ["a"], "alert": "look"}),
    (Then, {"block": {"message": "No.", "status": 451}}),
    (Sample, {"percent": 0.5}),
    (Upstream, {"proxy": "http://x:1"}),
    (Match, {"any": [{}], "not": {}}),
]
BAD: list[tuple[type, dict[str, Any], str]] = [
    (BodyTest, {"path": "/a"}, "without a test"),
    (Range, {}, "no limit"),
    (Range, {"min": 2, "max": 1}, "less than min"),
    (Sample, {"percent": 101}, "<= 100"),
    (Sample, {"percent": -1}, ">= 0"),
    (Split, {"split": []}, "length >= 1"),
    (Split, {"split": [{"upstream": "a", "weight": 0}]}, "no weight above 0"),
    (Split, {"split": [{"upstream": "a", "weight": 1001}]}, "<= 1000"),
    (Then, {"route": "a", "block": True}, "block beside route"),
    (Then, {"allow": True, "passthrough": True}, "passthrough beside allow"),
    (Then, {"respond": {}, "block": "x"}, "respond beside block"),
    (Then, {"credentials": "keep"}, "without a route"),
    (Then, {"credentials": "keep", "route": "x"}, "without credentials_host"),
    (Then, {"passthrough": True, "model": "x"}, "beside changes"),
    (Then, {"set_body": {"/a": 1}, "remove_body": ["/a"]}, "/a beside another change"),
    (Then, {"set_body": {"/a": 1, "/a/b": 1}}, "/a/b beside"),
    (Then, {"set_body": {"/model": "x"}, "model": "y"}, "/model beside"),
    (Then, {"remove_body": ["", "/a"]}, "/a beside"),
    (Then, {"model": ""}, "length >= 1"),
    (Then, {"model": {"a": ""}}, "length >= 1"),
    (Block, {"status": 200}, ">= 400"),
    (Credential, {}, "neither env nor file"),
    (Credential, {"env": "A", "file": "b"}, "both env and file"),
    (Credential, {"env": "a b"}, "regex"),
    (Upstream, {}, "neither url nor proxy"),
    (Upstream, {"proxy": "http://x", "credential": {"env": "A"}}, "without a url"),
    (Match, {"any": []}, "length >= 1"),
    (Match, {"all": []}, "length >= 1"),
    (Match, {"host": []}, "length >= 1"),
    (Match, {"category": "x"}, "enum"),
    (Match, {"hots": "x"}, "unknown field"),
    (Match, {"stream": "yes"}, "bool"),
    (RuleFile, {"version": 2}, "enum"),
    (Rule, {"id": "A b", "then": {}}, "regex"),
    (Rule, {"id": "a"}, "required"),
]


@pytest.mark.parametrize(("kind", "value"), GOOD, ids=str)
def test_what_is_taken(kind: type, value: dict[str, Any]) -> None:
    msgspec.convert(value, kind)


@pytest.mark.parametrize(("kind", "value", "said"), BAD, ids=str)
def test_what_is_refused(kind: type, value: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=".*".join(said.split())):
        msgspec.convert(value, kind)


ACTS = [
    ({}, None, False),
    ({"tag": "t", "alert": True}, None, False),
    ({"block": True}, "block", True),
    ({"block": "No."}, "block", True),
    ({"block": False}, None, False),
    ({"allow": True}, "allow", True),
    ({"model": "x"}, None, True),
    ({"remove_headers": ["x-a"]}, None, True),
]


@pytest.mark.parametrize(("value", "terminal", "acts"), ACTS, ids=str)
def test_what_a_rule_does(value: dict[str, Any], terminal: str | None, acts: bool) -> None:
    then = msgspec.convert(value, Then)
    assert (then.terminal, then.acts()) == (terminal, acts)


def test_the_parts_of_a_match_and_their_places() -> None:
    match = match_of({"any": [{"host": "a"}, {"host": "b"}], "all": [{"host": "c"}], "not": {"host": "d"}})
    assert [(key, part.host) for key, part in match.parts()] == [("any[0]", "a"), ("any[1]", "b"), ("all[0]", "c"), ("not", "d")]


def test_a_credential_is_shown_by_where_it_is_from() -> None:
    assert Credential(env="KEY").name == "env:KEY"
    assert Credential(file="a/b").name == "file:a/b"
