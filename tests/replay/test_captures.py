"""Every kind of capture gives the same flows: plain, compressed, from standard input; and damage in each is told."""

import gzip
import io
import json
import sys

import pytest
import zstandard
from support.captures import stream_flow, written

from amp_addons.replay.captured import Damage
from amp_addons.replay.captures import flows_of, found_files

FLOWS = written(*(stream_flow(number) for number in range(3)))
HAR = json.dumps({"log": {"entries": [{"request": {"method": "GET", "url": "https://h"}, "startedDateTime": "2025-10-09T08:53:20Z"}]}})


def zstd(data):
    return zstandard.ZstdCompressor().compress(data)


KINDS = {
    "plain": FLOWS,
    "gzip": gzip.compress(FLOWS),
    "gzip, two members": gzip.compress(FLOWS[: len(FLOWS) // 2]) + gzip.compress(FLOWS[len(FLOWS) // 2 :]),
    "zstd": zstd(FLOWS),
    "zstd, two frames": zstd(FLOWS[:100]) + zstd(FLOWS[100:]),
}


def read(path):
    found = []
    try:
        for flow in flows_of(str(path)):
            found.append(flow.id)
    except Damage as damage:
        return found, damage
    return found, None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stdin", [False, True])
def test_all_kinds_are_the_same(kind, stdin, tmp_path, monkeypatch):
    path = tmp_path / "f"
    path.write_bytes(KINDS[kind])
    if stdin:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(KINDS[kind]))))
    assert read("-" if stdin else path) == (["flow-0", "flow-1", "flow-2"], None)


@pytest.mark.parametrize("data", [HAR.encode(), b"\xef\xbb\xbf" + HAR.encode(), b"\r\n  " + HAR.encode(), gzip.compress(HAR.encode())])
def test_a_har_file_is_known_by_its_first_character(data, tmp_path):
    (tmp_path / "f").write_bytes(data)
    assert read(tmp_path / "f") == (["har-1"], None)


def test_what_is_read_is_told(tmp_path):
    (tmp_path / "f").write_bytes(KINDS["gzip"])
    read_so_far = []
    assert len(list(flows_of(str(tmp_path / "f"), read_so_far.append))) == 3
    assert sum(read_so_far) == len(KINDS["gzip"])


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_compressed_data_cut_off_anywhere_gives_what_came_before(kind, tmp_path):
    data, path = KINDS[kind], tmp_path / "f"
    for cut in {*range(4, len(data), 23), len(data) - 1}:
        path.write_bytes(data[:cut])
        found, damage = read(path)
        assert damage is not None, cut
        assert found == ["flow-0", "flow-1", "flow-2"][: len(found)]


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_compressed_data_that_is_damaged_says_so(kind, tmp_path):
    data = bytearray(KINDS[kind])
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    (tmp_path / "f").write_bytes(bytes(data))
    found, damage = read(tmp_path / "f")
    assert "found compressed data that is damaged" in str(damage) and len(found) < 3


@pytest.mark.parametrize("data", [b"\x89PNG\r\n", b"text", b"\0\0\0", b"[1]", b"}", gzip.compress(b"text"), gzip.compress(b"\x89PNG")])
def test_what_is_no_capture(data, tmp_path):
    (tmp_path / "f").write_bytes(data)
    found, damage = read(tmp_path / "f")
    assert not found and str(damage).startswith("at byte 0: found something that is no capture, expected")


@pytest.mark.parametrize("data", [b"", gzip.compress(b""), zstd(b"")])
def test_an_empty_file_has_no_flows(data, tmp_path):
    (tmp_path / "f").write_bytes(data)
    assert read(tmp_path / "f") == ([], None)


def test_patterns_are_resolved_and_nothing_is_read_twice(tmp_path):
    for name in ("b.flows", "a.flows", "c[1].flows", "d.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.flows").mkdir()
    a, b, c = (str(tmp_path / name) for name in ("a.flows", "b.flows", "c[1].flows"))
    assert found_files([str(tmp_path / "*.flows")]) == [a, b, c]
    assert found_files([b, str(tmp_path / "[ab].flows"), "-", c, "-"]) == [b, a, "-", c]
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "x.flows").touch()
    assert found_files([str(tmp_path / "**" / "x.flows")]) == [str(tmp_path / "deep" / "er" / "x.flows")]


@pytest.mark.parametrize("name", ["none", "*.none", "."])
def test_a_name_that_nothing_fits_is_said(name, tmp_path):
    with pytest.raises(FileNotFoundError, match="found no such file, expected a capture, a pattern that fits some, or -"):
        found_files([str(tmp_path / name)])
