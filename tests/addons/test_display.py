"""The display under mitmproxy's own masters, writing to a pseudo-terminal or a file in the place of standard output."""

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import termios
import threading
import tty

import pytest
from mitmproxy import ctx, http
from mitmproxy import options as options_module
from mitmproxy.exceptions import OptionsError
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow
from mitmproxy.tools.dump import DumpMaster
from mitmproxy.tools.web.master import WebMaster
from support.display import HARMLESS, HOSTILE, Watch, flow_end, request, response, small_flow, stream_flow, trace
from support.proxy import BIN, DEADLINE, ROOT, until

from amp_addons.addons import startup
from amp_addons.addons.display import Display
from amp_addons.addons.hub import Hub
from amp_addons.render import painter

WORD = "hush" + "hush1"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(painter, "PAUSE", 0.01)
    monkeypatch.setattr(painter, "GRACE", 0.2)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(startup.refuse, "running", False)


class Output:
    """Standard output: what was written to it, as text."""

    def __init__(self, stream, read):
        self.stream = stream
        self.text = read

    def wait_for(self, text):
        return until(lambda: text in self.text() and self.text(), what=f"{text!r} in the output")


@pytest.fixture
def file(tmp_path):
    """Standard output is a file."""
    with open(tmp_path / "output", "w", encoding="utf-8") as stream:
        yield Output(stream, lambda: (stream.flush(), (tmp_path / "output").read_text("utf-8"))[1])


@pytest.fixture
def terminal():
    """Standard output is a pseudo-terminal that is read all the time."""
    controller, worker = os.openpty()
    tty.setraw(worker)
    termios.tcsetwinsize(worker, (30, 160))
    found = bytearray()

    def read():
        with contextlib.suppress(OSError):
            while data := os.read(controller, 65536):
                found.extend(data)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with open(worker, "w", encoding="utf-8") as stream:
        yield Output(stream, lambda: found.decode("utf-8", "replace"))
        until(lambda: not any("display" in thread.name for thread in threading.enumerate()))
    until(lambda: not reader.is_alive())
    os.close(controller)


@pytest.fixture
def stuck_terminal():
    """Standard output is a pseudo-terminal that nobody reads."""
    controller, worker = os.openpty()
    tty.setraw(worker)
    with open(worker, "w", encoding="utf-8") as stream:
        yield Output(stream, str)
        os.close(controller)
        until(lambda: not any("display" in thread.name for thread in threading.enumerate()))


class Proxy:
    """A master with the display loaded as a script is: after the options were read."""

    def __init__(self, master):
        self.master = master
        self.hub = Hub()
        self.display = Display(self.hub)
        master.addons.add(self.display)

    def run(self):
        self.display.configure({"amp_display"})
        self.display.running()
        return self

    def finish(self, flow):
        """A flow is over."""
        found = trace()
        found.request, found.ended = flow.request, True
        self.hub.publish([event for event in flow[1:] if event], found)


@pytest.fixture
async def proxies(tmp_path, monkeypatch):
    """Makes masters with the display whose standard output is the one given; ends them."""
    made = []

    def make(output, master_class=DumpMaster, early=(), **options):
        # Not in the fixture of the output: pytest sets its own again before the test begins.
        monkeypatch.setattr(sys, "stdout", output.stream)
        master = master_class(options_module.Options(confdir=str(tmp_path / "conf")))
        master.options.update(**dict(early))
        proxy = Proxy(master)
        master.options.update(**options)
        made.append(proxy)
        return proxy

    yield make
    for proxy in made:
        proxy.display.done()
        proxy.master._legacy_log_events.uninstall()
        if errorcheck := proxy.master.addons.get("errorcheck"):
            errorcheck.finish()
        if proxy.master._termlog_addon:
            proxy.master._termlog_addon.uninstall()


# --- which way of showing


async def test_terminal_gets_a_live_view(terminal, proxies):
    proxies(terminal).run()
    assert "\x1b[2m0 under way · 0 flows · 0 B\x1b[0m" in terminal.wait_for("0 under way")


