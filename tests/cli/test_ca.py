import json

import pytest


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("AMP_URL", raising=False)


def test_there_is_none_and_then_one_and_then_another_and_then_none(run):
    code, _, err = run("ca")
    assert code == 1 and "there is none in" in err
    _, first, _ = run("ca", "--renew", "--json")
    found = json.loads(first)
    assert "ampcode.com" in found["hosts"] and found["until"] > found["from"]
    assert json.loads(run("ca", "--json")[1]) == found
    assert json.loads(run("ca", "--renew", "--json")[1])["serial"] != found["serial"]
    assert run("ca", "--remove")[1].startswith("removed from") and run("ca", "--remove")[1].startswith("there was none")


def test_the_one_for_every_host_is_another(run):
    run("ca", "--renew", "--all-hosts")
    assert run("ca")[0] == 1 and "any host" in run("ca", "--all-hosts")[1]


def test_misuse(run):
    assert run("ca", "--renew", "--remove")[0] == 2
