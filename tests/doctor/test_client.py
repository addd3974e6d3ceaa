import pytest

from amp_addons.doctor.client import client

PATH = "/usr/bin:/bin"


def amp(folder, text='#!/bin/sh\necho 0.0.1767830505-gabc "$@"\n'):
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "amp"
    program.write_text(text)
    program.chmod(0o755)
    return {"PATH": f"{folder}:{PATH}"}


def runtime(environ, name, version, proxied=True, reverse=False):
    *_, found = client(environ, proxied, reverse, lambda _: (name, version))
    assert found.id == "client.runtime"
    return found


@pytest.mark.parametrize(
    "name, version, use, proxied, state, word",
    [
        ("node", (20, 19), None, True, "failure", "Node 20.19, which ignores HTTPS_PROXY"),
        ("node", (20, 19), "1", False, "warning", "ignores"),
        ("node", (22, 20), "1", True, "failure", "ignores"),
        ("node", (22, 21), "1", True, "ok", "obeys"),
        ("node", (24, 0), None, True, "failure", "only with NODE_USE_ENV_PROXY=1"),
        ("node", (24, 0), "1", True, "ok", "obeys"),
        ("node", None, "1", True, "failure", "does not tell its version"),
        ("bun", None, None, True, "ok", "Bun"),
        ("native", None, None, True, "ok", "native"),
        ("python", None, None, True, "skipped", "Python"),
        ("", None, None, True, "skipped", "unknown"),
    ],
)
def test_runtimes(tmp_path, name, version, use, proxied, state, word):
    environ = amp(tmp_path) | ({"NODE_USE_ENV_PROXY": use} if use else {})
    found = runtime(environ, name, version, proxied)
    assert (found.state, word in found.text) == (state, True), found


def test_the_remedy_for_old_nodes_is_reverse_mode(tmp_path):
    assert "exec --reverse" in runtime(amp(tmp_path), "node", (20, 0)).remedy
    assert runtime(amp(tmp_path), "node", (20, 0), reverse=True).state == "ok"


def test_the_native_client_behind_a_script_of_nodes(tmp_path):
    environ = amp(tmp_path / "node_modules" / "@ampcode" / "cli")
    assert "native" in runtime(environ, "node", (20, 0)).text


@pytest.mark.parametrize(
    "text, word",
    [
        ("#!/bin/sh\necho 0.0.1767830505-gabc\n", "version 0.0.1767830505-gabc"),
        ("#!/bin/sh\necho $1 $AMP_SKIP_UPDATE_CHECK.0.0\n", "version 1.0.0"),
        ("#!/bin/sh\nexit 1\n", "does not tell its version"),
        ("no program", "does not tell its version"),
        ("#!/bin/sh\nhead -c 9999 /dev/zero | tr '\\0' a; echo 1.2.3\n", "does not tell its version"),
    ],
)
def test_version(tmp_path, text, word):
    found, *_ = client(amp(tmp_path, text), True, False, lambda _: ("", None))
    assert word in found.text


def test_none(tmp_path):
    [found] = client({"PATH": str(tmp_path)}, True, False)
    assert (found.id, found.state) == ("client", "warning")
