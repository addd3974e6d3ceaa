"""A real headless Chromium, driven over its own pipe (the DevTools protocol), without a network: every name leads nowhere."""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.missing import missing

PATIENCE = 60.0
NAMES = ("chromium", "chromium-browser", "google-chrome")

# Descriptors 3 and 4 are where Chromium looks for its pipe.
_LAUNCH = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
_OPTIONS = """
    --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking --disable-sync
    --disable-extensions --disable-component-update --mute-audio --hide-scrollbars --remote-debugging-pipe
""".split()


def find_chromium() -> str:
    """Its program. Without one tests are skipped, but on CI they fail."""
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    missing("found no chromium; on Debian: apt-get install chromium")


class Page:
    """A tab. `events` are what the browser told since it was opened: (method, parameters)."""

    def __init__(self, browser: "Chromium", session: str) -> None:
        self._browser, self._session = browser, session
        self.events: list[tuple[str, dict[str, Any]]] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, session=self._session, **parameters)

    def open(self, file: Path) -> None:
        """Load a file, and wait until that is done."""
        self.visit(file.as_uri())

    def visit(self, url: str) -> None:
        """Load an address, and wait until that is done."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def wait(self, method: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while not (found := [parameters for name, parameters in self.events if name == method]):
            assert time.monotonic() < deadline, f"no {method} came"
            self._browser.listen(0.2)
        return found[0]

    def run(self, script: str) -> Any:
        """The value of an expression; of a promise, what it resolves to."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key: str) -> None:
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def until(self, script: str) -> Any:
        """Wait until an expression holds."""
        deadline = time.monotonic() + PATIENCE
        while not (found := self.run(script)):
            assert time.monotonic() < deadline, f"never: {script}"
            self._browser.listen(0.05)
        return found

    def opened(self, file: Path) -> tuple[float, float, float]:
        """Load a file: until the load event, until the first paint, and the time of the processor that the page took (ms)."""
        self.call("Performance.enable", timeDomain="threadTicks")
        self.call("Page.navigate", url="about:blank")
        before = self._processor()
        self.open(file)
        entries = "performance.getEntriesByType('navigation')[0].loadEventEnd", "performance.getEntriesByType('paint')[0]?.startTime"
        load, paint = (self.until(entry) for entry in entries)
        return load, paint, (self._processor() - before) * 1000

    def _processor(self) -> float:
        metrics = {each["name"]: each["value"] for each in self.call("Performance.getMetrics")["metrics"]}
        return float(metrics["ThreadTime"])

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, file: Path, *, whole: bool = False) -> None:
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        file.write_bytes(base64.b64decode(data))

    def pdf(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"]))


class Chromium:
    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._buffer = b""
        self._count = 0
        self._results: dict[int, dict[str, Any]] = {}
        self._pages: dict[str, Page] = {}
        self.opened: list[str] = []
        """Addresses of tabs and frames of their own that were opened."""

    def page(self) -> Page:
        """A new tab, about which everything is told."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        self.call("Target.setDiscoverTargets", discover=True)
        self.listen(0.05)
        self.opened.clear()
        return page

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        number = self._count
        message = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._commands, data) :]
        deadline = time.monotonic() + PATIENCE
        while number not in self._results:
            assert time.monotonic() < deadline, f"{method} got no answer"
            self.listen(0.2)
        found = self._results.pop(number)
        assert "error" not in found, (method, found["error"])
        result: dict[str, Any] = found["result"]
        return result

    def listen(self, seconds: float) -> None:
        """Take what the browser says within so many seconds."""
        if not select.select([self._answers], [], [], seconds)[0]:
            return
        data = os.read(self._answers, 1 << 20)
        assert data, "chromium has gone"
        *messages, self._buffer = (self._buffer + data).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._results[message["id"]] = message
            elif page := self._pages.get(message.get("sessionId", "")):
                page.events.append((message["method"], message["params"]))
                if message["method"] == "Page.javascriptDialogOpening":
                    self._count += 1
                    answer = {"id": self._count, "method": "Page.handleJavaScriptDialog", "sessionId": message["sessionId"]}
                    os.write(self._commands, json.dumps({**answer, "params": {"accept": False}}).encode() + b"\0")
            elif message["method"] == "Target.targetCreated":
                self.opened.append(message["params"]["targetInfo"]["url"])


@contextmanager
def chromium(*reaching: str) -> Iterator[Chromium]:
    """A browser with a profile of its own, which ends with the context. `reaching`: hosts that lead somewhere."""
    program = find_chromium()
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        commands_out, commands = os.pipe()
        answers, answers_in = os.pipe()
        rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in reaching)])
        options = [*_OPTIONS, f"--user-data-dir={profile}", f"--host-resolver-rules={rules}", "about:blank"]
        launch = [sys.executable, "-c", _LAUNCH, str(commands_out), str(answers_in), program]
        process = subprocess.Popen(
            [*launch, *options], pass_fds=(commands_out, answers_in), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(commands_out)
        os.close(answers_in)
        try:
            yield Chromium(commands, answers)
        finally:
            os.close(commands)  # it ends when its pipe does
            os.close(answers)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
