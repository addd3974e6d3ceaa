"""The file of a recording: whole flows in it whatever happens, names and ages as asked, and nobody waits for the disk."""

import os
import resource
import signal
import stat
import threading
import time

import pytest
from mitmproxy.io import FlowReader
from support.captures import stream_flow, written
from support.finished import finished
from support.proxy import until
from support.secrets import redactor

from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.replay import recorder as module
from amp_addons.replay.recorder import Recorder
from amp_addons.replay.rotation import Naming, Rotation


def ids(path):
    with open(path, "rb") as stream:
        return [flow.id for flow in FlowReader(stream).stream()]


class Made:
    """Recorders for one folder, with what they complained of."""

    def __init__(self, folder):
        self.folder, self.complaints, self.recorders = folder, [], []

    def __call__(self, name="f", rotate=""):
        rotation = Rotation.parse(rotate)
        made = Recorder(Naming(str(self.folder / name), rotation), rotation, lambda: Scrubber(redactor()), self.complaints.append)
        self.recorders.append(made)
        return made


@pytest.fixture
def new(tmp_path):
    made = Made(tmp_path)
    yield made
    for recorder in made.recorders:
        recorder.close()


def test_flows_are_written_in_order_for_the_owner_alone(new, tmp_path):
    recorder = new("deep/er/f")
    for number in range(5):
        recorder.put(finished(number=number))
    assert recorder.close() and recorder.lost == 0 and new.complaints == []
    assert ids(tmp_path / "deep/er/f") == [f"flow-{number}" for number in range(5)] and recorder.path == tmp_path / "deep/er/f"
    assert stat.S_IMODE((tmp_path / "deep/er/f").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "deep/er").stat().st_mode) == 0o700


def test_a_flow_is_there_without_close(new, tmp_path):
    recorder = new()
    recorder.put(finished())
    until(lambda: ids(tmp_path / "f") == ["flow-0"])
    recorder.close()


def test_flows_are_added_to_those_that_are_there(new, tmp_path):
    for number in range(2):
        recorder = new()
        recorder.put(finished(number=number))
        recorder.close()
    assert ids(tmp_path / "f") == ["flow-0", "flow-1"] and new.complaints == []


FIRST, SECOND = written(stream_flow(0)), written(stream_flow(1))


@pytest.mark.parametrize("cut", [1, 2, 4, 5, 6, 40, 1000, -2, -1])
@pytest.mark.parametrize("before", [pytest.param(b"", id="alone"), pytest.param(FIRST, id="behind another")])
def test_half_a_flow_of_a_crash_is_cut_off(new, tmp_path, cut, before):
    cut %= len(SECOND)
    (tmp_path / "f").write_bytes(before + SECOND[:cut])
    recorder = new()
    recorder.put(finished(number=2))
    recorder.close()
    assert ids(tmp_path / "f") == ["flow-0"] * bool(before) + ["flow-2"]
    assert new.complaints == [f"an unfinished last flow ({cut} bytes) was cut off {tmp_path / 'f'}"]


def test_blocks_that_a_power_cut_kept_from_the_disk_are_cut_off(new, tmp_path):
    for before in (b"", FIRST):
        (tmp_path / "f").write_bytes(before + b"\0" * 5000)
        new().close()
        assert (tmp_path / "f").read_bytes() == before


@pytest.mark.parametrize("data", [b"some text\n", b"\x89PNG\r\n", b"{}", b"12:ab a meeting", b"2025-01-01 x"])
def test_a_file_that_is_no_recording_is_refused_and_stays(new, tmp_path, data):
    (tmp_path / "f").write_bytes(data)
    with pytest.raises(OSError, match="is there and is no recording of flows; name another file"):
        new()
    assert (tmp_path / "f").read_bytes() == data


def test_a_symbolic_link_is_refused(new, tmp_path):
    (tmp_path / "other").touch()
    (tmp_path / "f").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="is a symbolic link"):
        new()


def test_two_writers_are_refused(new):
    recorder = new()
    with pytest.raises(OSError, match="is being written by another process"):
        new()
    recorder.close()


@pytest.fixture
def full():
    """A file size limit stands for the full disk: the write that hits it is cut short in mid-flow."""
    before_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size if size else before[0], before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, before_handler)


