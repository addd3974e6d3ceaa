import pytest

from amp_addons.core.rates import Bracket, cost

RATES = (Bracket(200, 3.0, 15.0, -2.7, 0.75), Bracket(None, 6.0, 22.5, -5.4, 1.5))


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        ({"input": 100, "output": 10}, 450.0),
        ({"input": 200, "cache_read": 100, "cache_write": 40}, 360.0),
        ({"input": 201, "output": 1}, 1228.5),  # past the bracket every token costs more
        ({"output": 2, "reasoning": 1}, 30.0),
        ({}, 0.0),
    ],
)
def test_the_size_of_the_prompt_decides_the_price_of_all_tokens(usage, dollars):
    assert cost(RATES, usage) == pytest.approx(dollars)


def test_no_rates_no_cost():
    assert cost((), {"input": 5}) == 0.0
