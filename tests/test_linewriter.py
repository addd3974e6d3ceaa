import os
import resource
import signal
import threading
import time

import pytest
from support.proxy import until

from amp_addons import linewriter
from amp_addons.files import open_private
from amp_addons.linewriter import LineWriter


def encode(items):
    return b"".join(b"%s\n" % item for item in items)


@pytest.fixture
def complaints():
    return []


def test_what_was_put_is_written_in_order_by_close(tmp_path, complaints):
    writer = LineWriter(open_private(tmp_path / "f"), encode, complaints.append)
    for number in range(5000):
        writer.put([b"%d" % number])
    assert writer.close()
    assert (tmp_path / "f").read_bytes().split() == [b"%d" % n for n in range(5000)]
    assert complaints == []


def test_lines_appear_without_close(tmp_path, complaints):
    writer = LineWriter(open_private(tmp_path / "f"), encode, complaints.append)
    writer.put([b"now"])
    until(lambda: (tmp_path / "f").read_bytes() == b"now\n")
    writer.close()


def test_reader_that_stops_costs_lines_and_not_time(complaints):
    """A pipe that nobody reads: put returns at once, the queue stays bounded, the loss is counted."""
    reader, descriptor = os.pipe()
    writer = LineWriter(descriptor, encode, complaints.append)
    slowest = 0.0
    for _ in range(200):
        start = time.perf_counter()
        writer.put([b"x" * 100] * 1000)
        slowest = max(slowest, time.perf_counter() - start)
    assert writer.dropped >= 200_000 - linewriter.MAX_QUEUED - linewriter.BATCH - 1000
    assert slowest < 0.5
    os.close(reader)
    writer.close()


def test_close_gives_up_on_a_reader_that_stopped(complaints):
    reader, descriptor = os.pipe()
    writer = LineWriter(descriptor, encode, complaints.append)
    writer.put([b"x" * 200_000])
    assert not writer.close(timeout=0.3)
    os.close(reader)


def test_full_disk_leaves_whole_lines_and_writing_goes_on_after(tmp_path, complaints, monkeypatch):
    """A file size limit stands for the full disk: the write that hits it is cut short in mid-line."""
    monkeypatch.setattr(linewriter, "RETRY", 0.01)
    before_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    path = tmp_path / "f"
    writer = LineWriter(open_private(path), encode, complaints.append)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1050, before[1]))
        writer.put([b"y" * 99] * 20)
        until(lambda: complaints)
        assert path.read_bytes() == (b"y" * 99 + b"\n") * 10
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        writer.put([b"after"])
        until(lambda: path.read_bytes().endswith(b"after\n"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, before_handler)
        writer.close()
    assert "cannot be written" in complaints[0]
    assert "written again" in complaints[1]
    assert path.read_bytes().endswith(b"\n")
    assert writer.dropped == 10


def test_standard_output_stays_open(complaints):
    reader, descriptor = os.pipe()
    writer = LineWriter(descriptor, encode, complaints.append, keep_open=True)
    writer.put([b"x"])
    assert writer.close()
    os.write(descriptor, b"still open\n")
    assert os.read(reader, 100) == b"x\nstill open\n"
    os.close(reader)
    os.close(descriptor)


def test_thread_ends_with_close(tmp_path, complaints):
    LineWriter(open_private(tmp_path / "f"), encode, complaints.append).close()
    assert not [t for t in threading.enumerate() if t.name == "amp_addons line writer" and t.is_alive()]
