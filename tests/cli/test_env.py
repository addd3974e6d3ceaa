import json
import subprocess

import pytest


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a state"))
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "NODE_EXTRA_CA_CERTS", "AMP_URL"):
        monkeypatch.delenv(name, raising=False)


def in_bash(*scripts):
    return subprocess.run(["bash", "-c", "\n".join(scripts)], capture_output=True, text=True, timeout=60)


def test_a_shell_evaluates_it_and_is_put_back(run, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.corp:3128")
    _, lines, _ = run("env", "--shell", "bash", "--port", "8123")
    show = 'echo "$HTTPS_PROXY|$NODE_USE_ENV_PROXY|$NODE_EXTRA_CA_CERTS"'
    done = in_bash(lines, show, "env")
    assert done.stdout.startswith("http://127.0.0.1:8123|1|") and "a state/amp-addons/trust/env-extra.pem" in done.stdout
    for name, value in (line.split("=", 1) for line in done.stdout.splitlines() if "=" in line):
        monkeypatch.setenv(name, value)
    _, back, _ = run("env", "--unset", "--shell", "bash")
    assert in_bash(back, show).stdout == "http://proxy.corp:3128||\n"


def test_as_json_and_for_runtimes_that_ignore_proxies(run):
    code, out, _ = run("env", "--reverse", "--port", "9", "--json")
    assert code == 0 and json.loads(out) == {"AMP_URL": "http://127.0.0.1:9"}


def test_nothing_to_unset(run):
    assert run("env", "--unset")[:2] == (0, "")


def test_a_proxy_that_cannot_be_gone_through_is_said(run, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://p:1")
    code, out, err = run("env")
    assert (code, out) == (1, "") and "of the kind socks5" in err
