import os
import re

import pytest
from support.clock import time_zone

from amp_addons.replay.rotation import Naming, Rotation

NOW = 1760000000.0


@pytest.fixture(autouse=True)
def utc():
    with time_zone("UTC"):
        yield


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, 0, 0)),
        ("size=100MB age=1h keep=20", (100_000_000, 3600, 20)),
        ("keep=3,size=5", (5, 0, 3)),
        ("age=90s size=1gb", (10**9, 90, 0)),
        ("age=2d size=2K", (2000, 172_800, 0)),
        ("size=1kB", (1000, 0, 0)),
    ],
)
def test_what_a_rotation_says(text, expected):
    assert Rotation.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["size", "size=", "size=x", "size=1TB", "size=-1", "size=1.5MB", "age=5", "age=5w", "keep=x", "keep=1d", "every=1h", "100MB",
     "size=1MiB",
     "size=\u0663"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError, match=f"found {re.escape(repr(text))}, expected size=100MB, age=1h or keep=20"):
        Rotation.parse(text)


@pytest.mark.parametrize("text", ["size=0", "age=0h", "keep=0", "size=0GB"])
def test_nothing_is_refused(text):
    with pytest.raises(ValueError, match="expected more than 0"):
        Rotation.parse(text)


@pytest.mark.parametrize(
    ("rotation", "size", "age", "due"),
    [
        (Rotation(), 10**12, 1e9, False),
        (Rotation(size=100), 99, 1e9, False),
        (Rotation(size=100), 100, 0, True),
        (Rotation(age=60), 10**12, 59.9, False),
        (Rotation(age=60), 1, 60, True),
        (Rotation(keep=3), 10**12, 1e9, False),
    ],
)
def test_when_a_new_file_is_due(rotation, size, age, due):
    assert rotation.is_due(size, age) is due


ROTATED = Rotation(size=1)


@pytest.mark.parametrize(
    ("pattern", "rotation", "name"),
    [
        ("a.flows", Rotation(), "a.flows"),
        ("a.flows", ROTATED, "a-20251009-085320.flows"),
        ("a", ROTATED, "a-20251009-085320"),
        ("a.b.flows", ROTATED, "a.b-20251009-085320.flows"),
        ("%Y%m%d.flows", Rotation(), "20251009.flows"),
        ("%Y%m%d.flows", ROTATED, "20251009.flows"),
        ("100%%.flows", ROTATED, "100%-20251009-085320.flows"),
        ("a%j-%y-%s", Rotation(), f"a282-25-{int(NOW)}"),
    ],
)
def test_names(pattern, rotation, name, tmp_path):
    assert Naming(str(tmp_path / pattern), rotation).path(NOW) == tmp_path / name


@pytest.mark.parametrize("pattern", ["a%b", "a%-d", "a%5Y", "a%", "a%é", "%f", "%A.flows", "%Ey", "a% d"])
def test_directives_that_give_no_number_of_known_length_are_refused(pattern, tmp_path):
    """What a pattern made must be told from other files: they are deleted."""
    with pytest.raises(ValueError, match="expected some of %Y, %m, %d, %H, %M, %S"):
        Naming(str(tmp_path / pattern), Rotation())


def test_time_in_a_folders_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="found % in a folder's name"):
        Naming(str(tmp_path / "%Y" / "a"), Rotation())


def test_home_is_known(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Naming("~/a", Rotation()).path(NOW) == tmp_path / "a"


@pytest.mark.parametrize("name", ["a.flows", "a"])
def test_a_second_file_in_a_second_has_a_number(name, tmp_path):
    naming = Naming(str(tmp_path / name), ROTATED)
    made = []
    for _ in range(4):
        made.append(naming.fresh(NOW))
        made[-1].touch()
        os.utime(made[-1], (NOW, NOW + len(made)))
    stem, ending = os.path.splitext(name)
    assert [path.name for path in made] == [f"{stem}-20251009-085320{number}{ending}" for number in ("", ".2", ".3", ".4")]
    assert naming.surplus(1, made[-1]) == made[:-1]


OTHERS = [
    "a.flows", "a-20251009-085320.flows.bak", "ba-20251009-085320.flows", "a-2025100-0853200.flows", "a-20251009-085320xflows",
    "a-20251009-085320.x.flows", "a-20251009-085320.flowsx", "A-20251009-085320.flows", "a-20251009-085320.flows\n", "important",
]  # fmt: skip


def test_only_what_the_pattern_made_is_surplus(tmp_path):
    naming = Naming(str(tmp_path / "a.flows"), ROTATED)
    for name in OTHERS:
        (tmp_path / name).touch()
    (tmp_path / "a-20200101-000000.flows").mkdir()
    (tmp_path / "a-20210101-000000.flows").symlink_to(tmp_path / "important")
    made = [naming.path(NOW + number) for number in range(5)]
    for number, path in enumerate(made):
        path.touch()
        os.utime(path, (NOW, NOW + 100 - number))  # the last modified is the newest, whatever its name
    assert naming.surplus(2, made[0]) == [made[4], made[3], made[2]]
    assert naming.surplus(5, made[0]) == [] and naming.surplus(99, made[0]) == []


def test_the_file_that_is_written_now_stays(tmp_path):
    """One that is gone on with may be older than what a rotation made of it."""
    naming = Naming(str(tmp_path / "%Y%m%d.flows"), ROTATED)
    old, new = naming.path(NOW), tmp_path / "20251009.2.flows"
    for number, path in enumerate((old, new)):
        path.touch()
        os.utime(path, (NOW, NOW + number))
    assert naming.surplus(1, old) == [new]
