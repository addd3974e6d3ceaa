"""What bad options, a busy port and exceptions inside the suite get: a sentence and exit status 1, or the bytes all the same."""

import os
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from support.proxy import BIN, ROOT, Proxy, body_of, post, read_all, suite_before, tunnel, until

from amp_addons.sim.server import simulator

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"
STREAM = b'{"model":"claude-x","stream":true,"messages":[]}'


def start_and_fail(folder, *arguments, **options):
    """The output of a proxy that must refuse to start; its exit status must be 1."""
    proxy = Proxy(folder, "-s", "amp_addons", *arguments, **options)
    try:
        until(lambda: proxy.process.poll() is not None, what="the proxy's refusal")
        assert proxy.process.returncode == 1, proxy.output
        assert "Traceback" not in proxy.output
        return proxy.output
    finally:
        proxy.stop()


BAD = [
    pytest.param(["amp_event=x"], ["unknown option 'amp_event'", "Did you mean 'amp_events'?"], id="unknown option"),
    pytest.param(["amp_url=ftp://ampcode.com"], ["option amp_url: expected http(s)://HOST", "https://ampcode.com"], id="no web address"),
    pytest.param(["amp_url=https://me:pw@x"], ["option amp_url"], id="address with a password"),
    pytest.param(["amp_events_detail=all"], ["amp_events_detail: found 'all', expected one of event, flow"], id="unknown detail"),
    pytest.param(["amp_display=pretty"], ["amp_display", "pretty", "live"], id="unknown display"),
    pytest.param(["amp_events=/nowhere/at/all"], ["option amp_events: /nowhere/at/all cannot be opened"], id="no such folder"),
    pytest.param(["amp_catalog=/nowhere/rows.yaml"], ["option amp_catalog", "/nowhere/rows.yaml"], id="no such catalog"),
]


@pytest.mark.parametrize(("settings", "said"), BAD)
def test_bad_option_at_start_is_a_sentence_and_exit_status_1(tmp_path, settings, said):
    output = start_and_fail(tmp_path, *[word for setting in settings for word in ("--set", setting)])
    for part in said:
        assert part in output
    assert "me:pw" not in output


def test_bad_catalog_is_said_with_file_line_and_key(tmp_path):
    (tmp_path / "mine.yaml").write_text("catalog: mine\nendpoints:\n  - id: my.row\n    methd: GET\n")
    output = start_and_fail(tmp_path, "--set", f"amp_catalog={tmp_path / 'mine.yaml'}")
    assert "mine.yaml:4" in output and "methd" in output and "method" in output


def test_events_are_not_written_through_a_symbolic_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert "is a symbolic link" in start_and_fail(tmp_path, "--set", f"amp_events={tmp_path / 'link'}")
    assert not (tmp_path / "target").exists()


def test_busy_port_is_named_with_what_to_do(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = subprocess.run([str(BIN / "amp-addons"), "run", "--port", str(port)], capture_output=True, text=True, timeout=30)
        assert found.returncode == 1
        assert f"port {port} of 127.0.0.1 is in use" in found.stderr and f"--port {port + 1}" in found.stderr
        command = [str(BIN / "mitmdump"), "-s", "amp_addons", "--set", f"confdir={tmp_path}", "--listen-host", "127.0.0.1", "-p", str(port)]
        stock = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
        assert stock.returncode == 1 and str(port) in stock.stdout + stock.stderr


SABOTAGE = """
import amp_addons.{module} as module

def fail(*args, **kwargs):
    raise RuntimeError("sabotaged")

owner = module
*path, name = "{name}".split(".")
for part in path:
    owner = getattr(owner, part)
setattr(owner, name, fail)
"""

WHERE = [
    ("core.watch", "StreamWatch.feed"),
    ("core.watch", "StreamWatch.close"),
    ("core.trace", "FlowTrace.begin"),
    ("core.trace", "FlowTrace.answer"),
    ("core.trace", "FlowTrace.feed"),
    ("core.trace", "FlowTrace.end"),
    ("addons.pump", "Pump.add"),
    ("addons.pump", "Pump.run"),
    ("addons.hub", "Hub.open"),
    ("addons.hub", "Hub.publish"),
    ("addons.classify", "Classify.classify"),
    ("addons.events", "Events.publish"),
    ("addons.display", "Display.publish"),
    ("addons.tee", "Tee.responseheaders"),
    ("linewriter", "LineWriter.put"),
    ("core.events", "encode_lines"),
    ("addons.ledger", "Ledger.requestheaders"),
    ("addons.ledger", "Ledger.publish"),
    ("ledger.writer", "row_of"),
]


@pytest.mark.parametrize(("module", "name"), WHERE, ids=[name for _, name in WHERE])
def test_exception_anywhere_in_the_suite_costs_the_client_nothing(module, name):
    with tempfile.TemporaryDirectory() as folder, simulator() as sim:
        script = Path(folder) / "sabotage.py"
        script.write_text(SABOTAGE.format(module=module, name=name))
        with suite_before(sim, "-s", "amp_addons", script=str(script)) as proxy, tunnel(proxy) as sock:
            sock.sendall(post(MESSAGES, STREAM, x_sim_encoding="gzip"))
            data, end = read_all(sock)
            sock.sendall(b"GET /api/user HTTP/1.1\r\nHost: ampcode.com\r\n\r\n")
            small, small_end = read_all(sock)
        with tunnel_to(sim) as direct:
            direct.sendall(post(MESSAGES, STREAM, x_sim_encoding="gzip"))
            expected, _ = read_all(direct)
    assert (end, small_end) == ("complete", "complete")
    assert body_of(data) == body_of(expected) and b'"id"' in small
    assert data == expected or name == "Tee.responseheaders"  # who sets the slot cannot fail and have it set


def tunnel_to(sim):
    return tunnel(type("Direct", (), {"port": sim.port, "ca": sim.ca_path, "output": ""}))


def test_full_disk_does_not_touch_the_traffic():
    with simulator() as sim, suite_before(sim, events_to="/dev/full") as proxy:
        with tunnel(proxy) as sock:
            sock.sendall(post(MESSAGES, STREAM))
            assert read_all(sock)[1] == "complete"
        until(lambda: "cannot be written" in proxy.output, what="the sentence about the full disk")


def test_disk_of_two_proxies_has_one_writer(tmp_path):
    with simulator() as sim, suite_before(sim) as first:
        second = start_and_fail(tmp_path, "--set", f"amp_events={first.events_path}")
        assert "being written by another process" in second


def test_mitmproxys_own_settings_that_defeat_the_suite_are_reported():
    with simulator() as sim, suite_before(sim, "--set", "stream_large_bodies=1m", "--ssl-insecure") as proxy:
        until(lambda: "stream_large_bodies is set" in proxy.output and "ssl_insecure is set" in proxy.output, what="the warnings")


def test_environment_names_the_service():
    with simulator() as sim, suite_before(sim, env={**os.environ, "AMP_URL": "https://amp.corp.example/base"}) as proxy:
        with tunnel(proxy, "amp.corp.example") as sock:
            sock.sendall(b"GET /base/api/user HTTP/1.1\r\nHost: amp.corp.example\r\n\r\n")
            read_all(sock)
        assert proxy.wait_ended()[0]["endpoint"] == "user.get"
