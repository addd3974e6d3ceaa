import pytest

from amp_addons.doctor.versions import platform, versions


def states(found):
    return {each.id: each.state for each in found}


@pytest.mark.parametrize(
    "python, mitmproxy, expected",
    [
        ((3, 13, 0), "12.2.3", {"python": "ok", "mitmproxy": "ok"}),
        ((3, 12, 0), "12.9", {"python": "ok", "mitmproxy": "ok"}),
        ((3, 11, 9), "12.2", {"python": "failure", "mitmproxy": "ok"}),
        ((3, 14, 0), "12.1.0", {"python": "ok", "mitmproxy": "failure"}),
        ((3, 14, 0), "13.0.0rc1", {"python": "ok", "mitmproxy": "failure"}),
        ((3, 14, 0), None, {"python": "ok", "mitmproxy": "failure"}),
    ],
)
def test_versions(tmp_path, python, mitmproxy, expected):
    assert states(versions(python, mitmproxy, None, tmp_path)) == expected


@pytest.mark.parametrize("start, word", [(b"\x7fELF\x02", "standalone binary"), (b"#!/usr/bin/python\n", "another installation")])
def test_another_mitmdump_on_path(tmp_path, start, word):
    other, own = tmp_path / "other", tmp_path / "own"
    for folder in (other, own):
        folder.mkdir()
        (folder / "mitmdump").write_bytes(start)
    [*_, found] = versions((3, 13), "12.2", other / "mitmdump", own)
    assert (found.id, found.state) == ("mitmproxy.path", "warning")
    assert word in found.text and str(own / "mitmdump") in found.remedy
    assert "mitmproxy.path" not in states(versions((3, 13), "12.2", own / "mitmdump", own))


@pytest.mark.parametrize(
    "name, release, environ, word",
    [
        ("win32", "10", {}, "Windows"),
        ("linux", "5.15.90.1-microsoft-standard-WSL2", {}, "WSL"),
        ("linux", "6.1", {"WSL_DISTRO_NAME": "Debian"}, "WSL"),
        ("linux", "6.1", {}, None),
        ("darwin", "23.0", {}, None),
    ],
)
def test_platform(name, release, environ, word):
    found = list(platform(name, release, environ))
    assert [word in each.text for each in found] == ([True] if word else [])
