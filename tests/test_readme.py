"""What the README shows can be used as it stands there."""

import re

import pytest
from cli.conftest import run as run  # the fixture
from support.proxy import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_there_are_examples_of_rules():
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize("example", EXAMPLES)
def test_rules_are_valid_and_pass_their_own_tests(example, tmp_path, run):
    (tmp_path / "rules.yaml").write_text(example, encoding="utf-8")
    assert run("check", "--placeholder-credentials", str(tmp_path / "rules.yaml"))[0] == 0


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^\.venv/bin/amp-addons ([a-z]+)", README, re.MULTILINE))))
def test_commands_are_there(command, run):
    assert run(command, "--help")[0] == 0
