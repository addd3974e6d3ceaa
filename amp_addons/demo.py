"""A realistic turn of the Amp CLI through every row of the endpoint document: what `amp-addons demo` plays.

Simulated service, proxy and client all run on this machine, on free ports of 127.0.0.1, and leave nothing behind.
"""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from amp_addons.sim.server import SimulatedAmp, simulator

AMP = "https://ampcode.com"
PROVIDER = f"{AMP}/api/provider"
SUITE = Path(__file__).with_name("suite.py")
READY = """
import asyncio, pathlib

def running():
    asyncio.get_running_loop().call_later(0.1, pathlib.Path(__file__).with_suffix("").touch)
"""
"""A script beside the suite: the port is open a moment before mitmproxy gives up on an option that it does not know."""

PATIENCE = 30.0
"""Seconds that any single step may take before the demonstration is given up."""


class Step(NamedTuple):
    """One request; `model` makes it an inference request, `stream` one that asks for a stream."""

    method: str
    url: str
    model: str | None = None
    stream: bool = False
    headers: tuple[tuple[str, str], ...] = ()


def _infer(path: str, model: str, *, base: str = PROVIDER, stream: bool = True, **options: str) -> Step:
    headers = tuple((f"x-sim-{name}", value) for name, value in options.items())
    return Step("POST", f"{base}/{path}", model, stream, headers)


_GEMINI = "google/v1beta1/publishers/google/models/gemini-2.5-flash"

TURN: Sequence[Sequence[Step]] = (
    # Each group runs at once, one after the other: the client signs in, looks around, thinks, acts, and saves its work.
    (Step("GET", f"{AMP}/api/user"), Step("POST", f"{AMP}/api/internal?getUserInfo"), Step("GET", f"{AMP}/api/threads?createdByUserID=u1")),
    (Step("GET", f"{AMP}/api/threads/T-demo"), Step("GET", f"{AMP}/api/connect", headers=(("x-sim-events", "8"),))),
    (
        _infer("anthropic/v1/messages", "claude-sonnet-4-5", events="60", thinking="1", encoding="br", tools="1"),
        _infer(f"{_GEMINI}:generateContent", "gemini-2.5-flash", stream=False),
    ),
    (
        Step("GET", f"{AMP}/api/internal/github-auth-status"),
        Step("GET", f"{AMP}/api/internal/github-proxy/repos/owner/repo/commits"),
        Step("POST", f"{AMP}/api/telemetry"),
    ),
    (
        _infer("openai/v1/responses", "gpt-5.1", events="50", encoding="gzip"),
        _infer(f"{_GEMINI}:streamGenerateContent?alt=sse", "gemini-2.5-flash", events="40"),
        _infer("xai/v1/chat/completions", "grok-code-fast-1", events="45"),
        _infer("cerebras/v1/chat/completions", "qwen-3-coder-480b", events="70", pace="0.02"),
        _infer("groq/chat/completions", "llama-3.3-70b", events="35", encoding="zstd"),
        _infer("supernova/v1/chat/completions", "supernova", events="30"),
        _infer("chat/completions", "kimi/kimi-k2", base="https://openrouter.ai/api/v1", events="40"),
    ),
    (
        _infer("anthropic/v1/messages", "claude-sonnet-4-5", error="529"),
        _infer("anthropic/v1/messages", "claude-haiku-4-5", events="20", error="cut"),
        Step("GET", f"{AMP}/api/brand-new-endpoint"),
    ),
    (_infer("anthropic/v1/messages", "claude-sonnet-4-5", events="50"),),
    (Step("POST", f"{AMP}/api/threads"), Step("POST", f"{AMP}/api/internal?uploadThread")),
)


def play(arguments: Sequence[str] = (), pace: float = 0.03) -> int:
    """Play the turn before a proxy with the suite, which draws on this terminal. Returns the proxy's exit status.

    Raises:
        RuntimeError: the proxy did not start, or a request got no answer.
    """
    with tempfile.TemporaryDirectory(prefix="amp-addons-demo-") as folder, simulator(pace=pace) as sim:
        port = _free_port()
        with _proxy(Path(folder), port, sim, arguments) as proxy:
            context = ssl.create_default_context(cafile=Path(folder) / "mitmproxy-ca-cert.pem")
            for group in TURN:
                _run_group(group, port, context)
            time.sleep(0.3)  # the last lines are drawn
            proxy.send_signal(signal.SIGINT)
            return proxy.wait(PATIENCE)


@contextmanager
def _proxy(folder: Path, port: int, sim: SimulatedAmp, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """mitmdump with the suite, before the simulated service, with a configuration and a CA of its own."""
    options = [f"confdir={folder}", f"ssl_verify_upstream_trusted_ca={sim.ca_path}", "termlog_verbosity=warn", "amp_ledger=off"]
    command = [sys.executable, "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()", "-s", str(SUITE)]
    (folder / "ready.py").write_text(READY)
    command += ["-s", str(folder / "ready.py"), "--listen-host", "127.0.0.1", "-p", str(port), "--mode", f"upstream:{sim.proxy_url}"]
    command += [word for option in options for word in ("--set", option)]
    environment = {name: value for name, value in os.environ.items() if name != "AMP_URL"}
    process = subprocess.Popen([*command, *arguments], env=environment, stdin=subprocess.DEVNULL)
    try:
        _wait_ready(process, folder / "ready")
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


def _wait_ready(process: subprocess.Popen[bytes], marker: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if marker.exists():
            return
        time.sleep(0.02)
    raise RuntimeError(f"the proxy did not start (exit status {process.poll()}); its own message is above")


def _run_group(group: Sequence[Step], port: int, context: ssl.SSLContext) -> None:
    failed: list[str] = []

    def run(step: Step) -> None:
        try:
            _request(step, port, context)
        except http.client.IncompleteRead:
            pass  # the stream that is cut is part of the show
        except (OSError, http.client.HTTPException) as error:
            failed.append(f"{step.method} {step.url}: {type(error).__name__}")

    threads = [threading.Thread(target=run, args=(step,), daemon=True) for step in group]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    if failed:
        raise RuntimeError("no answer came for " + "; ".join(failed))


def _request(step: Step, port: int, context: ssl.SSLContext) -> None:
    url = urlsplit(step.url)
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=context)
    connection.set_tunnel(url.hostname or "", 443)
    body = json.dumps({"model": step.model, "stream": step.stream, "messages": [{"role": "user", "content": "Hi"}]}) if step.model else "{}"
    headers = {"Content-Type": "application/json", "x-amp-thread-id": "T-demo", **dict(step.headers)}
    try:
        connection.request(step.method, step.url.partition(url.netloc)[2], body if step.method == "POST" else None, headers)
        answer = connection.getresponse()
        while answer.read1(65536):
            pass
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
