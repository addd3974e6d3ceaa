"""`amp-addons doctor` as a program, before a real proxy that `amp-addons run` started, and everything that goes wrong on real machines."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from support.authority import made
from support.proxy import BIN, DEADLINE, free_port, listens, until

from amp_addons.sim.server import simulator

pytestmark = pytest.mark.e2e

PROGRAM = str(BIN / "amp-addons")
KEYS = {"AMP_API_KEY": "sgamp_user_" + "c3" * 20, "OPENROUTER_API_KEY": "sk-or-" + "v1" * 20}
# An addon that undoes what the suite does for streams, as scripts do that look at whole answers.
BUFFER = "def responseheaders(flow):\n    flow.response.stream = False\n"


@pytest.fixture(scope="module")
def sim():
    with simulator() as found:
        yield found


class Machine:
    """A user's home, and the shell there. `corporate` is its environment before anything of ours: a proxy of the company's, with its CA."""

    def __init__(self, home, sim):
        self.home = home
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
        self.plain = kept | {"HOME": str(home)} | {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("STATE", "CACHE", "CONFIG")}
        self.corporate = self.plain | {"HTTPS_PROXY": sim.proxy_url, "NODE_EXTRA_CA_CERTS": str(sim.ca_path), "NO_PROXY": "127.0.0.1"}
        self.ca = home / "state" / "amp-addons" / "ca"

    @contextmanager
    def run(self, *arguments):
        """`amp-addons run`, until it listens. Gives the port."""
        port = free_port()
        log = self.home / f"run-{port}.log"
        with log.open("w") as out:
            command = [PROGRAM, "run", "--port", str(port), *arguments]
            process = subprocess.Popen(command, env=self.corporate, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        try:
            until(lambda: listens(port) or process.poll() is not None, what="the proxy's start")
            assert process.poll() is None, log.read_text()
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(DEADLINE)

    def shell(self, port, *arguments):
        """The environment of a shell in which `amp-addons env` was evaluated."""
        found = subprocess.run(
            [PROGRAM, "env", "--port", str(port), "--json", *arguments], env=self.corporate, capture_output=True, timeout=60
        )
        return self.corporate | json.loads(found.stdout)

    def doctor(self, environ, *arguments):
        """-> exit status, findings by id, and how long it took"""
        began = time.monotonic()
        found = subprocess.run(
            [PROGRAM, "doctor", "--json", *arguments], env=environ | KEYS, cwd=self.home, capture_output=True, timeout=60
        )
        took = time.monotonic() - began
        assert found.stderr == b""
        assert not any(key.encode() in found.stdout for key in KEYS.values())
        told = json.loads(found.stdout)
        assert told["ok"] is (found.returncode == 0)
        assert took < 25  # 20 and the start of the program
        return found.returncode, {each["id"]: each for each in told["findings"]}

    def amp(self, text):
        """A program `amp` on the PATH that it returns."""
        folder = self.home / "bin"
        folder.mkdir(exist_ok=True)
        for name, content in {"amp": text, "node": "#!/bin/sh\necho v20.19.0\n"}.items():
            (folder / name).write_text(content)
            (folder / name).chmod(0o755)
        return f"{folder}:{self.plain['PATH']}"


@pytest.fixture(scope="module")
def machine(tmp_path_factory, sim):
    return Machine(tmp_path_factory.mktemp("a home"), sim)


@pytest.fixture(scope="module")
def port(machine):
    with machine.run() as port:
        yield port


def failures(findings):
    return {id for id, each in findings.items() if each["state"] == "failure"}


def test_all_is_well(machine, port, sim):
    sim.requests.clear()
    status, found = machine.doctor(machine.shell(port) | {"PATH": machine.amp("#!/usr/bin/env bun\n")})
    assert (status, failures(found)) == (0, set())
    fine = {
        "python",
        "mitmproxy",
        "ca",
        "ca.modes",
        "port",
        "env.proxy",
        "env.no_proxy",
        "env.ca",
        "env.bundle",
        "client",
        "client.runtime",
    }
    fine |= {"reach.amp", "reach.openrouter", "stream", "websocket", "rules", "settings.openrouter"}
    assert {id for id, each in found.items() if each["state"] == "ok"} >= fine
    assert "(amp-addons)" in found["port"]["text"] and f"port {port}" in found["port"]["text"]
    assert "ampcode.com: reached through the proxy, status 200" in found["reach.amp"]["text"]
    # What the service got is without a key, through the company's proxy; the rest stayed on this machine.
    assert sorted((request.host, request.header("authorization")) for request in sim.requests) == [
        ("ampcode.com", None),
        ("openrouter.ai", None),
    ]


def test_a_shell_that_goes_past_the_proxy(machine, port, sim):
    environ = machine.shell(port) | {"NO_PROXY": "localhost,.ampcode.com", "NODE_EXTRA_CA_CERTS": str(sim.ca_path)}
    environ |= {"PATH": machine.amp("#!/usr/bin/env node\n")}
    status, found = machine.doctor(environ)
    assert status == 1
    assert failures(found) == {"env.no_proxy", "env.ca", "client.runtime", "reach.amp", "reach.openrouter"}
    assert "NO_PROXY has '.ampcode.com'" in found["env.no_proxy"]["text"]
    assert "not the proxy's" in found["env.ca"]["text"]
    assert "Node 20.19, which ignores HTTPS_PROXY" in found["client.runtime"]["text"]
    assert "is not trusted by what this shell trusts" in found["reach.amp"]["text"]
    assert found["stream"]["state"] == found["websocket"]["state"] == "ok"


def test_it_is_read_by_people(machine, port):
    """The first lines come within a second or two of the start, and every failure with its remedy."""
    command = [PROGRAM, "doctor", "--offline", "--port", str(port)]
    process = subprocess.Popen(command, env=machine.corporate | KEYS, cwd=machine.home, stdout=subprocess.PIPE, text=True)
    lines = list(process.stdout)
    assert process.wait(60) == 0
    process.stdout.close()
    text = "".join(lines)
    assert lines[0] == "This program\n" and lines[1].startswith("  ✓ Python 3.")
    assert "  ! HTTPS_PROXY leads to another proxy, 127.0.0.1:" in text
    assert f'    → eval "$({PROGRAM} env --port {port})" leads to ours' in text
    assert "ampcode.com was not asked (--offline)" in text
    assert lines[-1].endswith(("warnings\n", "warning\n"))
    assert not any(key in text for key in KEYS.values()) and "\x1b" not in text


def test_a_script_that_buffers_streams(machine):
    script = machine.home / "buffer.py"
    script.write_text(BUFFER)
    with machine.run("--", "-s", str(script)) as port:
        status, found = machine.doctor(machine.shell(port), "--offline")
    assert (status, failures(found)) == (1, {"stream"})
    assert "held back" in found["stream"]["text"] and "script" in found["stream"]["remedy"]


def test_reverse_mode(machine):
    with machine.run("--reverse") as port:
        _, found = machine.doctor(machine.shell(port, "--reverse"))
        assert (found["port"]["state"], found["env.proxy"]["state"], found["reach.amp"]["id"]) == ("ok", "ok", "reach.amp")
        assert "in reverse mode" in found["port"]["text"]
        proxied, wrong = machine.doctor(machine.shell(port), "--offline")
    assert (proxied, wrong["port"]["state"]) == (1, "failure")
    assert "env --reverse" in wrong["port"]["remedy"]


def test_nothing_is_as_it_should_be(tmp_path, sim):
    """No proxy but a program on its port, an authority that has expired, a client's log that tells of it. Nothing is changed by looking."""
    machine = Machine(tmp_path / "home", sim)
    machine.home.mkdir()
    made(machine.ca, age=timedelta(days=800))
    settings = machine.home / "config" / "amp" / "settings.json"
    settings.parent.mkdir(parents=True)
    key = KEYS["OPENROUTER_API_KEY"]
    settings.write_text(f'{{"amp.url": "https://amp.corp.example", "amp.openrouter.apiKey": "{key}",}}')
    log = machine.home / "amp-debug.log"
    log.write_text(f"ERROR self-signed certificate in certificate chain {KEYS['AMP_API_KEY']}\n")
    before = {path: path.stat().st_mtime_ns for path in machine.home.rglob("*")}
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        port = int(server.stdout.readline().split(b" port ")[1].split()[0])
        # Where no proxy of ours runs one is lent, through the company's proxy as `run` would: HTTP_PROXY names it.
        environ = machine.plain | {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "HTTP_PROXY": sim.proxy_url}
        environ |= {"AMP_LOG_FILE": str(log)}
        status, found = machine.doctor(environ, "--offline")
        server.terminate()
    assert (status, failures(found)) == (1, {"ca", "port", "env.ca"})
    assert "expired on" in found["ca"]["text"]
    assert "is another program's, which answers CONNECT with status" in found["port"]["text"]
    assert (found["settings.url"]["state"], found["settings.mode"]["state"], found["log.trust"]["state"]) == ("warning",) * 3
    assert found["stream"]["state"] == "ok"  # through a proxy of its own
    assert {path: path.stat().st_mtime_ns for path in machine.home.rglob("*")} == before
