"""The key that proxies share: where it comes from, and what is refused."""

import os

import pytest

from amp_addons.sharedkey import MAX_LENGTH, shared_key

LONG = "k" * 32


def key_file(folder, data, mode=0o600):
    path = folder / "key"
    path.write_bytes(data)
    path.chmod(mode)
    return str(path)


def test_no_key_is_none():
    assert shared_key({}) is None
    assert shared_key({"AMP_ADDONS_KEY": "", "AMP_ADDONS_KEY_FILE": ""}) is None


def test_key_is_the_same_from_both_places_whatever_is_around_it(tmp_path):
    found = shared_key({"AMP_ADDONS_KEY": LONG})
    assert found and len(found) == 64
    assert shared_key({"AMP_ADDONS_KEY_FILE": key_file(tmp_path, f"{LONG}\n".encode())}) == found
    assert shared_key({"AMP_ADDONS_KEY": f" {LONG}\n"}) == found
    assert shared_key({"AMP_ADDONS_KEY": LONG + "x"}) != found


@pytest.mark.parametrize(
    ("value", "said"),
    [("k" * 15, "15 characters, expected 16 at least"), (" " * 20, "0 characters"), ("ä" * 7, "14 characters")],
)
def test_short_key_is_refused_and_not_shown(value, said):
    with pytest.raises(ValueError, match=said) as error:
        shared_key({"AMP_ADDONS_KEY": value})
    assert value not in str(error.value)


def test_two_keys_are_refused(tmp_path):
    with pytest.raises(ValueError, match="both AMP_ADDONS_KEY and AMP_ADDONS_KEY_FILE"):
        shared_key({"AMP_ADDONS_KEY": LONG, "AMP_ADDONS_KEY_FILE": key_file(tmp_path, LONG.encode())})


@pytest.mark.parametrize(
    ("data", "mode", "said"),
    [
        (LONG.encode(), 0o640, "others may read it: chmod 600"),
        (b"", 0o600, "0 characters"),
        (b"k" * (MAX_LENGTH + 1), 0o600, "at most"),
    ],
)
def test_file_that_will_not_do_is_refused(tmp_path, data, mode, said):
    with pytest.raises(ValueError, match=said):
        shared_key({"AMP_ADDONS_KEY_FILE": key_file(tmp_path, data, mode)})


def test_file_that_is_none_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in (tmp_path / "pipe", tmp_path, tmp_path / "missing"):
        with pytest.raises(ValueError, match=r"AMP_ADDONS_KEY_FILE: found .* cannot be read"):
            shared_key({"AMP_ADDONS_KEY_FILE": str(name)})
