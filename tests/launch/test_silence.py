import sys

import pytest

from amp_addons.launch.silence import obeys_proxy, runtime_of, why_silent


@pytest.mark.parametrize(("version", "obeys"), [((20, 19), False), ((22, 20), False), ((22, 21), True), ((23, 9), False), ((24, 0), True)])
def test_which_node_obeys_the_proxy(version, obeys):
    assert obeys_proxy(version) is obeys


def program(folder, name, text):
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path, monkeypatch):
    program(tmp_path, "node", "#!/bin/sh\necho v20.19.4\n")
    program(tmp_path, "amp", "#!/usr/bin/env node\n")
    program(tmp_path, "amp-bun", "#!/usr/bin/env -S bun run\n")
    program(tmp_path, "tool", f"#!{sys.executable}\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("amp", ("node", (20, 19))),
        ("amp-bun", ("bun", None)),
        ("tool", ("python", None)),
        ("ls", ("native", None)),
        ("none-such", ("", None)),
    ],
)
def test_what_a_program_runs_on(path, name, expected):
    assert runtime_of(name) == expected


def test_the_likely_reason_is_said(path):
    assert "amp runs on Node 20.19, which ignores HTTPS_PROXY: try amp-addons exec --reverse" in "\n".join(why_silent(["amp"], False))
    assert "Node before 22.21 and 24" in "\n".join(why_silent(["ls"], False))
    assert "its settings name another amp.url" in "\n".join(why_silent(["amp"], True))
