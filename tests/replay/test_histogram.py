import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons.replay.histogram import LONGEST, STEP, Histogram


def of(values):
    found = Histogram()
    for value in values:
        found.add(value)
    return found


DURATIONS = st.lists(st.floats(1, LONGEST), min_size=1, max_size=100)


@given(DURATIONS, st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_close_to_the_true_one(values, share):
    """One percent by the width of a bucket, and half a percent by rounding to three figures."""
    truth = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    assert of(values).quantile(share) == pytest.approx(truth, rel=STEP / 2 + 0.006)


@given(st.lists(st.floats(0, 1e12), max_size=60), st.integers(0, 60))
def test_parts_add_up_to_the_whole(values, cut):
    first, second = of(values[:cut]), of(values[cut:])
    first.merge(second)
    assert first.counts == of(values).counts


def test_nothing_has_no_quantile():
    assert Histogram().quantile(0.5) is None


@pytest.mark.parametrize(("value", "shown"), [(0.0, 0.5), (0.2, 0.5), (0.999, 0.5), (1.0, 1.01), (1e300, 1e9)])
def test_the_shortest_and_the_longest(value, shown):
    assert of([value]).quantile(0.5) == pytest.approx(shown, rel=0.011)


def test_room_is_bounded():
    draw = random.Random(1)
    assert len(of(10 ** draw.uniform(-9, 15) for _ in range(20_000)).counts) < 1200
