import pytest

from amp_addons.prices import Prices, price_table


@pytest.fixture(scope="module")
def prices():
    found = Prices()
    found.warm(wait=True)
    return found


def test_cost_counts_cached_tokens_at_their_own_price(prices):
    plain = prices.cost("anthropic", "claude-sonnet-4-5", {"input": 100_000, "output": 0})
    cached = prices.cost("anthropic", "claude-sonnet-4-5", {"input": 100_000, "cache_read": 100_000})
    assert plain == pytest.approx(0.3, rel=0.5) and cached == pytest.approx(plain / 10)


@pytest.mark.parametrize(
    ("provider", "model", "usage"),
    [
        ("anthropic", "claude-of-the-year-3000", {"input": 10}),
        ("anthropic", None, {"input": 10}),
        (None, "claude-sonnet-4-5", {"input": 10}),
        ("supernova", "gpt-5", {"input": 10}),
        ("anthropic", "claude-sonnet-4-5", {}),
    ],
)
def test_no_cost_rather_than_a_wrong_one(prices, provider, model, usage):
    assert prices.cost(provider, model, usage) is None


def test_prices_that_are_still_being_loaded_make_nobody_wait():
    assert Prices().cost("anthropic", "claude-sonnet-4-5", {"input": 10}) is None


def test_table_is_named():
    assert price_table().startswith("prices of genai-prices ")
