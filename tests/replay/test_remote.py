"""Captures by URL: files, and s3 as moto's server speaks it, over loopback."""

import io
import json
import subprocess
import sys
from contextlib import ExitStack

import pytest
from support.captures import stream_flow, written
from support.cluster import running

from amp_addons.replay import parts
from amp_addons.replay.captures import flows_of, found_files, size_of
from amp_addons.replay.flowfile import ends
from amp_addons.replay.parts import Part, flows_in, parts_of

pytestmark = pytest.mark.extras

FLOWS = [written(stream_flow(number)) for number in range(30)]
DATA = b"".join(FLOWS)


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """A bucket with captures. Gives the environment of whoever reads them."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    patch = pytest.MonkeyPatch()
    for name, value in environment.items():
        patch.setenv(name, value)
    import s3fs

    bucket = s3fs.S3FileSystem()
    bucket.mkdir("captures")
    bucket.pipe_file("captures/a.flows", DATA)
    bucket.pipe_file("captures/b.flows", DATA[:-9])
    bucket.pipe_file("captures/other.txt", b"text")
    yield environment
    patch.undo()
    server.stop()


def replay(*arguments):
    command = [sys.executable, "-m", "amp_addons", "replay", "--json", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_what_is_in_a_bucket_is_read_as_if_it_were_here(s3, tmp_path):
    (tmp_path / "a.flows").write_bytes(DATA)
    (tmp_path / "b.flows").write_bytes(DATA[:-9])
    here = replay(str(tmp_path / "a.flows"), str(tmp_path / "b.flows"), "-j", "1")
    with running(tmp_path, **s3) as cluster:
        for how in (("-j", "1"), ("-j", "2"), ("--dask", cluster.address)):
            done = replay("s3://captures/*.flows", *how)
            assert (done.returncode, done.stdout) == (1, here.stdout), done.stderr
            assert done.stderr == here.stderr.replace(str(tmp_path), "s3://captures") and done.stderr.count("\n") == 1
        done = replay("s3://captures/a.flows", "--dask", cluster.address, "--parquet", "s3://captures/tables")
    assert (done.returncode, json.loads(done.stdout)["flows"]) == (0, 30), done.stderr
    import s3fs

    assert len(s3fs.S3FileSystem().glob("captures/tables/*/day=2025-10-09/*.parquet")) == 2


def test_patterns_and_sizes(s3):
    assert found_files(["s3://captures/*.flows", "s3://captures/a.flows"], urls=True) == ["s3://captures/a.flows", "s3://captures/b.flows"]
    assert size_of("s3://captures/a.flows") == len(DATA)
    for name in ("s3://captures/none", "s3://captures/*.none", "file:///none/*"):
        with pytest.raises(FileNotFoundError, match="found no such file"):
            found_files([name], urls=True)


def test_without_urls_a_url_is_a_name_of_no_file():
    with pytest.raises(FileNotFoundError):
        found_files(["s3://captures/a.flows"])


def test_parts_are_those_of_a_file(s3, monkeypatch, tmp_path):
    monkeypatch.setattr(parts, "PART", 5000)
    (tmp_path / "a.flows").write_bytes(DATA)
    here = list(parts_of(str(tmp_path / "a.flows")))
    for url in ("s3://captures/a.flows", f"file://{tmp_path}/a.flows"):
        found = list(parts_of(url))
        assert len(found) > 10 and [part[1:] for part in found] == [part[1:] for part in here]
        assert [flow.id for part in found for flow in flows_in(part)] == [f"flow-{number}" for number in range(30)]
        assert [flow.id for flow in flows_of(url)] == [f"flow-{number}" for number in range(30)]


def test_what_is_gone_is_left_to_whoever_reads_it(s3):
    assert list(parts_of("s3://captures/none")) == [Part("s3://captures/none")]
    with pytest.raises(OSError, match=r"^s3://captures/none cannot be read \(FileNotFoundError\)$"):
        list(flows_of("s3://captures/none"))
    assert replay("s3://nowhere/a.flows").stderr.startswith("Error: [Errno 2] s3://nowhere/a.flows: found no such file")


def test_an_error_names_the_url_without_its_password():
    url = "ftp://me:" + "hunter2" + "@127.0.0.1:1/a.flows"
    with pytest.raises(OSError) as found:
        found_files([url], urls=True)
    assert str(found.value) == "ftp://***@127.0.0.1:1/a.flows cannot be read (ConnectionRefusedError)"
    with pytest.raises(OSError, match="cannot be read"):
        found_files(["nosuch://a/b"], urls=True)


class Counted(io.BytesIO):
    requests = taken = 0

    def read(self, size=-1):
        self.requests += 1
        data = super().read(size)
        self.taken += len(data)
        return data


def split(data):
    from amp_addons.replay.remote import Blocks

    stream = Counted(data)
    return list(ends(Blocks("x://y", stream).read, len(data))), stream


def frame(size):
    return b"%d:%b}" % (size, b"x" * size)


def test_of_long_flows_little_is_read():
    found, stream = split(frame(2_000_000) * 10)
    assert len(found) == 10 and stream.taken < 2_000_000 and stream.requests <= 22


def test_short_flows_are_read_in_large_blocks():
    found, stream = split(frame(5_000) * 4_000)
    assert len(found) == 4_000 and stream.requests < 15 and stream.taken < 1.1 * 20_000_000


def test_long_flows_among_short_ones():
    data = (frame(3_000) * 500 + frame(9_000_000)) * 3
    found, stream = split(data)
    assert found[-1] == len(data) and len(found) == 1503 and stream.taken < 0.8 * len(data) and stream.requests < 60


def test_a_range_ends_where_it_is_told(tmp_path, monkeypatch):
    from amp_addons.replay import remote

    monkeypatch.setattr(remote, "LARGE", 7)
    (tmp_path / "f").write_bytes(bytes(range(100)))
    with ExitStack() as stack:
        assert remote.opened(f"file://{tmp_path}/f", stack, 10, 40).read() == bytes(range(10, 40))
        assert remote.opened(f"file://{tmp_path}/f", stack).read() == bytes(range(100))