async def test_what_is_no_terminal_gets_plain_lines(file, proxies):
    proxy = proxies(file).run()
    proxy.finish(small_flow())
    text = file.wait_for("user.get")
    assert "  GET  /api/user\n" in text and "\x1b" not in text


WAYS = [
    pytest.param({"amp_display": "off"}, {}, None, id="off"),
    pytest.param({"amp_display": "lines"}, {}, "lines", id="lines on a terminal"),
    pytest.param({"amp_display": "live"}, {}, "live", id="live"),
    pytest.param({}, {"TERM": "dumb"}, "lines", id="dumb terminal"),
    pytest.param({"amp_display": "live"}, {"TERM": "dumb"}, "lines", id="live on a dumb terminal"),
    pytest.param({"termlog_verbosity": "error"}, {}, None, id="quiet"),
    pytest.param({"termlog_verbosity": "error", "amp_display": "live"}, {}, "live", id="quiet, and asked for"),
]


@pytest.mark.parametrize(("options", "environment", "way"), WAYS)
async def test_way_of_showing_is_what_was_asked_for_or_fits(terminal, proxies, monkeypatch, options, environment, way):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    proxy = proxies(terminal, **options).run()
    proxy.finish(small_flow())
    if way == "live":
        terminal.wait_for("under way")
    proxy.display.done()
    text = terminal.text() if way is None else terminal.wait_for("endpoint")
    assert ("user.get" in text) is (way is not None)
    assert ("under way" in text) is (way == "live")
    assert ("\x1b" in text) is (way == "live")


async def test_live_view_that_cannot_be_is_said(file, proxies):
    proxies(file, amp_display="live").run()
    file.wait_for("amp_display: live is not possible here, because the output is no terminal")


async def test_mitmweb_has_a_view_of_its_own(terminal, proxies):
    proxy = proxies(terminal, WebMaster).run()
    proxy.finish(small_flow())
    proxy.display.done()
    assert "user.get" not in terminal.text()


async def test_mitmwebs_own_address_keeps_its_token(terminal, proxies):
    """Without it nobody gets in."""
    proxy = proxies(terminal, WebMaster).run()
    logging.getLogger("mitmproxy.tools.web.master").warning("Web server listening at %s", proxy.master.web_url)
    assert "/?token=" in proxy.master.web_url
    terminal.wait_for(proxy.master.web_url)


async def test_console_keeps_its_screen(terminal, proxies, caplog):
    class ConsoleMaster(DumpMaster):
        __module__ = "mitmproxy.tools.console.master"

    proxy = proxies(terminal, ConsoleMaster, amp_display="live").run()
    proxy.finish(small_flow())
    proxy.display.done()
    assert "user.get" not in terminal.text()
    assert "the mitmproxy console has the screen" in caplog.text


async def test_events_on_standard_output_send_the_display_to_standard_error(file, proxies, tmp_path, monkeypatch):
    with open(tmp_path / "error", "w", encoding="utf-8") as errors:
        monkeypatch.setattr(sys, "stderr", errors)
        proxy = proxies(file)
        proxy.master.options.add_option("amp_events", str, "", "")
        proxy.master.options.update(amp_events="-")
        proxy.run().finish(small_flow())
        logging.getLogger("x").warning("while it runs")
        proxy.display.done()
        logging.getLogger("x").warning("after the end")
        errors.flush()
        text = (tmp_path / "error").read_text("utf-8")
        assert "user.get" in text and "while it runs" in text and "after the end" in text
        assert file.text() == ""


@pytest.mark.parametrize(("found", "hint"), [("line", " Did you mean 'lines'?"), ("loud", "")])
async def test_unknown_way_is_refused(file, proxies, caplog, found, hint):
    proxy = proxies(file, amp_display=found)
    proxy.display.configure({"amp_display"})
    sentence = f"option amp_display: found '{found}', expected one of auto, live, lines, off.{hint}"
    assert f"amp_addons: {sentence}" in caplog.text
    startup.refuse.running = True
    with pytest.raises(OptionsError) as refused:
        proxy.display.configure({"amp_display"})
    assert str(refused.value) == sentence


