import pytest

from amp_addons.core.gaps import SECONDS, Gaps


def gaps_of(*times):
    gaps = Gaps()
    for at in times:
        gaps.add([(at, b"x")])
    return gaps


def test_nothing_and_one_piece_have_no_gap():
    assert gaps_of().first is None and gaps_of().count == 0
    one = gaps_of(5.0)
    assert one.first == 5.0 and one.count == 0


def test_times_between_pieces_are_counted_by_length():
    gaps = gaps_of(1.0, 1.005, 1.5, 100.0)
    assert gaps.count == 3 and gaps.first == 1.0
    assert [at for at, count in enumerate(gaps.counts) if count] == [0, 6, len(SECONDS)]
    assert (round(gaps.low, 6), gaps.high, gaps.total) == (0.005, 98.5, 99.0)


@pytest.mark.parametrize("bound", SECONDS)
def test_bounds_belong_to_what_is_below_them(bound):
    gaps = gaps_of(0.0, bound)
    assert gaps.counts[SECONDS.index(bound)] == 1


def test_together_or_one_by_one_is_the_same():
    times = [0.0, 0.25, 0.5, 2.5]
    together = Gaps()
    together.add([(at, b"x") for at in times])
    single = gaps_of(*times)
    assert (together.counts, together.total, together.low, together.high) == (single.counts, single.total, single.low, single.high)


def test_clock_that_steps_back_gives_no_negative_time():
    assert gaps_of(10.0, 9.0).total == 0.0
