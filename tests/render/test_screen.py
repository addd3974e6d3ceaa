import fcntl
import io
import os
import struct
import termios
import threading

import pytest
from support.display import Terminal
from support.proxy import until

from amp_addons.render.screen import Screen, frame

REGION = ["", "head", "● one", "foot"]


def sent(terminal, *frames):
    drawn = False
    for lines, region in frames:
        terminal.feed(frame(lines, region, drawn=drawn))
        drawn = bool(region)


def test_lines_scroll_above_the_region():
    terminal = Terminal(40, 8)
    sent(terminal, (["a"], REGION), (["b", "c"], REGION), ([], [*REGION[:-1], "foot 2"]))
    assert terminal.shown() == ["a", "b", "c", "", "head", "● one", "foot 2"]


def test_lines_that_leave_the_screen_are_kept_by_the_terminal():
    terminal = Terminal(40, 6)
    sent(terminal, *[([f"line {n}"], REGION) for n in range(20)])
    assert terminal.all() == [*[f"line {n}" for n in range(20)], *REGION]
    assert terminal.shown() == ["line 18", "line 19", *REGION]


@pytest.mark.parametrize("after", [[""], ["", "head", "● one", "● two", "● three", "foot"], ["", "foot"]])
def test_region_of_another_size_leaves_nothing_behind(after):
    terminal = Terminal(40, 8)
    sent(terminal, (["a"], REGION), ([], after), (["b"], after))
    assert terminal.all() == ["a", "b", *after]


def test_region_goes_at_the_end():
    terminal = Terminal(40, 8)
    sent(terminal, (["a"], REGION), (["b"], ()))
    assert terminal.all() == ["a", "b", ""]
    sent(terminal, (["c"], REGION), ((), ()))
    assert terminal.all() == ["a", "b", "c", ""]


def test_stray_print_keeps_its_place_among_the_lines():
    """The cursor waits in the empty first row of the region; what others print there stays, and the region moves down."""
    terminal = Terminal(40, 8)
    terminal.feed(frame(["a"], REGION, drawn=False))
    terminal.feed("somebody's print\n")
    terminal.feed(frame(["b"], REGION, drawn=True))
    assert terminal.all() == ["a", "somebody's print", "b", *REGION]


def test_long_line_of_others_wraps_and_nothing_is_torn():
    terminal = Terminal(10, 12)
    sent(terminal, (["a"], REGION), (["x" * 25], REGION))
    assert terminal.all() == ["a", "x" * 10, "x" * 10, "x" * 5, *REGION]


def test_no_region_no_escape_codes():
    assert frame(["a", "b"], (), drawn=False) == "a\nb\n"
    assert frame([], (), drawn=False) == ""


@pytest.fixture
def pty():
    controller, terminal = os.openpty()
    with open(terminal, "w", encoding="utf-8") as stream:
        yield controller, stream
    os.close(controller)


def resize(descriptor, columns, lines):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@pytest.mark.parametrize(
    ("columns", "lines", "expected"),
    [(100, 30, (99, 30)), (20, 5, (19, 5)), (5, 2, (19, 2)), (0, 0, (79, 24))],
)
def test_size_is_asked_of_the_terminal_each_time(pty, columns, lines, expected):
    controller, stream = pty
    screen = Screen(stream)
    resize(controller, columns, lines)
    assert screen.size() == expected


def test_file_has_the_usual_size(tmp_path):
    with open(tmp_path / "f", "w") as file:
        assert Screen(file).size() == (79, 24)


def test_text_goes_past_the_streams_own_buffer(tmp_path):
    with open(tmp_path / "f", "w", encoding="utf-8") as file:
        screen = Screen(file)
        screen.write("● one\n" * 10_000)
        assert (tmp_path / "f").read_text("utf-8") == "● one\n" * 10_000
        assert screen.written == len("● one\n".encode()) * 10_000


def test_encoding_without_the_character_gets_a_question_mark(tmp_path):
    with open(tmp_path / "f", "w", encoding="ascii") as file:
        Screen(file).write("● one")
        assert (tmp_path / "f").read_text() == "? one"


def test_stream_without_a_descriptor_is_written_to():
    stream = io.StringIO()
    screen = Screen(stream)
    screen.write("● one\n")
    assert stream.getvalue() == "● one\n" and screen.written == 6


def test_pipe_that_somebody_made_non_blocking_is_waited_for():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    text = "x" * 1_000_000
    with open(writer, "w") as stream:
        thread = threading.Thread(target=Screen(stream).write, args=(text,), daemon=True)
        thread.start()
        found = b""
        while len(found) < len(text):
            found += os.read(reader, 65536)
        until(lambda: not thread.is_alive())
    os.close(reader)
    assert found.decode() == text


def test_reader_that_has_gone_is_an_oserror():
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream, pytest.raises(BrokenPipeError):
        Screen(stream).write("x")
