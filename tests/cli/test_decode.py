import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

KEY = "sk-" + "ant-" + "api03-" + "a1B2" * 8
PAYLOADS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"id": "msg_1", "model": "claude", "usage": {"input_tokens": 3, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi\x1b[2J " + KEY}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]
SSE = "".join(f"event: {payload['type']}\ndata: {json.dumps(payload)}\n\n" for payload in PAYLOADS).encode()
HEAD = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n%s\r\n"
CASES = [
    pytest.param(SSE, [], id="bare"),
    pytest.param(gzip.compress(SSE), [], id="gzip"),
    pytest.param(zstandard.ZstdCompressor().compress(SSE), [], id="zstd"),
    pytest.param(brotli.compress(SSE), ["--encoding", "br"], id="br"),
    pytest.param(HEAD % b"Content-Encoding: br\r\n" + brotli.compress(SSE), [], id="curl -i, br"),
    pytest.param(HEAD % b"Transfer-Encoding: chunked\r\n" + b"%x\r\n%s\r\n0\r\n\r\n" % (len(SSE), SSE), [], id="curl -i --raw"),
    pytest.param(SSE, ["--api", "anthropic-messages"], id="api named"),
]


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[bytes], str]:
    def recorded(data: bytes) -> str:
        (tmp_path / "answer").write_bytes(data)
        return str(tmp_path / "answer")

    return recorded


@pytest.mark.parametrize(("data", "args"), CASES)
def test_the_summary_is_the_same_in_every_wrapping(run: Any, recorded: Any, data: bytes, args: list[str]) -> None:
    status, out, err = run("decode", recorded(data), "--summary", "--json", *args)
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["api"], found["model"], found["stop_reason"], found["ended"]) == ("anthropic-messages", "claude", "end_turn", "complete")
    assert (found["tokens"]["input"], found["tokens"]["output"]) == (3, 9)
    assert sum(found["event_counts"].values()) == len(PAYLOADS)


def test_each_event_is_a_line(run: Any, recorded: Any) -> None:
    status, out, err = run("decode", recorded(SSE))
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[:2] for line in lines] == [[str(seq), payload["type"]] for seq, payload in enumerate(PAYLOADS)]
    assert lines[2].endswith("text   Hi\\x1b[2J ***")


def test_each_event_is_a_line_of_json(run: Any, recorded: Any) -> None:
    _, out, _ = run("decode", recorded(SSE), "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in found] == [payload["type"] for payload in PAYLOADS]
    assert found[2] == {
        "seq": 2,
        "event": PAYLOADS[2]["type"],
        "bytes": len(json.dumps(PAYLOADS[2])),
        "delta": "text",
        "text": r"Hi\x1b[2J ***",
    }


@pytest.mark.parametrize("args", [[], ["--json"], ["--summary"], ["--summary", "--json"]])
def test_no_key_and_no_control_character_is_printed(run: Any, recorded: Any, args: list[str]) -> None:
    _, out, _ = run("decode", recorded(SSE), *args)
    assert KEY not in out and "***" in out and "\x1b" not in out


def test_standard_input_is_read(start: Any) -> None:
    with start("decode", "-", "--summary", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        out, _ = program.communicate(SSE, timeout=60)
    assert program.returncode == 0 and b"stop reason end_turn\n" in out


@pytest.mark.parametrize(
    ("data", "args", "problem"),
    [
        pytest.param(gzip.compress(SSE)[:-9], [], "the body stops before its gzip data ends", id="cut off"),
        pytest.param(b"\x00" * 100, ["--encoding", "br"], "the body is damaged, or is not br as its Content-Encoding says", id="no br"),
        pytest.param(b"", [], "there is no body in it", id="empty"),
        pytest.param(b'{"type":"message"', [], "1 events could not be read", id="broken JSON"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx", [], "the recording stops within a head", id="half a head"),
    ],
)
def test_what_cannot_be_read_is_said_at_the_end(run: Any, recorded: Any, data: bytes, args: list[str], problem: str) -> None:
    file = recorded(data)
    status, _, err = run("decode", file, *args)
    assert (status, err) == (1, f"{file}: {problem}\n")


@pytest.mark.parametrize(
    ("args", "message"),
    [(["--encoding", "lzma"], "found 'lzma', expected gzip"), (["--api", "x"], "'x' is not one of"), (["/no/file"], "'/no/file'")],
)
def test_misuse(run: Any, recorded: Any, args: list[str], message: str) -> None:
    status, out, err = run("decode", *args, *([] if args[0] == "/no/file" else [recorded(SSE)]))
    assert (status, out) == (2, "") and message in err
