import json

import pytest
from support.issued import issued


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


def test_one_that_was_issued_is_used_and_not_replaced(run, tmp_path):
    file = issued(tmp_path / "issued.pem", ["com", "ai", "io", "org"])
    code, out, _ = run("ca", "--use", str(file), "--json")
    assert code == 0 and json.loads(out)["issuer"] == "CN=Example Corp Root" and json.loads(out)["hosts"] == ["ai", "com", "io", "org"]
    assert "CN=Example Corp Root" in run("ca")[1]
    code, _, err = run("env", "--amp-url", "https://ampcode.com", "--catalog", str(another_host(tmp_path)))
    assert code == 1 and "does not vouch for models.example" in err and "ca --use" in err
    assert json.loads(run("ca", "--json")[1])["issuer"] == "CN=Example Corp Root"
    assert run("ca", "--remove")[0] == 0 and "made on this machine" in run("ca", "--renew")[1]


def another_host(folder):
    (folder / "more.yaml").write_text(
        "catalog: more\nendpoints:\n- {id: more.x, category: other, method: GET, path: /x, host: models.example, route: external}\n"
    )
    return folder / "more.yaml"