def test_a_full_disk_is_said_once_and_once_when_it_is_over(new, tmp_path, full, monkeypatch):
    monkeypatch.setattr(module, "RETRY", 0.01)
    recorder = new()
    recorder.put(finished(number=0))
    until(lambda: ids(tmp_path / "f"))
    size = (tmp_path / "f").stat().st_size
    full(size + size // 2)
    slowest = 0.0
    for number in range(1, 6):
        begun = time.perf_counter()
        recorder.put(finished(number=number))
        slowest = max(slowest, time.perf_counter() - begun)
    until(lambda: recorder.lost == 5)
    assert slowest < 0.1 and (tmp_path / "f").stat().st_size == size  # nothing of half a flow stays
    assert len(new.complaints) == 1 and new.complaints[0].startswith("flows cannot be recorded (File too large) and are left out until")
    full(0)
    for number in range(6, 100):
        recorder.put(finished(number=number))
        if len(new.complaints) > 1:
            break
        until(lambda: recorder._backlog._given == recorder._backlog._taken)
    until(lambda: len(new.complaints) > 1)
    recorder.close()
    assert new.complaints[1:] == [f"flows are recorded again; {recorder.lost} were left out"]
    assert ids(tmp_path / "f")[-1] == f"flow-{number}" and recorder.lost + len(ids(tmp_path / "f")) == number + 1


def test_what_is_put_faster_than_it_is_written_is_left_out_and_said(new, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 20_000)
    gate = threading.Event()
    monkeypatch.setattr(module, "recorded", lambda done, scrubber: gate.wait(10) and written(done.flow))
    recorder = new()
    begun = time.perf_counter()
    for number in range(200):
        recorder.put(finished(number=number))
    assert recorder.lost > 150
    gate.set()
    assert time.perf_counter() - begun < 5 and recorder.close()
    assert any(f"{recorder.lost} flows were not recorded because writing them was too slow" in said for said in new.complaints)


def test_closing_gives_up_on_what_takes_too_long(new, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(module, "recorded", lambda done, scrubber: gate.wait(10) and written(done.flow))
    recorder = new()
    recorder.put(finished())
    assert not recorder.close(timeout=0.2) and recorder.lost == 1
    gate.set()


def test_a_new_file_begins_when_one_is_large_enough_and_old_ones_go(new, tmp_path):
    (tmp_path / "f-other").touch()
    (tmp_path / "f").touch()
    recorder = new(rotate="size=1B keep=3")
    for number in range(7):
        recorder.put(finished(number=number))
    recorder.close()
    files = sorted((path for path in tmp_path.iterdir() if path.stat().st_size), key=lambda path: path.stat().st_mtime_ns)
    assert [ids(path) for path in files] == [["flow-4"], ["flow-5"], ["flow-6"]] and new.complaints == []
    assert (tmp_path / "f-other").exists() and (tmp_path / "f").exists()
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_new_file_begins_when_one_is_old_enough(new, tmp_path):
    recorder = new(rotate="age=1h")
    recorder.put(finished(number=0))
    until(lambda: ids(recorder.path))
    first = recorder.path
    recorder._begun -= 3600
    recorder.put(finished(number=1))
    recorder.close()
    assert ids(first) == ["flow-0"] and ids(recorder.path) == ["flow-1"] and recorder.path != first


def test_old_files_go_when_a_recording_begins(new, tmp_path):
    """Who starts a proxy each day has a file of each day, and never fills one."""
    for number in range(5):
        path = tmp_path / f"f-2020010{number + 1}-000000"
        path.touch()
        os.utime(path, (1.6e9 + number, 1.6e9 + number))
    recorder = new(rotate="keep=2")
    recorder.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f-20200105-000000", recorder.path.name]


def test_a_name_that_is_taken_by_a_link_is_not_written_through(new, tmp_path):
    """A rotation takes another name."""
    recorder = new(rotate="size=1B")
    recorder.put(finished(number=0))
    until(lambda: ids(recorder.path))
    first, target = recorder.path, tmp_path / "target"
    target.touch()
    for ahead in range(-1, 5):
        if not (name := recorder._naming.path(time.time() + ahead)).exists():
            name.symlink_to(target)
    recorder.put(finished(number=1))
    recorder.close()
    assert target.stat().st_size == 0 and ids(first) == ["flow-0"] and ids(recorder.path) == ["flow-1"] and new.complaints == []
