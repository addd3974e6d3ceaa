import os
import threading
import time
import tty

import pytest
from support.proxy import until

from amp_addons.render import painter as module
from amp_addons.render.painter import Backlog, Painter
from amp_addons.render.screen import Screen


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.01)
    monkeypatch.setattr(module, "GRACE", 0.1)


@pytest.fixture
def terminal():
    """Both ends of a pseudo-terminal; the second is what the painter writes to."""
    controller, worker = os.openpty()
    tty.setraw(worker)
    with open(worker, "w", encoding="utf-8") as stream:
        yield controller, stream
        os.close(controller)
        # A thread that was left behind wakes up now, and must not write to the next test's terminal of the same number.
        until(lambda: not any("display" in thread.name for thread in threading.enumerate()))


@pytest.fixture
def failures():
    return []


def read_until(controller, text, found=""):
    while text not in found:
        found += os.read(controller, 65536).decode()
    return found


def make(stream, failures, show=str, region=tuple):
    return Painter(Screen(stream), show, region, failures.append)


def fill(painter):
    """Have the painter stand in a terminal that does not read, and ten times too much behind it."""
    for number in range(500):
        painter.put(number)
    painter.start()
    until(lambda: painter._screen.written)
    for number in range(500, 20_500):
        painter.put(number)


def test_items_become_lines_in_order(terminal, failures):
    controller, stream = terminal
    painter = make(stream, failures, lambda item: f"<{item}>")
    painter.start()
    painter.put(1)
    painter.put("a text as it is")
    painter.put(2)
    assert painter.stop()
    assert read_until(controller, "<2>") == "<1>\na text as it is\n<2>\n"
    assert failures == []


def test_region_is_drawn_when_it_changes_and_only_then(terminal, failures):
    controller, stream = terminal
    region, asked = ["", "foot 1"], []

    def rows():
        asked.append(1)
        return region.copy()

    painter = make(stream, failures, region=rows)
    painter.start()
    first = read_until(controller, "\x1b[1A\r")
    assert first == "\r\x1b[K\nfoot 1\x1b[K\x1b[J\x1b[1A\r"
    seen = len(asked)
    until(lambda: len(asked) > seen + 5)
    region[1] = "foot 2"
    assert read_until(controller, "\x1b[1A\r") == first.replace("1\x1b", "2\x1b", 1)
    assert painter.stop()
    assert os.read(controller, 4096) == b"\r\x1b[J"


def test_terminal_that_stops_reading_stops_nobody_else(terminal, failures):
    """Nothing is read: items are taken on, the oldest are given up and counted, and the end does not hang."""
    _, stream = terminal
    painter = make(stream, failures, "{:0500d}".format)
    fill(painter)
    assert painter.dropped == 18_000
    assert not painter.stop()
    painter.put(0)
    assert not painter._backlog.take()[1]
    assert failures == []


def test_terminal_that_reads_again_is_told_what_is_missing(terminal, failures):
    controller, stream = terminal
    painter = make(stream, failures, "{:0500d}".format)
    fill(painter)
    dropped = painter.dropped
    found = []
    reader = threading.Thread(target=lambda: found.append(read_until(controller, f"{20_499:0500d}\n")), daemon=True)
    reader.start()
    until(lambda: not reader.is_alive())
    assert painter.stop()
    lines = found[0].splitlines()
    gap = lines.index(f"… {dropped:,} lines not shown: the terminal did not keep up")
    assert [int(line) for line in lines[:gap]] == [*range(500)]
    assert [int(line) for line in lines[gap + 1 :]] == [*range(500 + dropped, 20_500)]


def test_slow_reader_gets_everything_before_the_end(terminal, failures):
    """The end waits as long as something is read, however long that takes in all."""
    controller, stream = terminal
    painter = make(stream, failures, "{:01000d}".format)
    for number in range(100):
        painter.put(number)
    found = bytearray()

    def read_slowly():
        while found.count(b"\n") < 100:
            found.extend(os.read(controller, 4096))
            threading.Event().wait(module.GRACE / 5)

    reader = threading.Thread(target=read_slowly, daemon=True)
    reader.start()
    painter.start()
    begun = time.monotonic()
    assert painter.stop()
    assert time.monotonic() - begun > 2 * module.GRACE
    until(lambda: not reader.is_alive())


@pytest.mark.parametrize("what", ["show", "region"])
def test_failure_in_drawing_ends_the_painter_once(terminal, failures, what):
    _, stream = terminal

    def fail(*_):
        raise ZeroDivisionError

    painter = make(stream, failures, **{what: fail})
    painter.start()
    painter.put(1)
    until(lambda: failures)
    for number in range(100):
        painter.put(number)
    assert painter.stop()
    assert [type(error) for error in failures] == [ZeroDivisionError]
    assert not painter._backlog.take()[1]


def test_reader_that_has_gone_ends_the_painter(failures):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream:
        painter = make(stream, failures)
        painter.start()
        painter.put("x")
        until(lambda: failures)
    assert isinstance(failures[0], BrokenPipeError)


def test_backlog_gives_up_the_oldest_and_counts_them():
    backlog = Backlog(limit=100)
    for number in range(10):
        backlog.put(number, 30)
    assert backlog.take() == (7, [7, 8, 9])
    assert backlog.take() == (0, [])
    assert backlog.dropped == 7


def test_backlog_takes_an_item_larger_than_itself():
    backlog = Backlog(limit=100)
    backlog.put("small", 10)
    backlog.put("large", 1000)
    assert backlog.take() == (1, ["large"])
