"""Credentials out of the environment and of files, and never in a message."""

import os
from pathlib import Path
from typing import Any

import pytest

from amp_addons.core.rules.model import Credential
from amp_addons.rulefiles.credentials import MAX_BYTES, Credentials

HERE = Path("rules.yaml")
VALUES = [
    ({}, "abc", "Bearer abc"),
    ({}, "bearer abc", "bearer abc"),
    ({"header": "x-api-key"}, "abc", "abc"),
    ({"prefix": ""}, "abc", "abc"),
    ({"header": "x-a", "prefix": "Token"}, "abc", "Token abc"),
    ({"header": "Authorization"}, " abc\n", "Bearer abc"),
    ({}, "bearerabc", "Bearer bearerabc"),
]


@pytest.mark.parametrize(("how", "found", "value"), VALUES)
def test_the_value_that_is_sent(how: dict[str, Any], found: str, value: str) -> None:
    credentials = Credentials({"KEY": found})
    assert credentials.value(Credential(env="KEY", **how), HERE).value == value
    assert credentials.problem(Credential(env="KEY", **how), HERE) is None


PROBLEMS = [
    ({}, "KEY, which is not set"),
    ({"KEY": ""}, "not set"),
    ({"KEY": "  "}, "not set"),
    ({"KEY": "qu\nux"}, "no header can have"),
    ({"KEY": "qu\x00ux"}, "no header can have"),
    ({"KEY": "qu\x1b[0mux"}, "no header can have"),
    ({"KEY": "qu\udcff"}, "no header can have"),
    ({"KEY": "quux" * 5000}, "no header can have"),
]


@pytest.mark.parametrize(("environment", "said"), PROBLEMS)
def test_what_is_wrong_with_a_variable(environment: dict[str, str], said: str) -> None:
    """Control characters would begin another header; the value is not repeated."""
    problem = Credentials(environment).problem(Credential(env="KEY"), HERE)
    assert problem is not None
    assert said in " ".join(problem)
    assert "qu" not in " ".join(problem)


def secret_file(folder: Path, data: bytes, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_a_file_beside_the_rules(tmp_path: Path) -> None:
    secret_file(tmp_path, b"abc\n")
    assert Credentials({}).value(Credential(file="key"), tmp_path / "rules.yaml").value == "Bearer abc"
    assert Credentials({}).value(Credential(file=str(tmp_path / "key")), HERE).value == "Bearer abc"


@pytest.mark.parametrize(
    ("data", "mode", "said"),
    [
        (b"quux", 0o644, "others may read it"),
        (b"quux", 0o640, "others may read it"),
        (b"", 0o600, "a credential in the file"),
        (b" \n", 0o600, "a credential in the file"),
        (b"quux" * MAX_BYTES, 0o600, "at most"),
        (b"quux\xff", 0o600, "text in UTF-8"),
        (b"quux\nquux", 0o600, "no header can have"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, data: bytes, mode: int, said: str) -> None:
    secret_file(tmp_path, data, mode)
    problem = Credentials({}).problem(Credential(file="key"), tmp_path / "rules.yaml")
    assert problem is not None
    assert said in " ".join(problem)
    assert "quux" not in " ".join(problem)


def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe would wait for somebody to write into it."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, said in (
        ("pipe", "not a regular file"),
        ("nothing", "no such file"),
        (".", "cannot be read"),
        ("a\0b", "no header can have"),
    ):
        problem = Credentials({}).problem(Credential(file=name), tmp_path / "rules.yaml")
        assert problem is not None
        assert said in " ".join(problem)
