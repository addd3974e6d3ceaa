import json

import pytest
from replay.test_scrub_file import KEY, PLAIN, recording


def test_kinds_and_counts_are_printed_and_no_value(run, tmp_path):
    source, target = recording(tmp_path / "in"), tmp_path / "out"
    code, out, err = run("scrub", str(source), str(target))
    assert code == 0 and "request header" in out and "code-host" in out and "found in" in err and f"{target} is the copy" in err
    assert KEY not in out + err and PLAIN not in out + err and target.exists()
    code, out, err = run("scrub", "--check", str(target))
    assert (code, out) == (0, "") and "nothing found" in err


def test_check_fails_when_something_is_found(run, tmp_path):
    source = recording(tmp_path / "in")
    code, out, _ = run("scrub", "--check", "--json", str(source))
    found = json.loads(out)
    assert code == 1 and found["flows"] == 3 and {"where": "request header", "kind": "credential", "count": 3} in found["found"]


@pytest.mark.parametrize(("target", "said"), [(None, "found no OUT"), ("in", "the same file")])
def test_misuse(run, tmp_path, target, said):
    source = recording(tmp_path / "in")
    before = source.read_bytes()
    code, _, err = run("scrub", str(source), *([str(tmp_path / target)] if target else []))
    assert code == 2 and said in err and source.read_bytes() == before


def test_damage_is_named(run, tmp_path):
    source = recording(tmp_path / "in")
    source.write_bytes(source.read_bytes()[:-10])
    code, _, err = run("scrub", str(source), str(tmp_path / "out"))
    assert code == 1 and "is damaged after" in err


def test_a_file_that_is_there_is_replaced_only_on_request(run, tmp_path):
    source, target = recording(tmp_path / "in"), tmp_path / "out"
    target.write_text("mine")
    code, _, err = run("scrub", str(source), str(target))
    assert code == 2 and "there already" in err and target.read_text() == "mine"
    assert run("scrub", "-f", str(source), str(target))[0] == 0 and target.stat().st_size > 100
