"""Capture files for tests of reports: flows as `amp_record` writes them, and a day of work that has something of everything."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mitmproxy import flow as mitm
from mitmproxy import http
from mitmproxy import io as recordings
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from msgspec.structs import replace
from wsproto.frame_protocol import Opcode

from amp_addons.core.events import RedactionDone, RuleAction
from amp_addons.core.facts import Facts, chunks_of, said_text
from amp_addons.sim import anthropic, google, openai_chat, openai_responses, turn

AMP = "https://ampcode.com"
PROVIDER = f"{AMP}/api/provider"
MESSAGES = f"{PROVIDER}/anthropic/v1/messages"
START = 1_760_536_800.0  # 15 October 2025, 14:00 UTC

type Said = RuleAction | RedactionDone


class CaptureFile:
    """A file of flows, written in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._out = path.open("wb")
        self._writer = recordings.FlowWriter(self._out)

    def __enter__(self) -> "CaptureFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()

    def add(
        self,
        url: str,
        at: float,
        *,
        method: str = "POST",
        body: Any = None,
        thread: str | None = None,
        status: int = 200,
        pieces: Sequence[bytes] = (),
        content_type: str = "application/json",
        first: float = 0.4,
        took: float = 1.0,
        headers: Sequence[tuple[str, str]] = (),
        said: Sequence[Said] = (),
        facts: bool = True,
        **ending: Any,
    ) -> None:
        """A flow that began at `at` (seconds from START), whose first piece came after `first`, and which took so long.

        `ending`: fields of Facts.
        """
        flow = tflow.tflow(resp=status > 0)
        self.count += 1
        flow.id = f"{self.count:08x}-0000-4000-8000-000000000000"
        flow.request.url = url
        flow.request.method = method
        flow.request.headers = http.Headers([(b"host", b"ampcode.com"), (b"content-type", b"application/json")])
        if thread is not None:
            flow.request.headers["x-amp-thread-id"] = thread
        for name, value in headers:
            flow.request.headers[name] = value
        flow.request.raw_content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        flow.request.timestamp_start = start = START + at
        answer = b"".join(pieces)
        if flow.response is not None:
            flow.response.status_code = status
            flow.response.headers = http.Headers([(b"content-type", content_type.encode())])
            flow.response.raw_content = answer
            flow.response.timestamp_start = start + first
            flow.response.timestamp_end = start + took
        if facts:
            step = (took - first) / max(1, len(pieces))
            times = [start + first + step * number for number in range(len(pieces))]
            sizes = list(map(len, pieces))
            flow.metadata = Facts(
                **chunks_of(start, times, sizes, sizes)._asdict(),
                request_bytes=len(flow.request.raw_content),
                response_bytes=len(answer),
                ended_at=start + took,
                said=said_text(said, ()),
                **ending,
            ).metadata()
        elif "error" in ending:
            flow.error = mitm.Error(ending["error"], start + took)
        self._writer.add(flow)

    def add_socket(self, url: str, at: float, messages: Sequence[tuple[bool, bytes]]) -> None:
        """A WebSocket: pairs of whether the client sent it, and the text."""
        flow = tflow.twebsocketflow()
        self.count += 1
        flow.id = f"{self.count:08x}-0000-4000-8000-000000000000"
        flow.request.url = url
        flow.request.timestamp_start = START + at
        flow.websocket.messages = [
            WebSocketMessage(Opcode.TEXT, from_client, content, START + at + 0.2 * number)
            for number, (from_client, content) in enumerate(messages, 1)
        ]
        self._writer.add(flow)


def answer(
    text: str = "",
    *,
    model: str = "claude-sonnet-4-5",
    thinking: str = "",
    tools: Sequence[tuple[str, dict[str, Any]]] = (),
    seed: int = 0,
    usage: Sequence[int] = (420, 18_000, 900, 260),
    piece: int = turn.PIECE,
) -> turn.Turn:
    """A turn; `usage` is input, read from cache, written to cache, output."""
    made = turn.compose(model=model, text=text, thinking=thinking, tools=tools, seed=seed, piece=piece)
    return replace(made, input=usage[0], cache_read=usage[1], cache_write=usage[2], output=usage[3])


def events(made: turn.Turn, api: Any = anthropic) -> list[bytes]:
    return list(api.events(made))


SYSTEM = """You are a coding agent. Work in small steps and check each one.

# Rules
- Read a file before you change it.
- Run the tests after each change.
- Never write secrets into files.
"""

TOOLS = [
    {"name": name, "description": text, "input_schema": {"type": "object", "properties": {}}}
    for name, text in (
        ("Read", "Read a file, with line numbers."),
        ("edit_file", "Replace a text in a file by another one."),
        ("Grep", "Find a pattern in files."),
        ("Bash", "Run a command in a shell and return what it printed."),
        ("oracle", "Ask a stronger model for advice."),
        ("todo_write", "Write down what is left to do."),
    )
]

