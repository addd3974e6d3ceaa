"""What the command makes of findings; tests/e2e/test_doctor.py runs it as a program."""

import json

import pytest

from amp_addons.doctor.finding import failure, ok


@pytest.fixture
def findings(monkeypatch):
    """Has the checks find these."""

    def findings(*found):
        async def examine(asked):
            findings.asked = asked
            yield "Title", list(found)

        monkeypatch.setattr("amp_addons.doctor.examine.examine", examine)
        return findings

    return findings


def test_lines_and_status(run, findings):
    findings(ok("a", "fine"))
    assert run("doctor") == (0, "Title\n  ✓ fine\nnothing is wrong\n", "")
    findings(failure("a", "bad", "mend it"))
    assert run("doctor") == (1, "Title\n  ✗ bad\n    → mend it\n1 failure\n", "")


def test_json(run, findings):
    findings(failure("a", "bad", "mend it"))
    status, out, _ = run("doctor", "--json", "--port", "9000")
    assert (status, json.loads(out)) == (
        1,
        {"ok": False, "port": 9000, "findings": [{"id": "a", "state": "failure", "text": "bad", "remedy": "mend it"}]},
    )


def test_what_is_asked(run, findings, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9001")
    made = findings(ok("a", "fine"))
    run("doctor", "--offline", "--all-hosts", "--rules", "r.yaml", "--catalog", "c.yaml", "--amp-url", "https://amp.corp.example")
    asked = made.asked
    assert (asked.port, asked.offline, asked.all_hosts, asked.rules, asked.catalogs) == (9001, True, True, ("r.yaml",), ("c.yaml",))
    assert (asked.amp_url, asked.place.name) == ("https://amp.corp.example", "ca-all-hosts")


def test_misuse(run):
    assert run("doctor", "--port", "0")[0] == 2