async def test_way_can_be_changed_while_it_runs(terminal, proxies):
    proxy = proxies(terminal, amp_display="off").run()
    proxy.finish(small_flow(url="https://ampcode.com/first"))
    proxy.master.options.update(amp_display="lines")
    proxy.finish(small_flow(url="https://ampcode.com/second"))
    assert "/first" not in terminal.wait_for("/second\n")
    proxy.master.options.update(amp_display="live")
    terminal.wait_for("under way")
    assert logging.getLogger("mitmproxy.proxy.server").level == logging.WARNING
    proxy.master.options.update(amp_display="off")
    assert logging.getLogger("mitmproxy.proxy.server").level == logging.NOTSET


# --- what is shown


async def test_streams_under_way_have_rows_and_finished_flows_scroll_above(terminal, proxies):
    proxy = proxies(terminal).run()
    proxy.hub.traces["f1"] = trace(watch=Watch(ping=3), answer=response())
    terminal.wait_for("3 ping")
    del proxy.hub.traces["f1"]
    proxy.finish(stream_flow())
    text = terminal.wait_for("41 events")
    assert text.index("3 ping") < text.index("41 events")
    assert "1 flow" in terminal.wait_for("1 flow")


async def test_start_of_a_stream_is_a_plain_line(file, proxies):
    proxy = proxies(file).run()
    proxy.hub.publish([response()], trace(watch=Watch(), answer=response()))
    proxy.hub.publish([response()], trace(answer=response()))
    proxy.finish(stream_flow())
    text = file.wait_for("41 events")
    assert text.count("stream   312 ms") == 1


async def test_other_events_are_none_of_its_lines(file, proxies):
    proxy = proxies(file).run()
    proxy.hub.publish([request()], trace())
    unread = trace()
    unread.request = None
    proxy.hub.publish([flow_end()], unread)
    proxy.display.done()
    assert "provider.anthropic" not in file.text()


async def test_summary_is_shown_at_the_end(file, proxies):
    proxy = proxies(file).run()
    proxy.finish(stream_flow())
    proxy.finish(small_flow(endpoint="amp.unknown", known=False, url="https://ampcode.com/api/orb"))
    proxy.display.done()
    text = file.text()
    assert "endpoint             model" in text and "provider.anthropic   claude-opus-4-5" in text
    assert text.endswith("In no catalog:\n     1  GET https://ampcode.com/api/orb\n")


async def test_nothing_passed_no_summary(file, proxies):
    proxies(file).run().display.done()
    assert "endpoint" not in file.text()


@pytest.mark.parametrize("field", ["url", "method", "model", "endpoint", "provider"])
async def test_nothing_of_the_traffic_steers_the_terminal(terminal, proxies, field):
    """Whatever was scrubbed before: the only escape codes that arrive are the display's own."""
    proxy = proxies(terminal).run()
    hostile = f"https://h/{HOSTILE}" if field == "url" else HOSTILE
    proxy.hub.traces["f1"] = trace(**{field: hostile}, watch=Watch(**{HOSTILE: 1}), answer=response())
    terminal.wait_for("1 under way")
    proxy.finish(stream_flow(**{field: hostile}, known=False, end={"outcome": "error", "error": HOSTILE}))
    proxy.display.done()
    text = terminal.wait_for("In no catalog")
    assert "\x1b]" not in text and "\x07" not in text and "\u202e" not in text
    assert HARMLESS[:19] in text


BANNERS = [
    pytest.param({}, True, id="serving"),
    pytest.param({"server": False}, False, id="not serving"),
    pytest.param({"rfile": "/dev/null"}, False, id="reading flows"),
]


