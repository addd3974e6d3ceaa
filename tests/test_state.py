import os
import stat

import pytest

from amp_addons.state import make_private, state_folder


@pytest.mark.parametrize(
    ("value", "expected"),
    [("/a/state", "/a/state/amp-addons"), ("relative", "HOME/.local/state/amp-addons"), (None, "HOME/.local/state/amp-addons")],
)
def test_folder_follows_the_specification(monkeypatch, tmp_path, value, expected):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME")
    if value:
        monkeypatch.setenv("XDG_STATE_HOME", value)
    assert str(state_folder()) == expected.replace("HOME", str(tmp_path))


def test_folder_is_made_for_its_owner_only(tmp_path):
    make_private(tmp_path / "new" / "folder")
    assert {stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in ("new", "new/folder")} == {0o700}


def test_loose_mode_is_tightened(tmp_path):
    (tmp_path / "f").mkdir(mode=0o755)
    make_private(tmp_path / "f")
    assert stat.S_IMODE(os.stat(tmp_path / "f").st_mode) == 0o700


def test_link_and_file_are_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(OSError, match="is not a folder"):
            make_private(tmp_path / name)


def test_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be made"):
        make_private(tmp_path / "file" / "below")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "f").mkdir()
    os.chown(tmp_path / "f", 12345, -1)
    with pytest.raises(OSError, match="belongs to another user"):
        make_private(tmp_path / "f")
