"""Redactors of rule files: which detectors they have, and what is wrong with them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.rules import MESSAGES, request
from support.secrets import SECRET, SECRETS

from amp_addons.core.rules.outcome import decided
from amp_addons.rulefiles.detectors import Redactor
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.rules import RuleSet

type Write = Callable[[str | bytes], Path]

OWN = "{id: badge, keywords: badge, pattern: 'badge-(?P<secret>[0-9]{4})'}"


def rules(write: Write, redactors: str = "{}", using: str = "secrets") -> RuleSet:
    return RuleSet.load(write(f"version: 1\nredactors: {redactors}\nrules: [{{id: r, then: {{redact: {using}}}}}]\n"))


def sent(loaded: RuleSet, text: str) -> str:
    out = decided(loaded, request(MESSAGES, {"a": text})).out
    assert out
    return out.body.decode()


def test_redactor_of_all_secrets_is_the_one_that_everything_shares(write: Write) -> None:
    """What its streams need takes a tenth of a second to make: not again at each reload."""
    redactors = rules(write, "{other: {detectors: secrets, patterns: [" + OWN + "]}}", "{using: [secrets, other]}").redactors
    assert redactors["secrets"][1] is Redactor.builtin()
    assert redactors["other"][1] is not Redactor.builtin()


@pytest.mark.parametrize(
    ("redactors", "using", "text", "expected"),
    [
        ("{}", "secrets", f"{SECRET} a@b.example", "*** a@b.example"),
        ("{}", "personal", f"{SECRETS[1]} someone@company.com", f"{SECRETS[1]} ***"),
        ("{}", "{using: [secrets, personal]}", f"{SECRET} someone@company.com", "*** ***"),
        ("{x: {detectors: github-token}}", "x", f"{SECRET} {SECRETS[1]}", f"{SECRET} ***"),
        ("{x: {detectors: [anthropic*, code-host]}}", "x", f"{SECRET} {SECRETS[1]}", "*** ***"),
        (f"{{x: {{detectors: github-token, patterns: [{OWN}]}}}}", "x", "badge-1234", "badge-***"),
        (f"{{x: {{patterns: [{OWN}]}}}}", "x", f"badge-1234 {SECRET}", f"badge-*** {SECRET}"),
        (f"{{x: {{detectors: secrets, patterns: [{OWN}]}}}}", "x", f"badge-1234 {SECRET}", "badge-*** ***"),
        ("{x: {mode: drop}}", "x", f"a {SECRET} b", "a  b"),
    ],
)
def test_what_is_found(write: Write, redactors: str, using: str, text: str, expected: str) -> None:
    assert sent(rules(write, redactors, using), text) == f'{{"a": "{expected}"}}'


@pytest.mark.parametrize("mode", ["mask", "drop", "hash", "block", "placeholder"])
def test_a_placeholder_is_no_secret_to_the_redactor_after_it(write: Write, mode: str) -> None:
    """Also where it stands after a name that makes any value a secret."""
    text = f"token = {SECRET} api_key: {SECRETS[1]}"
    alone, both = (
        sent(rules(write, f"{{hidden: {{mode: placeholder}}, next: {{mode: {mode}}}}}", using), text)
        for using in ("hidden", "{using: [hidden, next]}")
    )
    assert re.fullmatch(r'\{"a": "token = zqx[a-z2-7]{29} api_key: zqx[a-z2-7]{29}"\}', alone)
    assert re.fullmatch(r'\{"a": "token = zqx[a-z2-7]{29} api_key: zqx[a-z2-7]{29}"\}', both)


def test_only_what_is_used_is_built(write: Write) -> None:
    assert set(rules(write, "{x: {}, y: {mode: hash}}", "y").redactors) == {"y"}


@pytest.mark.parametrize(
    ("redactors", "using", "keys", "words"),
    [
        ("{}", "secret", "rules[0].then.redact", "secrets"),
        ("{secrets: {}}", "secrets", "redactors.secrets", "again"),
        ("{x: {detectors: githb-token}}", "x", "redactors.x.detectors", "github-token"),
        ("{x: {patterns: [{id: a, keywords: b, pattern: 'b.*'}]}}", "x", "redactors.x.patterns[0]", "pattern"),
        ("{x: {patterns: [{id: a, keywords: b, pattern: '('}]}}", "x", "redactors.x.patterns[0]", "pattern"),
        ("{x: {mode: shred}}", "x", "redactors.x.mode", "mask"),
    ],
)
def test_problems(write: Write, redactors: str, using: str, keys: str, words: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        rules(write, redactors, using)
    assert keys in str(caught.value) and words in str(caught.value)


def test_an_included_file_needs_the_right(tmp_path: Path, write: Write) -> None:
    (tmp_path / "more.yaml").write_text("version: 1\nredactors: {x: {}}\nrules: [{id: m, then: {redact: x}}]\n")
    with pytest.raises(RuleFileError, match="grant"):
        RuleSet.load(write("version: 1\ninclude: [more.yaml]\n"))
    loaded = RuleSet.load(write("version: 1\ninclude: [{path: more.yaml, grant: [redactors]}]\n"))
    assert set(loaded.redactors) == {"x"}