@pytest.mark.parametrize(("options", "shown"), BANNERS)
async def test_banner_says_what_to_paste(file, proxies, tmp_path, monkeypatch, options, shown):
    proxy = proxies(file, listen_host="127.0.0.1", listen_port=0, **options)
    server = proxy.master.addons.get("proxyserver")
    server.running()
    await server.setup_servers()
    proxy.run()
    proxy.finish(small_flow())
    text = file.wait_for("user.get")
    ports = [address[1] for address in server.listen_addrs()]
    assert shown or not text.startswith("\n")
    assert (f"export HTTPS_PROXY=http://127.0.0.1:{ports and ports[0]}\n" in text) is shown
    assert (f"export NODE_EXTRA_CA_CERTS={tmp_path}/conf/mitmproxy-ca-cert.pem\n" in text) is shown
    await server.servers.update([])


# --- what mitmproxy prints


async def test_log_goes_above_the_view_and_past_it_afterwards(terminal, proxies):
    proxy = proxies(terminal).run()
    terminal.wait_for("under way")
    logging.getLogger("x").warning("while it runs")
    text = terminal.wait_for("while it runs")
    assert "\r\x1b[J\x1b[36m" in text.partition("while it runs")[0]
    proxy.display.done()
    logging.getLogger("x").warning("after the end")
    assert terminal.wait_for("after the end\x1b[0m\n")


CHATTER = [
    pytest.param({"amp_display": "live"}, False, id="live"),
    pytest.param({"amp_display": "lines"}, False, id="lines"),
    pytest.param({"amp_display": "off"}, True, id="off"),
    pytest.param({"amp_display": "lines", "termlog_verbosity": "debug"}, True, id="verbose"),
]


@pytest.mark.parametrize(("options", "shown"), CHATTER)
async def test_connections_that_come_and_go_are_no_news_beside_the_view(terminal, proxies, caplog, options, shown):
    caplog.set_level(logging.DEBUG)  # as mitmproxy's main does
    proxy = proxies(terminal, **options).run()
    log = logging.getLogger("mitmproxy.proxy.server")
    log.info("client connect", extra={"client": ("127.0.0.1", 5)})
    log.warning("Client TLS handshake failed.", extra={"client": ("127.0.0.1", 5)})
    logging.getLogger("mitmproxy.proxy.mode_servers").warning("something else")
    text = terminal.wait_for("something else")
    assert ("client connect" in text) is shown and "handshake failed" in text
    proxy.display.done()
    assert log.level == logging.NOTSET


@pytest.mark.parametrize("way", ["live", "lines", "off"])
async def test_log_is_cleaned(terminal, proxies, way):
    proxies(terminal, amp_display=way).run()
    logging.getLogger("x").warning("%s https://h/x?token=%s\n[00:00:00.000] forged", HOSTILE, WORD)
    text = terminal.wait_for("forged")
    assert f"{HARMLESS} https://h/x?token=***\n    [00:00:00.000] forged" in text
    assert WORD not in text and "\x1b]" not in text


