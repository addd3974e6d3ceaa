import pytest

from amp_addons.core.path import MAX_ENCODINGS, canonical, is_odd, is_same, resolved


@pytest.mark.parametrize("path", ["", "/", "/api/user", "/a/b...c/d.e", "/a/b:c@1", "/ä"])
def test_a_plain_path_has_one_reading(path: str) -> None:
    assert not is_odd(path)


@pytest.mark.parametrize(
    ("path", "reading"),
    [
        ("/a/./b", "/a/b"),
        ("/a/.", "/a/"),
        ("//a//b/", "/a/b/"),
        ("/.", "/"),
        ("/.github", "/.github"),
        ("/a/...", "/a/..."),
        ("/a\\b", "/a/b"),
        ("/a;x=1/b;y", "/a/b"),
        ("/%61", "/a"),
        ("/%2561", "/a"),
        ("/a%2Fb%5cc", "/a/b/c"),
        ("/a%3Fb%23c", "/a?b#c"),
        ("/a%20b", "/a b"),
        ("/%ff", "/\ufffd"),
        ("/%zz", "/%zz"),
    ],
)
def test_an_odd_path_is_read_as_the_most_obliging_server_does(path: str, reading: str) -> None:
    assert is_odd(path)
    assert canonical(path) == reading


@pytest.mark.parametrize(
    "path",
    [
        "/a/../b",
        "/..",
        "/a/%2e%2e/b",
        "/a/%2E./b",
        "/a/.%2e",
        "/a/%252e%252e/b",
        "/a/..;x/b",
        "/a/..%3bx/b",
        "/a/..%2fb",
        "/a\\..\\b",
        "/a/..%5cb",
        "/a%00",
        "/a\x00",
        "/a%0d%0ab",
        "/%" + "25" * MAX_ENCODINGS + "61",
    ],
)
def test_a_path_that_climbs_or_makes_no_sense_has_no_reading(path: str) -> None:
    assert is_odd(path)
    assert canonical(path) is None


@pytest.mark.parametrize(
    ("path", "reading"),
    [
        ("/a/../b", "/b"),
        ("/a/%2e%2e/b", "/b"),
        ("/a//../b", "/b"),
        ("/../../a", "/a"),
        ("/a/..;x/b", "/b"),
        ("/a/b", "/a/b"),
        ("/a%00", None),
    ],
)
def test_a_climbing_path_as_a_server_reads_it_that_lets_it(path: str, reading: str | None) -> None:
    assert resolved(path) == reading


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("/a%3Ab", True),
        ("/%61/b", True),
        ("/a", True),
        ("/a%2Fb", False),
        ("/a//b", False),
        ("/a;x", False),
        ("/%2561", False),
        ("/./a", False),
    ],
)
def test_readings_that_differ_in_percent_encoding_alone_are_the_same(path: str, same: bool) -> None:
    assert is_same(path, canonical(path) or "") is same
