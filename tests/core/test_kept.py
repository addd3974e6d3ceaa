import pytest

from amp_addons.core.kept import Kept


def test_pieces_are_kept_as_they_came():
    kept = Kept(100)
    kept.add([(1.0, b"ab"), (2.0, b"")])
    kept.add([(3.0, b"c")])
    assert kept.chunks == [(1.0, b"ab"), (3.0, b"c")] and (kept.size, kept.left_out) == (3, 0)


@pytest.mark.parametrize(("limit", "expected"), [(0, []), (1, [b"a"]), (2, [b"ab"]), (3, [b"ab", b"c"]), (4, [b"ab", b"cd"])])
def test_what_is_over_the_limit_is_counted(limit, expected):
    kept = Kept(limit)
    kept.add([(1.0, b"ab"), (2.0, b"cd"), (3.0, b"efg")])
    assert [data for _, data in kept.chunks] == expected
    assert kept.size == limit and kept.left_out == 7 - limit


def test_what_is_left_out_is_a_tail():
    """Room that comes back is not used: a body with a hole in it would be read as another."""
    given = iter([2, 1, 5])
    kept = Kept(100, lambda wanted: min(wanted, next(given)))
    kept.add([(1.0, b"ab"), (2.0, b"cd")])
    kept.add([(3.0, b"ef")])
    assert kept.chunks == [(1.0, b"ab"), (2.0, b"c")] and kept.left_out == 3
    assert next(given) == 5


def test_room_is_asked_for_no_more_than_the_limit_leaves():
    asked = []
    kept = Kept(3, lambda wanted: asked.append(wanted) or wanted)
    kept.add([(1.0, b"ab"), (2.0, b"cd")])
    assert asked == [2, 1]
