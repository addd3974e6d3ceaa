import json
import os
import stat

import pytest
from support.capture import story


@pytest.fixture
def capture(tmp_path):
    return story(tmp_path / "story.flows")


def test_one_file_for_its_owner_alone(run, tmp_path, capture):
    target = tmp_path / "out.html"
    code, out, err = run("report", str(capture), "-o", str(target))
    assert (code, out) == (0, "") and "21 flows, 3 conversations" in err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600 and target.read_text().startswith("<!DOCTYPE html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.html", "story.flows"]


def test_facts_as_json(run, tmp_path, capture):
    code, out, _ = run("report", str(capture), "-o", str(tmp_path / "r.html"), "--json", "--where", "provider=openai")
    found = json.loads(out)
    assert code == 0 and (found["flows"], found["conversations"], found["problems"]) == (1, 1, [])
    assert found["bytes"] == (tmp_path / "r.html").stat().st_size


def test_to_standard_output(run, tmp_path, capture):
    code, out, _ = run("report", str(capture), "-o", "-", "--title", "Mine")
    assert code == 0 and out.startswith("<!DOCTYPE html>") and "<h1>Mine</h1>" in out


def test_personal_data_on_demand(run, tmp_path, capture):
    from support.capture import MESSAGES, CaptureFile

    with CaptureFile(tmp_path / "p.flows") as out:
        out.add(MESSAGES, 0, body={"messages": [{"role": "user", "content": "Write to jane.roe@example.com today."}]}, pieces=[b"{}"])
    assert "jane.roe@example.com" in run("report", str(out.path), "-o", "-")[1]
    assert "jane.roe@example.com" not in run("report", str(out.path), "-o", "-", "--personal")[1]


def test_an_earlier_report_is_replaced_and_nothing_else(run, tmp_path, capture):
    report, mine = tmp_path / "report.html", tmp_path / "mine.html"
    for title in ("first", "second"):
        assert run("report", str(capture), "-o", str(report), "--title", title)[0] == 0
    assert "<title>second</title>" in report.read_text()
    mine.write_text("mine")
    code, _, err = run("report", str(capture), "-o", str(mine))
    assert code == 2 and "there already" in err and "--force" in err and mine.read_text() == "mine"
    assert run("report", str(capture), "-o", str(mine), "--force")[0] == 0 and "<title>" in mine.read_text()


def test_a_symbolic_link_is_not_followed(run, tmp_path, capture):
    other, link = tmp_path / "other", tmp_path / "link.html"
    other.write_text("mine")
    link.symlink_to(other)
    code, _, err = run("report", str(capture), "-o", str(link))
    assert code == 1 and "symbolic link" in err and other.read_text() == "mine" and link.is_symlink()


def test_damage_is_named_and_what_is_before_it_is_there(run, tmp_path, capture):
    capture.write_bytes(capture.read_bytes()[:-20])
    code, _, err = run("report", str(capture), "-o", str(tmp_path / "r.html"))
    assert code == 1 and "at byte" in err and (tmp_path / "r.html").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["-o", "-", "--json"], "expected one of them"),
        (["-o", "story.flows"], "the same file"),
        (["--where", "nonsense=1"], "found the key"),
        (["--detectors", "none.yaml"], "does not exist"),
    ],
)
def test_misuse(run, capture, more, said, monkeypatch):
    monkeypatch.chdir(capture.parent)
    before = capture.read_bytes()
    code, _, err = run("report", "story.flows", *more)
    assert code == 2 and said in err and capture.read_bytes() == before and os.listdir() == ["story.flows"]


def test_no_such_capture(run, tmp_path):
    code, _, err = run("report", str(tmp_path / "none"))
    assert code == 1 and "found no such file" in err