BUFFER = """class Buffer:
    def __init__(self, limit):
        self.limit = limit
        self.data = bytearray()

    def feed(self, piece):
        self.data += piece
        if len(self.data) > self.limit:
            raise Overflow(len(self.data))
        return self.lines()

    def lines(self):
        *whole, rest = self.data.split(b"\\n")
        self.data = rest
        return whole
"""

OLD = """        if len(self.data) > self.limit:
            raise Overflow(len(self.data))
        return self.lines()"""
NEW = """        lines = self.lines()
        if len(self.data) > self.limit:
            raise Overflow(len(self.data))
        return lines"""

PATCH = """diff --git a/stream/buffer.py b/stream/buffer.py
--- a/stream/buffer.py
+++ b/stream/buffer.py
@@ -6,9 +6,9 @@ class Buffer:
     def feed(self, piece):
         self.data += piece
-        if len(self.data) > self.limit:
-            raise Overflow(len(self.data))
-        return self.lines()
+        lines = self.lines()
+        if len(self.data) > self.limit:
+            raise Overflow(len(self.data))
+        return lines
"""

REPLY = """The limit was checked **before** complete lines were taken out, so a burst of short lines looked like one long one.

What I changed in `stream/buffer.py`:

1. `feed` takes the complete lines out first.
2. What is *left*, the unfinished line, is what the limit is for.

```python
def feed(self, piece):
    self.data += piece
    lines = self.lines()
    if len(self.data) > self.limit:
        raise Overflow(len(self.data))
    return lines
```

| test | before | after |
|---|---|---|
| `test_burst` | failed | passes |
| `test_long_line` | passes | passes |

See [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110) for why lines may be long. Should I also bound the *number* of lines?
"""


class Agent:
    """A conversation that grows: each `ask` sends all so far, as clients do."""

    def __init__(
        self, out: CaptureFile, thread: str, *, model: str = "claude-sonnet-4-5", system: str = SYSTEM, tools: Any = TOOLS
    ) -> None:
        self.out, self.thread, self.model, self.system, self.tools = out, thread, model, system, list(tools)
        self.messages: list[dict[str, Any]] = []

    def say(self, text: str) -> "Agent":
        self.messages.append({"role": "user", "content": [{"type": "text", "text": text}]})
        return self

    def give(self, *results: tuple[str, bool]) -> "Agent":
        calls = [block for block in self.messages[-1]["content"] if block["type"] == "tool_use"]
        content = [
            {"type": "tool_result", "tool_use_id": call["id"], "content": text, **({"is_error": True} if failed else {})}
            for call, (text, failed) in zip(calls, results, strict=True)
        ]
        self.messages.append({"role": "user", "content": content})
        return self

    def ask(self, at: float, made: turn.Turn, *, cut: int | None = None, **more: Any) -> "Agent":
        body = {
            "model": self.model,
            "max_tokens": 32000,
            "stream": True,
            "thinking": {"type": "enabled", "budget_tokens": 4000},
            "system": [{"type": "text", "text": self.system, "cache_control": {"type": "ephemeral"}}],
            "tools": self.tools,
            "messages": self.messages,
        }
        pieces = events(made)[:cut]
        self.out.add(MESSAGES, at, body=body, thread=self.thread, pieces=pieces, content_type="text/event-stream", **more)
        self.messages = [*self.messages, {"role": "assistant", "content": anthropic.whole(made)["content"]}]
        return self


def story(path: Path) -> Path:
    """A capture of some work: turns with tools, an edit, an answer that was broken off, one refused by a rule, other models, an unknown
    endpoint, a WebSocket."""
    with CaptureFile(path) as out:
        _looking_around(out)
        _fixing(out)
        _helpers(out)
        _failing(out)
    return path


def _looking_around(out: CaptureFile) -> None:
    out.add(f"{AMP}/api/user", 0, method="GET", pieces=[b'{"id":"u1"}'], took=0.09)
    out.add(f"{AMP}/api/internal?getUserInfo", 0.2, body={"method": "getUserInfo"}, pieces=[b"{}"], took=0.12)
    out.add(f"{AMP}/api/threads/T-0199f2aa", 0.5, method="GET", pieces=[b"{}"], took=0.2)
    acted = RuleAction(time="2025-10-15T14:00:01.000Z", flow="x", rule="no-telemetry", mode="enforce", action="block")
    for at in (1.0, 64.0, 130.0):
        out.add(
            f"{AMP}/api/telemetry",
            at,
            body={"events": []},
            status=403,
            pieces=[b"{}"],
            took=0.01,
            first=0.005,
            said=[acted],
            outcome="blocked",
        )
    out.add(f"{AMP}/api/brand-new-endpoint?x=1", 2.0, method="GET", status=404, pieces=[b"{}"], took=0.1)
    out.add_socket(
        f"{AMP}/api/thread-actors/T-0199f2aa",
        1.5,
        [(True, b'{"type":"subscribe","thread":"T-0199f2aa"}'), (False, b'{"type":"delta","text":"working"}'), (False, b'{"type":"done"}')],
    )