async def test_no_color_holds_for_the_log_too(terminal, proxies, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    proxy = proxies(terminal).run()
    logging.getLogger("x").warning("a warning")
    proxy.finish(stream_flow())
    proxy.display.done()
    text = terminal.wait_for("endpoint")
    assert "a warning" in text and "\x1b[3" not in text and "\x1b[1m" not in text


def dumped_flow():
    flow = tflow.tflow(req=http.Request.make("GET", f"https://h/x?token={WORD}", b"", {"Authorization": f"Bearer {WORD}"}), resp=True)
    flow.response.headers["set-cookie"] = WORD
    return flow


async def test_dumper_is_silent(file, proxies):
    proxy = proxies(file)
    proxy.run()
    proxy.master.addons.get("dumper").response(dumped_flow())
    proxy.display.done()
    assert ctx.options.flow_detail == 0 and "//h/x" not in file.text()


@pytest.mark.parametrize("way", ["lines", "off", "live"])
async def test_dumper_that_the_user_wants_is_scrubbed(terminal, proxies, way):
    """Set before the script is loaded, as mitmdump's command line does."""
    proxy = proxies(terminal, early={"flow_detail": 2}, amp_display=way).run()
    proxy.master.addons.get("dumper").response(dumped_flow())
    text = terminal.wait_for("set-cookie")
    assert "https://h/x?token=***" in text and "Authorization: ***" in text and "set-cookie: ***" in text
    assert WORD not in text


async def test_log_and_dumper_taken_in_twice_print_once(file, proxies):
    """A script that is loaded anew brings a new display to the same master."""
    proxy = proxies(file, amp_display="off")
    again = Display(proxy.hub)
    proxy.master.addons.remove(proxy.display)
    proxy.master.addons.add(again)
    again.running()
    logging.getLogger("x").warning("said once")
    again.done()
    assert file.text().count("said once") == 1
    assert proxy.master.addons.get("termlog").logger.file.beneath is file.stream


# --- what goes wrong


@pytest.mark.parametrize("method", ["show", "region"])
async def test_failure_in_drawing_turns_the_display_off_and_says_so_once(terminal, proxies, monkeypatch, caplog, method):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(f"amp_addons.addons.display.LiveView.{method}", fail)
    if method == "region":
        monkeypatch.setattr("amp_addons.addons.display.LiveView.__init__", lambda self, *_, **__: None)
        monkeypatch.setattr("amp_addons.addons.display.LiveView.banner", lambda *_: "")
    proxy = proxies(terminal).run()
    proxy.finish(small_flow())
    await turned_off(caplog)
    proxy.finish(small_flow())
    terminal.wait_for("the display failed with ZeroDivisionError and is turned off; the traffic goes on.")
    assert caplog.text.count("the display failed") == 1


async def turned_off(caplog):
    async with asyncio.timeout(10):
        while "the display failed" not in caplog.text:
            await asyncio.sleep(0.01)


async def test_output_that_is_gone_ends_the_display_and_not_the_proxy(proxies, tmp_path, monkeypatch, caplog):
    """mitmproxy ends when its log cannot be printed; after `mitmdump -s amp_addons | head` it goes to standard error."""
    reader, writer = os.pipe()
    with open(tmp_path / "error", "w", encoding="utf-8") as errors, open(writer, "w") as stream:
        monkeypatch.setattr(sys, "stderr", errors)
        proxy = proxies(Output(stream, str)).run()
        os.close(reader)
        proxy.finish(small_flow())
        await turned_off(caplog)
        logging.getLogger("x").warning("still here")
        errors.flush()
        text = (tmp_path / "error").read_text("utf-8")
    assert "the display failed with BrokenPipeError" in text and "still here" in text


def test_process_ends_before_a_terminal_that_nobody_reads(tmp_path):
    """The whole way down, with the interpreter's own end: buffers to flush, threads to leave behind. mitmdump alone hangs here."""
    with open(tmp_path / "flows", "wb") as file:
        writer = FlowWriter(file)
        for _ in range(500):
            writer.add(dumped_flow())
    controller, worker = os.openpty()
    options = ["--set", f"confdir={tmp_path}", "--set", "flow_detail=2"]
    command = [BIN / "mitmdump", "-n", "-r", tmp_path / "flows", "-s", "amp_addons", *options]
    environment = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=worker, stderr=subprocess.DEVNULL)
    os.close(worker)
    try:
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()
        shown = os.read(controller, 65536)
        os.close(controller)
    assert len(shown) > 1_000 and WORD.encode() not in shown


async def test_terminal_that_stops_reading_holds_up_nothing(stuck_terminal, proxies):
    proxy = proxies(stuck_terminal).run()
    for _ in range(300):
        logging.getLogger("x").warning("x" * 1_000)
    for _ in range(5_000):
        proxy.finish(stream_flow())
    proxy.display.done()
    logging.getLogger("x").warning("nobody reads this either")
    assert any("display" in thread.name for thread in threading.enumerate()), "the terminal has taken everything"
    assert proxy.display._tally.flows == 5_000
