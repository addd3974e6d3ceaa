import os
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from amp_addons.rulefiles import yamlfile
from amp_addons.rulefiles.node import plain
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.yamlfile import MAX_BYTES, MAX_DEPTH, MAX_NODES, parse, read


def refused(text: str) -> str:
    """All that is said against a text, read errors and noted problems alike."""
    try:
        return "\n".join(map(str, parse(text, "f").problems))
    except RuleFileError as error:
        return str(error)


@pytest.fixture(params=["libyaml", "pure Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML has libyaml on most machines; where it has not, everything is the same."""
    monkeypatch.setattr(yamlfile, "_Parser", yaml.CSafeLoader if request.param == "libyaml" else yaml.SafeLoader)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing", None),
        ("a: [1, -2, +3, 0o7, 0x1f]", {"a": [1, -2, 3, "0o7", "0x1f"]}),
        ("[1.5, -.5, 1e3, 1.5E-2, 2., .inf, 1_000]", [1.5, -0.5, 1000.0, 0.015, 2.0, ".inf", "1_000"]),
        ("[true, False, TRUE, yes, no, on, off, y]", [True, False, True, "yes", "no", "on", "off", "y"]),
        ("[null, ~, NULL, '', none]", [None, None, None, "", "none"]),
        ("a:", {"a": None}),
        ("[2025-01-21, 1:30, 0.0.1767830505]", ["2025-01-21", "1:30", "0.0.1767830505"]),
        ("['1', \"true\", '~']", ["1", "true", "~"]),
        ("1: a\ntrue: b\n~: c", {"1": "a", "true": "b", "~": "c"}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("9" * 19, "9" * 19),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("\ufeffa: 1", {"a": 1}),
        ("--- a", "a"),
    ],
)
def test_values(text: str, value: Any) -> None:
    document = parse(text, "f")
    assert plain(document.root) == value
    assert document.problems == []


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f:3:1: a: found the key again (first in line 1), expected each key once."),
        ("x:\n  - {a: 1, a: 2}", "f:2:12: x[0].a: found the key again (first in line 2), expected each key once."),
        ("a: !!python/object/apply:os.system [x]", "the tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("a: !mine x", "f:1:4: a: found the tag !mine, expected plain YAML without tags."),
        ("a: &a {x: 1}\nb:\n  <<: *a", "f:3:3: b.<<: found a merge key, expected the keys themselves."),
        ("a: *b", "f:1:4: a: found the alias *b, expected an anchor &b before it."),
        ("a: &a [*a]", "f:1:8: a[0]: found the alias *a"),
        ("? [a]\n: 1", "f:1:3: found a key that is no plain text, expected text before the colon."),
        ("a: 1\n---\nb: 2", "f:3:1: found a second document, expected one document in a file."),
        ("a: [1\nb: 2", "f:2:2: found broken YAML ("),
        ("a:\n\t- x", "f:2:1: found broken YAML ("),
        ("a: 'x", "found broken YAML ("),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), f"f:1:{MAX_DEPTH + 1}: "),
    ],
)
def test_problems(text: str, message: str) -> None:
    assert message in refused(text)


def test_all_problems_of_a_text_come_together() -> None:
    assert [line.split(" ")[0] for line in refused("a: !x 1\na: 2\nb: [1").split("\n")] == ["f:1:4:", "f:2:1:", "f:4:1:"]


BOMBS = {
    "nested lists": "[" * 100_000,
    "nested mappings": "{a: " * 100_000,
    "nested blocks": "- " * 100_000,
    "nested keys": "? " * 100_000,
    "laughs": "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}' if n else 'ha'] * 9)}]\n" for n in range(30)),
    "values": "[" + "1," * (MAX_NODES + 1) + "]",
    "one long key": "a" * 500_000 + ": 1",
    "an open quote": "'" + "x\n" * 300_000,
    "colons": "a:" * 300_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_bombs_are_refused_before_they_cost_anything(text: str) -> None:
    started = time.process_time()
    with pytest.raises(RuleFileError):
        parse(text, "f")
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: 1\nb: \xff", ":2:4: found the byte 0xff, expected text in UTF-8."),
        ("a: 1".encode("utf-16"), ":1:1: found the byte 0xff, expected text in UTF-8."),
        (b"a: 1\nb: \x00", ":2:4: found the character U+0000, expected text without control characters."),
        (b"a: \x1b[2J", ":1:4: found the character U+001B"),
        (b"#" * (MAX_BYTES + 1), f": found more than {MAX_BYTES:,} bytes, expected a YAML file of {MAX_BYTES:,} bytes at most."),
    ],
)
def test_files_that_are_no_text_are_refused(write: Any, content: bytes, message: str) -> None:
    with pytest.raises(RuleFileError) as error:
        read(write(content))
    assert message in str(error.value)


def test_the_largest_file_is_read(write: Any) -> None:
    assert plain(read(write(b"a: 1 #" + b"#" * (MAX_BYTES - 6))).root) == {"a": 1}


def test_what_cannot_be_opened_is_a_problem_of_the_file(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "none.yaml", "no such file or directory"),
        (tmp_path, "not a regular file"),
        (Path("/dev/zero"), "not a regular file"),
    ):
        with pytest.raises(RuleFileError) as error:
            read(path)
        assert str(error.value) == f"{path}: found nothing that can be read ({reason}), expected a YAML file."


def test_a_pipe_that_nobody_writes_to_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RuleFileError, match="not a regular file"):
        read(tmp_path / "pipe")
