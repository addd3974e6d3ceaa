import msgspec
import pytest

from amp_addons.core.events import FlowEnd, StreamEnd, StreamEvent, encode_lines

EVENT = StreamEvent(time="2026-01-01T00:00:00.000Z", flow="f", seq=1, event="ping", bytes=3, t_ms=1.5)


def test_line_begins_with_what_every_line_has():
    assert encode_lines([EVENT]).startswith(b'{"v":1,"type":"stream.event","time":"2026-01-01T00:00:00.000Z","flow":"f",')


def test_text_is_left_out_unless_there_is_some():
    assert "text" not in msgspec.json.decode(encode_lines([EVENT]))


def test_what_is_not_known_yet_is_null():
    end = StreamEnd(time="t", flow="f", ended="complete", events={"ping": 1}, bytes=1, chunks=1, duration_ms=1.0)
    line = msgspec.json.decode(encode_lines([end]))
    assert line["tokens"] == dict.fromkeys(("input", "output", "cache_read", "cache_write", "reasoning"))
    assert line["cost_usd"] is None and line["stop_reason"] is None


@pytest.mark.parametrize(
    "char", ["\x00", "\x1b", "\n", "\r", "\x7f", "\x85", "\x9b", "\u200b", "\u2028", "\u202e", "\u2066", "\u061c", "\ufeff"]
)
def test_no_character_of_the_traffic_can_steer_a_terminal_or_forge_a_line(char):
    hostile = f'a{char}{{"type":"flow.end"}}é'
    lines = encode_lines([StreamEvent(time="t", flow="f", seq=1, event=hostile, bytes=1, t_ms=0.0), EVENT])
    assert lines.count(b"\n") == 2
    assert char not in lines.decode().replace("\n", "")
    assert msgspec.json.decode(lines.splitlines()[0])["event"] == hostile


def test_fields_of_the_last_line_of_a_flow():
    end = FlowEnd(time="t", flow="f", outcome="ok", request_bytes=1, response_bytes=2, duration_ms=3.0)
    assert set(msgspec.json.decode(encode_lines([end]))) >= {
        "status", "outcome", "request_bytes", "response_bytes", "duration_ms", "rules", "upstream", "credential",
    }  # fmt: skip
