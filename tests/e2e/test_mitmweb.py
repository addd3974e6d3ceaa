"""The views and commands in mitmweb itself, looked at with a real Chromium: flows of a recording, and one that passes live."""

import json
import subprocess
import urllib.request
from contextlib import contextmanager

import pytest
from support.capture import story
from support.chromium import chromium
from support.proxy import free_port, post, read_all, suite_before, tunnel, until
from support.secrets import SECRET

from amp_addons.sim import simulator

pytestmark = pytest.mark.e2e

TOKEN = "for-the-tests"
MESSAGES = "/api/provider/anthropic/v1/messages"


class Web:
    """mitmweb's own API."""

    def __init__(self, proxy, port, sim):
        self.proxy, self.sim, self.url = proxy, sim, f"http://127.0.0.1:{port}"

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def call(self, name, *arguments):
        twice = "00112233"  # in a cookie and in a header, as pages of mitmweb send it
        head = {"Cookie": f"_mitmproxy_xsrf={twice}", "X-XSRFToken": twice, "Content-Type": "application/json"}
        head["Authorization"] = f"Bearer {TOKEN}"
        request = urllib.request.Request(f"{self.url}/commands/{name}", json.dumps({"arguments": arguments}).encode(), head)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def flow(self, test):
        return until(lambda: next((flow for flow in self.get("/flows") if test(flow)), None), what="the flow in mitmweb")

    def view(self, flow, message, name="auto"):
        return self.get(f"/flows/{flow['id']}/{message}/content/{name}.json")


@contextmanager
def mitmweb(folder, *arguments):
    """mitmweb with the suite, a recording, and the simulated service behind it."""
    recorded = story(folder / "recorded.flows")
    port = free_port()
    options = [
        "--set", "web_open_browser=false", "--web-port", str(port), "--set", f"web_password={TOKEN}", "-r", str(recorded), *arguments
    ]  # fmt: skip
    with simulator() as sim, suite_before(sim, *options, program="mitmweb") as proxy:
        yield Web(proxy, port, sim)


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with mitmweb(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture(scope="module")
def live(web):
    """A flow that passes now: with thinking, tools, a secret in its request, and pieces with pauses between them."""
    body = {
        "model": "claude-live",
        "stream": True,
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": f"What is {SECRET} good for?"}],
    }
    with tunnel(web.proxy) as sock:
        sock.sendall(
            post(MESSAGES, json.dumps(body).encode(), x_sim_thinking="true", x_sim_tools="1", x_sim_events="20", x_sim_pace="0.01",
                 x_api_key="k" * 20, x_sim_encoding="gzip")
        )  # fmt: skip
        read_all(sock)
    web.proxy.wait_ended()
    return web.flow(lambda flow: "claude-live" in json.dumps(web.view(flow, "request")) if flow["request"]["path"] == MESSAGES else False)


@pytest.fixture(scope="module")
def page(web):
    with chromium("127.0.0.1") as browser:
        page = browser.page()
        page.size(1500, 1100)
        page.visit(f"{web.url}/?token={TOKEN}")
        page.until("document.querySelectorAll('.flow-table tbody tr').length > 5")
        yield page


def shown(page, web, flow, message):
    """Open a flow in the browser by its address; another query makes the browser load it anew."""
    page.visit(f"{web.url}/?token={TOKEN}&show={flow['id']}-{message}#/flows/{flow['id']}/{message}")


def text_of(page, *words):
    """What stands in the view, once all these words do."""
    text = "(document.querySelector('.flow-detail')?.innerText ?? '')"
    page.until(" && ".join(f"{text}.includes({json.dumps(word)})" for word in words))
    return page.run(text)


def test_a_recorded_stream_is_shown_decoded_without_being_asked_for(page, web, tmp_path):
    flow = web.flow(lambda flow: flow["request"]["path"] == MESSAGES and (flow["response"] or {}).get("status_code") == 200)
    shown(page, web, flow, "response")
    text = text_of(page, "the time since the request began", "content_block_delta", "Tool calls", "Amp stream")
    assert "+1.300 s" in text and "message_start" in text and "Grep" in text and "Thinking" in text
    page.screenshot(tmp_path / "recorded.png")


def test_a_live_stream_is_shown_with_the_times_of_its_events(page, web, live, tmp_path):
    shown(page, web, live, "response")
    text = text_of(page, "claude-live · anthropic-messages", "the time since the request began", "Message", "Tokens")
    times = [float(line.split("+")[1].split(" s")[0]) for line in text.splitlines() if " s  content_block_delta" in line]
    assert len(times) > 20 and times == sorted(times) and times[-1] - times[0] > 0.1
    page.screenshot(tmp_path / "live.png")


def test_a_request_is_shown_as_a_conversation_without_its_keys(page, web, live, tmp_path):
    shown(page, web, live, "request")
    text = text_of(page, "claude-live · anthropic-messages · 1 message", "Conversation", "good for?", "Amp request")
    assert "max_tokens" in text and SECRET not in text and "What is *** good for?" in text
    page.screenshot(tmp_path / "request.png")


def test_commands_answer_in_mitmweb(web, live, tmp_path):
    call = web.call
    assert "claude-live" in call("amp.summary")["value"]
    assert call("amp.reload")["value"].startswith("In force: 0 rules")
    which = f"~u {MESSAGES} & ~bq claude-live"
    line = call("amp.curl", which)["value"]
    assert line.startswith("curl ") and "x-api-key" in line.split("\n# ", 1)[1] and SECRET not in line and "k" * 20 not in line
    assert "No rule acts" in (said := call("amp.explain", which)["value"]) or "no rule" in said.lower()
    target = tmp_path / "shared.flows"
    assert "Writing 1 flow" in call("amp.scrub.save", which, str(target))["value"]
    until(target.exists)
    assert SECRET.encode() not in target.read_bytes() and b"claude-live" in target.read_bytes()
    assert "symbolic link" in call("amp.scrub.save", which, str(link_to(tmp_path)))["error"]


def link_to(folder):
    link = folder / "link"
    link.symlink_to(folder / "target")
    return link


def test_the_line_for_curl_is_what_curl_takes(web, live):
    """Run by a shell with the real curl, through the proxy, the same request arrives but for what was masked."""
    line = web.call("amp.curl", f"~u {MESSAGES} & ~bq claude-live")["value"]
    curl = f"curl --silent --compressed --proxy {web.proxy.url} --cacert {web.proxy.ca} {line.removeprefix('curl ')}"
    done = subprocess.run(["/bin/sh", "-c", curl], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "event: message_stop" in done.stdout, done.stderr
    asked = json.loads(web.sim.requests[-1].body)
    assert asked["messages"][0]["content"] == "What is *** good for?" and asked["model"] == "claude-live"
