import pytest

from amp_addons.doctor.rules import rules

AMP = "https://ampcode.com"
RULE = "{id: a, match: {host: a.example}, then: {block: true}}"


@pytest.fixture
def found(tmp_path):
    def found(text):
        path = tmp_path / "rules.yaml"
        path.write_text(text)
        return [(each.id, each.state) for each in rules([str(path)], [], AMP)]

    return found


def test_without_files():
    [each] = rules([], [], AMP)
    assert (each.id, each.state) == ("rules", "ok")


def test_valid(found):
    assert found(f"version: 1\nrules: [{RULE}]") == [("rules", "ok")]


def test_problems_have_their_place(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\nrules: [{id: a, then: {blok: true}}]")
    [each] = rules([str(path)], [], AMP)
    assert (each.state, f"{path}:2:24" in each.text) == ("failure", True)
    [each] = rules([str(tmp_path / "none.yaml")], [], AMP)
    assert each.state == "failure"


def test_warnings(found):
    assert ("rules", "warning") in found("version: 1\nrules: [{id: a, then: {allow: true}}, {id: b, then: {block: true}}]")


def test_failed_tests(found):
    text = f"version: 1\nrules: [{RULE}]\ntests: [{{name: t, request: {{url: 'https://a.example/'}}, expect: {{action: pass}}}}]"
    assert found(text) == [("rules.tests", "failure")]
