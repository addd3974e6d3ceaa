import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from amp_addons.files import drop_half_line, open_private, replace_private


def test_new_file_is_for_its_owner_only(tmp_path):
    old = os.umask(0)
    try:
        os.close(open_private(tmp_path / "new"))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_loose_mode_of_an_existing_file_is_tightened(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(b"kept\n")
    path.chmod(0o644)
    os.close(open_private(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"kept\n"


def test_symbolic_link_is_refused_and_its_target_untouched(tmp_path):
    (tmp_path / "target").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic link"):
        open_private(tmp_path / "link")
    assert (tmp_path / "target").read_bytes() == b"x"


def test_hard_link_is_refused(tmp_path):
    (tmp_path / "target").write_bytes(b"x")
    os.link(tmp_path / "target", tmp_path / "other")
    with pytest.raises(OSError, match="other names"):
        open_private(tmp_path / "other")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["fifo", "folder"])
def test_what_is_no_regular_file_is_refused(tmp_path, make):
    make(tmp_path / "thing")
    with pytest.raises(OSError, match=r"not a regular file|cannot be opened"):
        open_private(tmp_path / "thing")


def test_second_writer_is_refused(tmp_path):
    """Also one in another process, which is where a second proxy is."""
    descriptor = open_private(tmp_path / "busy")
    code = f"from amp_addons.files import open_private; open_private({str(tmp_path / 'busy')!r})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "being written by another process" in found.stderr
    os.close(descriptor)
    os.close(open_private(tmp_path / "busy"))


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b""), (b"a\nb\n", b"a\nb\n"), (b"a\nhal", b"a\n"), (b"half", b""), (b"a\n" + b"x" * 200_000, b"a\n")],
)
def test_unfinished_last_line_is_cut_off(tmp_path, before, after):
    path = tmp_path / "lines"
    path.write_bytes(before)
    descriptor = open_private(path)
    assert drop_half_line(descriptor) == len(before) - len(after)
    os.close(descriptor)
    assert path.read_bytes() == after


class TestReplacePrivate:
    def test_a_file_is_replaced_as_a_whole_for_its_owner_alone(self, tmp_path: Path) -> None:
        target = tmp_path / "x"
        target.write_text("before")
        target.chmod(0o644)
        replace_private(target, b"after")
        assert target.read_bytes() == b"after" and target.stat().st_mode & 0o777 == 0o600 and list(tmp_path.iterdir()) == [target]

    def test_links_and_what_is_no_file_are_left_alone(self, tmp_path: Path) -> None:
        link, fifo = tmp_path / "link", tmp_path / "fifo"
        link.symlink_to(tmp_path / "nothing")
        os.mkfifo(fifo)
        for path, said in ((link, "symbolic link"), (fifo, "not a regular file"), (tmp_path, "not a regular file")):
            with pytest.raises(OSError, match=said):
                replace_private(path, b"x")
        assert sorted(tmp_path.iterdir()) == [fifo, link] and not (tmp_path / "nothing").exists()

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="cannot be written"):
            replace_private(tmp_path / "none" / "x", b"x")
