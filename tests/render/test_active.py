# ruff: noqa: E501  (whole lines are what is tested)

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from support.display import HARMLESS, HOSTILE, Watch, response, trace

from amp_addons.render.active import SLOW, rows, under_way
from amp_addons.render.palette import PLAIN

NOW = 1012.4
STREAM = trace(watch=Watch(ping=12, content_block_delta=380), answer=response())
WAITING = trace(started=NOW - 3, flow="f2", model="gpt-5.1-codex-max", provider="openai", endpoint="provider.openai")
SOCKET = trace(
    flow="f3", model=None, provider=None, endpoint="thread-actors", category="realtime", answer=response(status=101, ttfb_ms=20.0)
)
SOCKET.chunks, SOCKET.response_bytes = 7, 2_000
UNKNOWN = trace(
    flow="f4", model="kimi-模型", provider="kimi", endpoint="provider.unknown", known=False, watch=Watch(chunk=2), answer=response()
)
STREAM.response_bytes = 48_200

ROWS = [
    (99, STREAM, "● anthropic   claude-opus-4-5               392  380 content_block_delt…  48.2 kB   312 ms   12.4 s"),
    (119, STREAM, "● anthropic   claude-opus-4-5               392  380 content_block_delta · 12 ping            48.2 kB   312 ms   12.4 s"),
    (59, STREAM, "● claude-opus-4-5            392  48.2 kB   312 ms   12.4 s"),
    (45, STREAM, "● claude-opus-4-5       392  48.2 kB   12.4 s"),
    (29, STREAM, "● claude-o…      392   12.4 s"),
    (19, STREAM, "● claude-…   12.4 s"),
    (99, WAITING, "● openai      gpt-5.1-codex-max                  waiting                      0 B             3.0 s"),
    (99, SOCKET, "● realtime    thread-actors                   7  WebSocket messages        2.0 kB    20 ms   12.4 s"),
    (99, UNKNOWN, "? kimi        kimi-模型                       2  2 chunk                      0 B   312 ms   12.4 s"),
]  # fmt: skip


@pytest.mark.parametrize(("width", "flow", "expected"), ROWS)
def test_stream_has_a_row_of_what_fits(width, flow, expected):
    *_, row = rows([flow], NOW, width, 10, PLAIN)
    assert row == expected


@pytest.mark.parametrize("width", [19, 29, 45, 59, 99, 119])
def test_head_stands_above_its_columns(width):
    head, row = rows([STREAM], NOW, width, 10, PLAIN)
    assert len(head) == len(row)
    assert head.endswith("   time")


def test_what_streams_or_takes_long_is_under_way():
    quick = trace(started=NOW - SLOW / 2)
    assert under_way([STREAM, WAITING, SOCKET, quick], NOW) == [STREAM, WAITING, SOCKET]
    assert under_way([quick], NOW + SLOW) == [quick]


def test_flow_whose_request_is_not_read_has_no_row():
    unread = trace()
    unread.request = None
    assert under_way([unread], NOW) == []


@pytest.mark.parametrize(
    ("height", "streams", "shown", "last"),
    [(10, 9, 9, None), (10, 10, 8, "  + 2 more"), (10, 100, 8, "  + 92 more"), (3, 100, 1, "  + 99 more"), (2, 3, 1, "  + 2 more"), (1, 3, 0, "  + 3 more")],
)  # fmt: skip
def test_streams_are_folded_to_the_room_there_is(height, streams, shown, last):
    found = rows([STREAM] * streams, NOW, 99, height, PLAIN)
    assert len(found) <= height
    assert sum(row.startswith("●") for row in found) == shown
    assert found[-1] == last or last is None


def test_no_streams_no_rows_and_no_room_no_rows():
    assert rows([], NOW, 99, 10, PLAIN) == []
    assert rows([STREAM], NOW, 99, 0, PLAIN) == []


def test_names_from_the_traffic_are_made_visible():
    found = rows([trace(model=HOSTILE, watch=Watch(**{HOSTILE: 3}), answer=response())], NOW, 199, 10, PLAIN)
    assert found[-1].isprintable() and f"3 {HARMLESS}" in found[-1]


@given(text=st.text(max_size=40), width=st.integers(19, 160), streams=st.integers(0, 12), height=st.integers(0, 12))
def test_rows_keep_to_their_room(text, width, streams, height):
    traces = [trace(model=text, provider=text, endpoint=text, watch=Watch(**{text: 5_000_000}), answer=response())] * streams
    found = rows(traces, NOW, width, height, PLAIN)
    assert len(found) <= height
    assert all(cell_len(row) <= width for row in found)


def test_stream_that_stalls_says_so():
    watch = Watch(ping=3)
    watch.last = NOW - 12
    assert "no event for 12" in "".join(rows([trace(watch=watch, answer=response())], NOW, 120, 10, PLAIN))


def test_first_is_the_first_token_once_there_is_one():
    watch = Watch(ping=3)
    watch.first_token = 1000.0 + 4.2
    assert "4.2 s" in "".join(rows([trace(watch=watch, answer=response())], NOW, 120, 10, PLAIN))
