import os

import pytest
from rich.cells import cell_len
from support.display import Terminal, Watch, response, small_flow, stream_flow, trace

from amp_addons.render.line import Started
from amp_addons.render.palette import PLAIN
from amp_addons.render.screen import frame
from amp_addons.render.tally import Tally
from amp_addons.render.view import LiveView, PlainView

NOW = 1012.4


class Sized:
    """As much of a screen as a view asks."""

    def __init__(self, columns, lines):
        self.columns, self.lines = columns, lines

    def size(self):
        return os.terminal_size((self.columns, self.lines))


def view_of(screen, streams=0, tally=None):
    traces = {str(n): trace(watch=Watch(ping=n), answer=response()) for n in range(streams)}
    return LiveView(screen, PLAIN, tally or Tally(), traces, clock=lambda: NOW)


def test_idle_region_is_an_empty_row_and_the_sums():
    assert view_of(Sized(99, 30)).region() == ["", "0 under way · 0 flows · 0 B"]


def test_sums_count_what_has_passed():
    tally = Tally()
    for flow in (stream_flow(), small_flow(), small_flow(end={"status": 500})):
        tally.add(flow)
    assert view_of(Sized(99, 30), tally=tally).region()[-1] == "0 under way · 3 flows · 1 error · 13.0 kB"


def test_streams_stand_between_head_and_sums():
    region = view_of(Sized(59, 30), streams=2).region()
    assert [row[:10] for row in region] == ["", "  model   ", "● claude-o", "● claude-o", "2 under wa"]


@pytest.mark.parametrize("lines", range(2, 60, 3))
@pytest.mark.parametrize("columns", [19, 29, 99])
def test_region_of_100_streams_leaves_room_for_finished_flows(columns, lines):
    region = view_of(Sized(columns, lines), streams=100).region()
    assert len(region) < max(lines, 3)
    assert all(cell_len(row) <= columns for row in region)
    if lines > 8:
        assert "more" in region[-2] and len(region) <= lines * 2 // 3 + 2


def test_lines_and_region_follow_the_size_of_the_terminal():
    screen = Sized(99, 30)
    view = view_of(screen, streams=1)
    view.region()
    wide = view.show(small_flow())
    screen.columns = 29
    assert all(len(row) <= 29 for row in view.region())
    assert wide.startswith("22:13:20  ● user.get") and view.show(small_flow()).startswith("● user.get")


def test_resize_leaves_no_trace_of_the_old_region():
    """The cursor stands at the region's first row, so a narrower terminal's rows are painted over however it wrapped them."""
    screen, terminal = Sized(59, 20), Terminal(60, 20)
    view = view_of(screen, streams=3)
    terminal.feed(frame(["a line"], view.region(), drawn=False))
    screen.columns, terminal.width = 29, 30
    # What a terminal does that reflows: the rows below the cursor wrap, the cursor keeps its row.
    below = [part for row in terminal.rows[terminal.row :] for part in (row[:30], row[30:]) if part or part is row[:30]]
    terminal.rows[terminal.row :] = below
    region = view.region()
    terminal.feed(frame([], region, drawn=True))
    assert terminal.all() == ["a line", *region]


def test_plain_view_has_lines_only():
    view = PlainView(Tally())
    assert view.region() == ()
    assert view.show(small_flow()) == "22:13:20  ● user.get              200    312 B    12 ms  GET  /api/user"
    assert "stream   312 ms" in view.show(Started(stream_flow().request, response()))