def _fixing(out: CaptureFile) -> None:
    agent = Agent(out, "T-0199f2aa")
    agent.say("The tests in tests/test_buffer.py fail since yesterday: test_burst raises Overflow. Find out why and fix it.")
    looked = answer(
        "I'll look at the buffer and its tests first.",
        thinking="The user says that a burst of input overflows. Probably the limit is checked at the wrong moment. "
        "I should read both files.",
        tools=[("Read", {"path": "stream/buffer.py"}), ("Grep", {"pattern": "Overflow", "path": "tests", "context": 3})],
        seed=1,
        usage=(12, 0, 14_200, 184),
    )
    agent.ask(4, looked, first=1.3, took=4.9)
    numbered = "\n".join(f"{number}: {line}" for number, line in enumerate(BUFFER.split("\n"), 1))
    agent.give((numbered, False), ("tests/test_buffer.py:12:    with pytest.raises(Overflow):\n", False))
    edit = answer(
        "The limit is checked before complete lines are taken out. I'll change the order.",
        tools=[
            (
                "edit_file",
                {
                    "path": "stream/buffer.py",
                    "old_str": OLD,
                    "new_str": NEW,
                },
            ),
            ("Bash", {"cmd": "python -m pytest -q tests/test_buffer.py", "timeout": 120}),
        ],
        seed=2,
        usage=(8, 14_200, 960, 341),
    )
    redacted = RedactionDone(
        time="2025-10-15T14:00:12.000Z", flow="x", rule="no-secret-leaves", where="request body", kind="code-host", count=2
    )
    masked = RuleAction(time="2025-10-15T14:00:12.000Z", flow="x", rule="no-secret-leaves", mode="enforce", action="redact")
    agent.ask(12, edit, first=0.9, took=6.2, said=[masked, redacted])
    agent.give((PATCH, False), ("E   ModuleNotFoundError: No module named 'stream'\n1 error in 0.07s", True))
    again = answer(
        "", tools=[("Bash", {"cmd": "PYTHONPATH=. python -m pytest -q tests/test_buffer.py"})], seed=3, usage=(8, 15_160, 610, 77)
    )
    agent.ask(21, again, first=0.7, took=2.1)
    agent.give(("..                                                              [100%]\n2 passed in 0.03s", False))
    agent.ask(
        26, answer(REPLY, thinking="Both pass. I should explain the cause.", seed=4, usage=(8, 15_770, 240, 412)), first=1.1, took=7.5
    )
    agent.say("Yes, bound the number too. At most 1,000 lines a call.")
    agent.ask(
        95,
        answer("I'll add a second limit to `feed` and", seed=5, usage=(9, 16_010, 430, 60)),
        cut=7,
        first=1.0,
        took=3.2,
        ended="aborted",
        outcome="aborted",
        error="Client disconnected.",
    )
    # The client has made the history shorter, and has one tool more: all of it is new to the cache.
    agent.messages = [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "The tests in tests/test_buffer.py fail. (Summary: the order in feed() was fixed; tests pass.)"}
            ],
        },
        *agent.messages[1:2],
        {"role": "user", "content": [{"type": "text", "text": "Bound the number of lines too. At most 1,000 a call."}]},
    ]
    agent.messages[1] = {"role": "assistant", "content": [{"type": "text", "text": "Understood."}]}
    agent.tools.append({"name": "web_search", "description": "Search the web.", "input_schema": {}})
    agent.ask(
        104,
        answer("`feed` now raises `TooMany` past 1,000 lines, and gives the ones before.", seed=6, usage=(15_400, 0, 0, 118)),
        first=2.6,
        took=5.0,
    )


