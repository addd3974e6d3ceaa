import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RULES = """\
version: 1
upstreams:
  up: {url: https://up.example, credential: {env: NO_SUCH_KEY}}
rules:
- {id: a, match: {host: a.example}, then: {route: up}}
- {id: b, match: {path: /b}, then: {block: true}}
- {id: c, match: {path: /b, method: GET}, then: {allow: true}}
tests:
- {name: right, request: {url: "https://a.example/x"}, expect: {action: route, upstream: up, credential: "env:NO_SUCH_KEY"}}
- {name: wrong, request: {url: /b}, expect: {action: block, status: 400, rules: [a, b]}}
"""

type Write = Callable[[str, str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def test_the_shipped_rules_are_checked_without_files(run: Any) -> None:
    status, out, err = run("check")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == "1 file, 0 rules, 2 tests, 2 passed"


def test_tests_and_warnings(run: Any, write: Write) -> None:
    path = write("rules.yaml", RULES)
    status, out, err = run("check", "--placeholder-credentials", path)
    assert (status, err) == (1, "")
    assert out.splitlines() == [
        path,
        f"  ! {path}:7:3: rule c is never reached: rule b before it takes all that it matches.",
        "  ✓ right",
        "  ✗ wrong",
        "      rules: found b, expected a, b",
        "      status: found 403, expected 400",
        "1 file, 3 rules, 1 warning, 2 tests, 1 passed, 1 failed",
    ]


def test_a_missing_credential_is_a_problem(run: Any, write: Write) -> None:
    status, out, _ = run("check", write("rules.yaml", RULES))
    assert status == 1
    assert "NO_SUCH_KEY, which is not set" in out


def test_a_file_that_cannot_be_used_does_not_keep_others_from_being_checked(run: Any, write: Write) -> None:
    bad, good = write("bad.yaml", "version: 1\nrules: [{id: a, then: {blok: true}}]"), write("good.yaml", "version: 1")
    status, out, _ = run("check", bad, good)
    assert status == 1
    assert f"  ✗ {bad}:2:24: rules[0].then.blok: found an unknown key" in out
    assert out.splitlines()[-2:] == [good, "2 files, 0 rules, 1 problem, 0 tests"]


def test_files_are_by_themselves_or_together(run: Any, write: Write) -> None:
    one = write("one.yaml", "version: 1\nrules: [{id: a, then: {block: true}}]")
    test = "{name: t, request: {url: /x}, expect: {rule: a}}"
    two = write("two.yaml", f"version: 1\ntests: [{test}]")
    assert run("check", one, two)[0] == 1
    assert run("check", "--together", one, two)[0] == 0
    assert run("check", "--together", one, one)[0] == 1


def test_json(run: Any, write: Write) -> None:
    status, out, _ = run("check", "--json", "--placeholder-credentials", write("rules.yaml", RULES), write("bad.yaml", "version: 2"))
    found = json.loads(out)
    assert (status, found["ok"]) == (1, False)
    rules, bad = found["checked"]
    assert [(test["name"], test["passed"]) for test in rules["tests"]] == [("right", True), ("wrong", False)]
    assert rules["tests"][1]["differences"][1] == {"what": "status", "found": "403", "expected": "400"}
    assert (rules["rules"], len(rules["warnings"]), rules["problems"]) == (3, 1, [])
    assert (bad["problems"][0]["line"], bad["problems"][0]["path"], bad["ok"]) == (1, "version", False)


def test_amp_url_and_catalogs(run: Any, write: Write) -> None:
    catalog = write("catalog.yaml", "endpoints: [{id: corp, category: other, method: GET, path: /corp}]")
    test = "{name: t, request: {method: GET, url: /corp}, expect: {rule: a, url: 'https://amp.example/base/corp'}}"
    path = write("rules.yaml", f"version: 1\nrules: [{{id: a, match: {{endpoint: corp}}, then: {{allow: true}}}}]\ntests: [{test}]")
    assert run("check", path)[0] == 1
    assert run("check", path, "--catalog", catalog, "--amp-url", "https://amp.example/base")[0] == 0


def test_nothing_in_a_file_steers_the_terminal_or_shows_a_key(run: Any, write: Write) -> None:
    key = "sk-" + "a1" * 20
    test = f'{{name: "\\e[2J {key}", request: {{url: /x, headers: {{x-a: "{key}"}}}}, expect: {{headers: {{x-a: "\\e]0;"}}}}}}'
    path = write("rules.yaml", f"version: 1\ntests: [{test}]")
    for form in ([], ["--json"]):
        status, out, err = run("check", path, *form)
        assert status == 1
        assert key not in out + err and "\x1b" not in out + err


def test_an_address_that_is_none_is_told_in_our_words(run: Any, write: Write) -> None:
    rule, test = "{id: a, match: {client: 10.0.0.1/8}, then: {}}", "{name: t, request: {url: /, client: x}, expect: {action: pass}}"
    _, out, _ = run("check", write("rules.yaml", f"version: 1\nrules: [{rule}]\ntests: [{test}]"))
    assert "found '10.0.0.1/8', expected an address or a network such as 10.0.0.0/8, all bits after its length 0." in out
    assert "found 'x', expected an address such as 10.1.2.3." in out


def test_url_is_for_the_proxy_to_fetch(run):
    code, out, _ = run("check", "https://rules.example/a.yaml")
    assert code == 1 and "https://rules.example/a.yaml: found a URL, expected a file: only the proxy fetches rules" in out
