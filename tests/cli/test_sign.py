"""Signing files for proxies that have them by URL."""

import stat

import pytest

from amp_addons.core.signature import parse_key, verify

RULES = "version: 1\nserial: 3\nrules: [{id: a, match: {}, then: {block: true}}]\n"
CATALOG = "serial: 3\ncatalog: central\nendpoints: [{id: central.a, category: web, method: GET, path: /api/a}]\n"


@pytest.fixture
def key(run, tmp_path):
    """-> the private key's file, and the public one as it was printed"""
    code, out, _ = run("sign", "--new-key", str(tmp_path / "signing.key"))
    assert code == 0
    return tmp_path / "signing.key", out.strip()


def signed(run, key, folder, text, *arguments):
    (folder / "in.yaml").write_text(text)
    code, _, err = run("sign", str(folder / "in.yaml"), "--key", str(key[0]), "-o", str(folder / "out.yaml"), *arguments)
    return code, err


def test_new_key_is_private_and_never_replaces_one(run, key):
    file, public = key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and parse_key(public)
    before = file.read_bytes()
    code, _, err = run("sign", "--new-key", str(file))
    assert code == 1 and "expected a name that nothing has yet" in err
    assert file.read_bytes() == before and before.splitlines()[1].decode() not in public


@pytest.mark.parametrize(("text", "kind"), [(RULES, "rules"), (CATALOG, "catalog")])
def test_signed_file_is_verified_and_can_still_be_checked(run, key, tmp_path, text, kind):
    code, err = signed(run, key, tmp_path, text)
    assert code == 0 and key[1] in err
    out = tmp_path / "out.yaml"
    assert verify(kind, out.read_bytes(), [parse_key(key[1])]) and out.read_bytes().endswith(text.encode())
    assert stat.S_IMODE(out.stat().st_mode) == 0o644
    if kind == "rules":
        assert run("check", str(out))[0] == 0
    code, _ = signed(run, key, tmp_path, out.read_text())
    assert code == 0 and out.read_bytes().count(b"amp-addons-signature") == 1


BAD = {
    "no serial": (RULES.replace("serial: 3\n", ""), "no serial"),
    "a serial of 0": (RULES.replace("serial: 3", "serial: 0"), "in.yaml:2"),
    "an unknown key": (RULES + "rulez: []\n", "unknown key"),
    "an include": (RULES + "include: [other.yaml]\n", "an include in a file by URL"),
    "a recorded flow": (RULES + "tests: [{name: a, flow: x.flows, expect: {action: pass}}]\n", "a recorded flow in a file by URL"),
    "no YAML": ("{", "broken YAML"),
    "a catalog without serial": (CATALOG.replace("serial: 3\n", ""), "no serial"),
    "a bad row": (CATALOG.replace("web", "wep"), "Did you mean"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD.keys())
def test_file_that_no_proxy_would_take_is_not_signed(run, key, tmp_path, text, said):
    code, err = signed(run, key, tmp_path, text)
    assert code == 1 and said in err and not (tmp_path / "out.yaml").exists()


def test_kind_that_is_told_is_the_one_that_is_checked(run, key, tmp_path):
    code, err = signed(run, key, tmp_path, RULES, "--kind", "catalog")
    assert code == 1 and "rules" in err


@pytest.mark.parametrize("data", [b"", b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n"])
def test_key_that_is_none_is_refused_and_not_shown(run, tmp_path, data):
    (tmp_path / "k").write_bytes(data)
    (tmp_path / "k").chmod(0o600)
    code, err = signed(run, (tmp_path / "k", ""), tmp_path, RULES)
    assert code == 1 and "expected a private key of" in err


def test_key_that_others_may_read_is_refused(run, key, tmp_path):
    key[0].chmod(0o644)
    code, err = signed(run, key, tmp_path, RULES)
    assert code == 1 and "chmod 600" in err


@pytest.mark.parametrize("arguments", [[], ["x.yaml"], ["--new-key", "a", "--kind", "rules"]])
def test_half_a_command_is_misuse(run, tmp_path, arguments, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.yaml").write_text(RULES)
    assert run("sign", *arguments)[0] == 2


def test_an_earlier_version_is_replaced_and_nothing_else(run, key, tmp_path):
    assert signed(run, key, tmp_path, RULES)[0] == 0
    assert signed(run, key, tmp_path, RULES.replace("serial: 3", "serial: 4"))[0] == 0
    assert b"serial: 4" in (tmp_path / "out.yaml").read_bytes()
    (tmp_path / "out.yaml").write_text("mine")
    code, err = signed(run, key, tmp_path, RULES)
    assert code == 2 and "there already" in err and (tmp_path / "out.yaml").read_text() == "mine"
    assert signed(run, key, tmp_path, RULES, "--force")[0] == 0
