import json

import pytest
from support.asks import ask, capture, conversation


@pytest.fixture
def recorded(tmp_path):
    return str(capture(tmp_path / "a.flows", ask(conversation("hi"), 1), ask(conversation("hi", "ho"), 2)))


def test_two_requests_of_a_capture(run, recorded):
    code, out, err = run("diff", f"{recorded}:1", ":2")
    assert (code, err) == (0, "") and "+ /messages/1" in out and "a prompt cache holds." in out


def test_the_nth_of_two_captures_as_json(run, recorded):
    code, out, _ = run("diff", recorded, recorded, "--number", "2", "--json")
    found = json.loads(out)
    assert code == 0 and found["same_body"] and found["changes"] == [] and found["before"]["flow"] == "flow-2"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([":1", "x"], "No such file"), (["FILE:1", ":9"], "has 2 HTTP flows, expected 9"), (["FILE:1", "BROKEN:2"], "at byte 0")],
)
def test_what_cannot_be_found_is_named(run, recorded, tmp_path, arguments, said):
    (tmp_path / "broken").write_bytes(b"no capture")
    names = {"FILE": recorded, "BROKEN": str(tmp_path / "broken")}
    code, out, err = run(
        "diff", *[names.get(part.split(":")[0], part.split(":")[0]) + part[len(part.split(":")[0]) :] for part in arguments]
    )
    assert (code, out) == (1, "") and said in err