def _helpers(out: CaptureFile) -> None:
    titled = answer("Fix overflow in stream buffer", model="claude-haiku-4-5", seed=7, usage=(210, 0, 0, 9))
    body = {
        "model": "claude-haiku-4-5",
        "max_tokens": 60,
        "messages": [{"role": "user", "content": "Give this conversation a title of at most seven words."}],
    }
    out.add(MESSAGES, 5, body=body, thread="T-0199f2aa", pieces=[json.dumps(anthropic.whole(titled)).encode()], took=0.8)
    oracle = answer(
        "Taking lines out first is right. Note that `split` copies the rest each time: with pieces of 1 kB and a line of 1 MB "
        "that is quadratic.",
        model="gpt-5.1",
        thinking="**Weighing the order of checks**\n\nThe limit is about the unfinished line.",
        seed=8,
        usage=(1_900, 1_024, 0, 520),
    )
    asked = {
        "model": "gpt-5.1",
        "stream": True,
        "instructions": "You are an experienced reviewer. Be brief.",
        "reasoning": {"effort": "high"},
        "input": [{"role": "user", "content": [{"type": "input_text", "text": f"Is this change right?\n\n{PATCH}"}]}],
    }
    out.add(
        f"{PROVIDER}/openai/v1/responses",
        16,
        body=asked,
        thread="T-0199f2aa",
        pieces=events(oracle, openai_responses),
        content_type="text/event-stream",
        first=3.1,
        took=11.5,
    )
    found = answer("`Overflow` is raised in one place, `stream/buffer.py:9`.", model="gemini-2.5-flash", seed=9, usage=(800, 0, 0, 40))
    search = {
        "contents": [{"role": "user", "parts": [{"text": "Where is Overflow raised?"}]}],
        "systemInstruction": {"parts": [{"text": "You search code."}]},
    }
    url = f"{PROVIDER}/google/v1beta1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    out.add(url, 9, body=search, thread="T-0199f2aa", pieces=events(found, google), content_type="text/event-stream", first=0.35, took=1.4)


def _failing(out: CaptureFile) -> None:
    asked = {"model": "kimi/kimi-k2", "stream": True, "messages": [{"role": "user", "content": "Write a haiku about buffers."}]}
    haiku = answer(
        "Bytes wait in the dark,\na newline comes like morning —\nwhole lines walk away.",
        model="kimi/kimi-k2",
        seed=10,
        usage=(30, 0, 0, 28),
    )
    out.add(
        "https://openrouter.ai/api/v1/chat/completions",
        160,
        body=asked,
        pieces=events(haiku, openai_chat),
        content_type="text/event-stream",
        first=0.6,
        took=1.9,
    )
    body = {"model": "claude-sonnet-4-5", "stream": True, "messages": [{"role": "user", "content": "And one about proxies."}]}
    failure = json.dumps(anthropic.error(529, "Overloaded")).encode()
    out.add(MESSAGES, 170, body=body, thread="T-0199f2bb", status=529, pieces=[failure], took=0.5)
    out.add(
        MESSAGES,
        172,
        body=body,
        thread="T-0199f2bb",
        pieces=events(answer("Silent go-between,\nit reads what it may not change", seed=11, usage=(40, 0, 0, 30)))[:6],
        content_type="text/event-stream",
        first=0.8,
        took=2.4,
    )
    out.add(MESSAGES, 176, body=body, thread="T-0199f2bb", status=0, facts=False, took=1.0, error="server closed connection")


def many(path: Path, flows: int) -> Path:
    """A capture of so many flows: threads of twenty requests with tools, and what clients ask beside them."""
    drawn = random.Random(5)
    words = [word for word in turn.WORDS if word.isalpha() and word.isascii()]

    def prose(count: int) -> str:
        return " ".join(drawn.choices(words, k=count))

    with CaptureFile(path) as out:
        thread = 0
        while out.count < flows:
            thread += 1
            at = thread * 400.0
            agent = Agent(out, f"T-{thread:08d}").say(f"Task {thread}: {prose(40)}.")
            for step in range(20):
                if out.count >= flows:
                    break
                if step % 4 == 3:
                    out.add(f"{AMP}/api/internal?uploadThread", at, body={"thread": thread}, pieces=[b"{}"], took=0.1)
                    at += 1
                    continue
                calls = (
                    [("Read", {"path": f"src/{words[step % len(words)]}.py", "limit": 200})]
                    if step % 2
                    else [("Bash", {"cmd": f"grep -rn {prose(2)} src"})]
                )
                text = f"{prose(30)}.\n\n- **{prose(2)}**: `{prose(1)}`\n- {prose(12)}\n\n```python\nreturn {prose(1)}\n```\n"
                usage = (drawn.randrange(10, 900), 9_000 + step * 900, 900, drawn.randrange(60, 700))
                agent.ask(
                    at,
                    answer(text, thinking=prose(40) if step % 3 == 0 else "", tools=calls, seed=out.count, usage=usage),
                    first=drawn.lognormvariate(0, 0.5),
                    took=4 + drawn.lognormvariate(1, 0.6),
                )
                agent.give(("\n".join(f"{line}: {prose(8)}" for line in range(1, 40)), step % 9 == 8))
                at += 14
    return path
