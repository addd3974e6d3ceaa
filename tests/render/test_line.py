# ruff: noqa: E501  (whole lines are what is tested)

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from support.display import HARMLESS, HOSTILE, flow_end, request, response, small_flow, stream_end, stream_flow

from amp_addons.core.events import Tokens
from amp_addons.core.rules.applied import Applied
from amp_addons.render.line import ENDLESS, FlowLines, Started, finished
from amp_addons.render.palette import PLAIN, palette

STREAM = stream_flow()
SMALL = small_flow()
GOOGLE = "https://ampcode.com/api/provider/google/v1beta1/publishers/google/models/gemini-3-pro:streamGenerateContent?alt=sse"
UNKNOWN = small_flow(url="https://registry.npmjs.org/@sourcegraph%2famp", endpoint="other", category="other", route="external", known=False)
REFUSED = small_flow(end={"status": None, "outcome": "error", "error": "Connection refused", "response_bytes": 0})
CUT_OFF = stream_flow(stream={"ended": "truncated"}, end={"outcome": "error", "error": "server closed connection"})
ABORTED = stream_flow(stream={"ended": "aborted"}, end={"outcome": "aborted", "error": "Client disconnected."})
BLOCKED = stream_flow(end={"outcome": "blocked"})
UNREAD = stream_flow(stream={"errors": ["the decoder failed with ZeroDivisionError"]})

LINES = [
    (119, STREAM, "22:13:20  ● provider.anthropic    200  12.3 kB    2.3 s  POST /api/…/v1/messages  claude-opus-4-5  41 events"),
    (139, STREAM, "22:13:20  ● provider.anthropic    200  12.3 kB    2.3 s  POST /api/provider/anthropic/v1/messages  claude-opus-4-5  41 events"),
    (99, STREAM, "22:13:20  ● provider.anthropic    200  12.3 kB    2.3 s  POST /api…/v1/messages  claude-opus-4-5"),
    (79, STREAM, "22:13:20  ● provider.anthropic    200  12.3 kB    2.3 s  claude-opus-4-5"),
    (59, STREAM, "● provider.anthropic    200  12.3 kB    2.3 s  claude-opus…"),
    (39, STREAM, "● provider.anthropic    200    2.3 s"),
    (29, STREAM, "● anthropic      200    2.3 s"),
    (19, STREAM, "● anthropic     200"),
    (99, SMALL, "22:13:20  ● user.get              200    312 B    12 ms  GET  /api/user"),
    (99, UNKNOWN, "22:13:20  ? other                 200    312 B    12 ms  GET  registry.npmjs.org/@sourcegraph%2famp"),
    (99, small_flow(end={"status": 404}), "22:13:20  ✗ user.get              404    312 B    12 ms  GET  /api/user"),
    (99, REFUSED, "22:13:20  ✗ user.get              ---      0 B    12 ms  GET  /api/user  ✗ failed: Connection refu…"),
    (59, REFUSED, "✗ user.get              ---      0 B    12 ms  ✗ failed: C…"),
    (19, REFUSED, "✗ user.get      ---"),
    (ENDLESS, CUT_OFF, "22:13:20  ✗ provider.anthropic    200  12.3 kB    2.3 s  POST /api/provider/anthropic/v1/messages  claude-opus-4-5  41 events  ✗ cut off: server closed connection"),
    (ENDLESS, ABORTED, "22:13:20  ✗ provider.anthropic    200  12.3 kB    2.3 s  POST /api/provider/anthropic/v1/messages  claude-opus-4-5  41 events  ✗ aborted"),
    (ENDLESS, BLOCKED, "22:13:20  ✗ provider.anthropic    200  12.3 kB    2.3 s  POST /api/provider/anthropic/v1/messages  claude-opus-4-5  41 events  ⊘ blocked"),
    (ENDLESS, UNREAD, "22:13:20  ● provider.anthropic    200  12.3 kB    2.3 s  POST /api/provider/anthropic/v1/messages  claude-opus-4-5  41 events  the decoder failed with ZeroDivisionError"),
    (ENDLESS, stream_flow(url=GOOGLE, endpoint="provider.google", model="gemini-3-pro"), "22:13:20  ● provider.google       200  12.3 kB    2.3 s  POST /api/provider/google/v1beta1/publishers/google/models/gemini-3-pro:streamGenerateContent?alt=sse  gemini-3-pro  41 events"),
]  # fmt: skip


