"""Reading captures: the same lines and numbers whatever the number of processes, and whatever is wrong with one of the files."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard
from support.captures import ANSWER, stream_flow, written

from amp_addons.replay.parts import PART, Part, parts_of
from amp_addons.replay.run import Reader, Wish, cores, merged, read_all
from amp_addons.replay.where import parse_where

AMP = "https://ampcode.com"


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    """A file of several parts, one that is damaged in its midst, compressed ones and a HAR file."""
    folder = tmp_path_factory.mktemp("captures")
    small = [written(stream_flow(number, answer=ANSWER * (1 + number % 3))) for number in range(12)]
    large = written(stream_flow(20, method="PUT", url=f"{AMP}/api/attachments", body=b"x" * (PART // 3), content_type="application/json"))
    (folder / "a.flows").write_bytes(b"".join(flow + large for flow in small))
    (folder / "b.flows").write_bytes(small[0] + large * 4 + small[1][: len(small[1]) // 2])
    (folder / "c.flows.gz").write_bytes(gzip.compress(small[2] + small[3]))
    (folder / "d.flows.zst").write_bytes(zstandard.ZstdCompressor().compress(small[4]))
    entry = {"request": {"method": "GET", "url": f"{AMP}/api/user"}, "startedDateTime": "2025-10-09T08:53:20Z"}
    (folder / "e.har").write_text(json.dumps({"log": {"entries": [entry]}}))
    return [str(path) for path in sorted(folder.iterdir())]


PROGRAM = """
import hashlib, json, sys
from amp_addons.replay.run import Wish, merged, read_all
for jobs in (1, 2, 3):
    ticks, whole = [], []
    wish = Wish(amp_url="https://ampcode.com", events=True, each_event=True)
    found = list(read_all(sys.argv[1:], wish, jobs, ticks.append, whole.append))
    lines = b"".join(each.lines for each in found)
    totals = json.dumps(merged(found).as_json())
    damage = [[each.part.file, each.damage] for each in found if each.damage]
    parts = [tuple(each.part) for each in found]
    print(json.dumps([hashlib.sha256(lines).hexdigest(), lines.count(b"\\n"), totals, damage, parts, len(ticks), sum(whole)]))
"""


def test_nothing_depends_on_the_number_of_processes(captures):
    """In a program of its own: processes are forked, which one with threads should not do."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *captures], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    one, two, three = map(json.loads, done.stdout.splitlines())
    assert one == two == three
    _, lines, totals, damage, parts, ticks, whole = one
    # What cannot be split is told of as well, so that a bar comes to its end.
    assert whole == sum(Path(file).stat().st_size for file in captures if not file.endswith(".flows"))
    assert lines > 200 and json.loads(totals)["flows"] == 24 + 5 + 3 + 1
    assert [file for file, _ in damage] == [captures[1]] and "expected all of it" in damage[0][1]
    assert len(parts) == ticks > 8 and [file for file, *_ in parts] == sorted(file for file, *_ in parts)
    rows = {row["endpoint"]: row for row in json.loads(totals)["rows"]}
    assert rows["provider.anthropic"]["cost_usd"] > 0


def read(files, **wish):
    return list(read_all(files, Wish(amp_url=AMP, **wish), 1))


def test_a_damaged_file_does_not_stop_the_next(captures, tmp_path):
    (tmp_path / "text").write_text("some text")
    found = read([captures[1], str(tmp_path / "text"), captures[4]])
    assert merged(found).flows == 6
    assert [each.part.file for each in found if each.damage] == [captures[1], str(tmp_path / "text")]


def test_lines_are_there_only_when_they_are_wished(captures):
    [found] = read([captures[3]])
    assert found.lines == b"" and found.totals.flows == 1
    [found] = read([captures[3]], events=True)
    assert [json.loads(line)["type"] for line in found.lines.splitlines()] == ["flow.request", "flow.response", "stream.end", "flow.end"]
    [found] = read([captures[3]], events=True, each_event=True)
    assert found.lines.count(b'"stream.event"') > 3 and b'"text"' not in found.lines
    [found] = read([captures[3]], events=True, each_event=True, text=True)
    assert b'"text":"' in found.lines


def test_only_what_is_wanted_is_counted(captures):
    found = read(captures, where=parse_where("provider=anthropic model=claude-*"))
    assert merged(found).flows == 12 + 1 + 2 + 1
    assert merged(read(captures, where=parse_where("provider=openai"))).flows == 0


def test_what_cannot_be_told_for_sure_is_not_wanted(tmp_path):
    (tmp_path / "f").write_bytes(written(stream_flow(body=b'{"model":')))
    assert merged(read([str(tmp_path / "f")], where=parse_where("stream=false"))).flows == 0


def test_rules_are_tried(captures, tmp_path):
    (tmp_path / "rules.yaml").write_text("version: 1\nrules:\n- {id: no, match: {model: claude-*}, then: {block: true}}\n")
    found = merged(read([captures[3], captures[4]], rules=(str(tmp_path / "rules.yaml"),))).as_json()
    assert found["rules"] == [{"rule": "no", "mode": "observe", "action": "block", "count": 1}]


def test_a_part_is_told_of_while_it_is_read(captures):
    reader, seen = Reader(Wish(amp_url=AMP)), []
    reader.read(Part(captures[3]), seen.append)
    assert sum(seen) > 0
    [part, *_] = parts_of(captures[0])
    assert reader.read(part).part == part and part.size > PART


def test_there_is_a_core():
    assert cores() >= 1


def test_a_file_that_cannot_be_read_is_damaged_and_the_rest_is_done(captures, tmp_path):
    found = read([str(tmp_path / "none"), captures[4]])
    assert merged(found).flows == 1 and [each.damage for each in found] == ["No such file or directory", None]
