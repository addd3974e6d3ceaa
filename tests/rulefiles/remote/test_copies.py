"""What is kept of signed files between two starts, on the disk as it is."""

import stat
import threading

import pytest
from support.signed import rules

from amp_addons.rulefiles.remote.copies import Copy, Damaged, keep, load, path_of

URL = "https://rules.example/team.yaml"


def copy(serial, body="", **more):
    return Copy(data=rules(serial, body), serial=serial, checked=1000.5, **more)


def test_copy_comes_back_as_it_was(tmp_path):
    path = path_of(tmp_path / "state" / "remote", "rules", URL)
    assert load(path) is None
    keep(path, copy(3, etag='"x"'))
    assert load(path) == copy(3, etag='"x"')
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_name_says_nothing_of_the_url_and_each_kind_has_its_own(tmp_path):
    names = {path_of(tmp_path, kind, url).name for kind in ("rules", "catalog") for url in (URL, URL + "x")}
    assert len(names) == 4 and not any("example" in name or "team" in name for name in names)


def test_earlier_file_does_not_replace_a_later_one_of_another_proxy(tmp_path):
    path = path_of(tmp_path, "rules", URL)
    keep(path, copy(5))
    keep(path, copy(4))
    assert load(path) == copy(5)


def test_many_at_once_leave_the_latest(tmp_path):
    path = path_of(tmp_path, "rules", URL)
    threads = [threading.Thread(target=keep, args=(path, copy(serial))) for serial in (3, 9, 1, 7, 8, 2, 6, 4, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert load(path) == copy(9)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([path.name, "lock"])


DAMAGE = {
    "nothing in it": lambda data: b"",
    "cut off": lambda data: data[:-1],
    "more at the end": lambda data: data + b"x",
    "a head that is none": lambda data: b"{}\n" + data,
    "a serial of 0": lambda data: data.replace(b'"serial":3', b'"serial":0', 1),
    "a later version": lambda data: data.replace(b'"v":1', b'"v":2', 1),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_copy_is_said_and_replaced(tmp_path, damage):
    path = path_of(tmp_path, "rules", URL)
    keep(path, copy(3))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Damaged, match="remove it"):
        load(path)
    keep(path, copy(3))
    assert load(path) == copy(3)


def test_copy_that_others_may_have_changed_is_not_read(tmp_path):
    path = path_of(tmp_path, "rules", URL)
    keep(path, copy(3))
    path.chmod(0o620)
    with pytest.raises(OSError, match="remove it"):
        load(path)


def test_symbolic_links_are_not_followed(tmp_path):
    path, elsewhere = path_of(tmp_path / "remote", "rules", URL), tmp_path / "elsewhere"
    keep(path, copy(3))
    elsewhere.write_bytes(path.read_bytes())
    elsewhere.chmod(0o600)
    path.unlink()
    path.symlink_to(elsewhere)
    with pytest.raises(OSError):
        load(path)
    with pytest.raises(OSError):
        keep(path, copy(4))
    assert b"serial: 3" in elsewhere.read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "remote")
    with pytest.raises(OSError, match="symbolic links are not followed"):
        keep(tmp_path / "link" / "x", copy(4))