@pytest.mark.parametrize(("width", "flow", "expected"), LINES)
def test_finished_flow_is_one_line_of_what_fits(width, flow, expected):
    assert FlowLines(PLAIN, width).finished(flow).rstrip() == expected


def test_start_of_a_stream_says_when_its_answer_began():
    line = FlowLines(PLAIN).started(Started(request(), response()))
    assert line == "22:13:20  ● provider.anthropic    200   stream   312 ms  POST /api/provider/anthropic/v1/messages  claude-opus-4-5"


COLOURS = [
    pytest.param(STREAM, "\x1b[36m● provider.anthropic", id="by category"),
    pytest.param(SMALL, "\x1b[32m● user.get", id="by another category"),
    pytest.param(UNKNOWN, "\x1b[1;33m? other", id="unknown stands out"),
    pytest.param(REFUSED, "\x1b[1;31m✗ user.get", id="error in red"),
    pytest.param(ABORTED, "\x1b[1;31m✗ provider.anthropic", id="aborted in red"),
    pytest.param(STREAM, "\x1b[32m200\x1b[0m", id="good status"),
    pytest.param(small_flow(end={"status": 429}), "\x1b[1;31m429\x1b[0m", id="bad status"),
]


@pytest.mark.parametrize(("flow", "expected"), COLOURS)
def test_colours_tell_category_and_outcome(flow, expected):
    assert expected in FlowLines(palette(True), 99).finished(flow)


@pytest.mark.parametrize("field", ["method", "url", "endpoint", "model"])
def test_what_steers_a_terminal_is_made_visible_wherever_it_comes_from(field):
    line = FlowLines(PLAIN).finished(stream_flow(**{field: f"https://h/{HOSTILE}" if field == "url" else HOSTILE}))
    assert HARMLESS in line and line.isprintable()


def test_error_sentences_are_made_visible():
    line = FlowLines(PLAIN).finished(small_flow(end={"outcome": "error", "error": HOSTILE}))
    assert f"✗ failed: {HARMLESS}" in line


@given(text=st.text(max_size=80), width=st.integers(19, 160))
def test_no_line_is_wider_than_the_terminal_or_carries_a_control_character(text, width):
    flow = stream_flow(
        url=f"https://{text}",
        endpoint=text,
        model=text,
        method=text,
        stream={"errors": [text]},
        end={"outcome": "error", "error": text},
    )
    line = re.sub(r"\x1b\[[\d;]+m", "", FlowLines(palette(True), width).finished(flow))
    assert cell_len(line) <= width
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in line)


def test_flow_is_finished_with_its_last_event():
    end, stream = flow_end(), stream_end()
    assert finished(request(), [response()]) is None
    assert finished(request(), [stream]) is None
    assert finished(request(), [end]) == (request(), None, end, ())
    assert finished(request(), [stream, end]) == (request(), stream, end, ())


def test_line_tells_what_rules_did():
    applied = [Applied(rule="gw", mode="enforce", action="route"), Applied(rule="later", mode="observe", action="block")]
    routed = finished(request(), [flow_end(upstream="gateway", rules=["gw"])], applied)
    assert "→ gateway ~ later" in FlowLines(PLAIN).finished(routed)
    blocked = finished(request(), [stream_end(ended="error", errors=["x"]), flow_end(outcome="blocked", rules=["no-gpt"], error="x")])
    assert FlowLines(PLAIN).finished(blocked).endswith("⊘ blocked by no-gpt")


@pytest.mark.parametrize(
    ("flow", "failed"),
    [(STREAM, False), (REFUSED, True), (ABORTED, True), (CUT_OFF, True), (small_flow(end={"status": 404}), True)],
)
def test_failed_is_whatever_did_not_end_well(flow, failed):
    assert flow.failed is failed


def test_stream_tells_tokens_speed_cost_and_why_it_stopped():
    tokens = Tokens(input=1200, output=300)
    known = {"tokens": tokens, "ttft_ms": 500.0, "duration_ms": 2500.0, "cost_usd": 0.0123, "stop_reason": "end_turn"}
    assert "1,200→300 tokens · 150/s · $0.0123 · end_turn" in FlowLines(PLAIN).finished(stream_flow(known))
