import random
from datetime import UTC, datetime

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot

from amp_addons.prices import Prices, price_table

NOW = 1_790_000_000.0
WHEN = datetime.fromtimestamp(NOW, UTC)


@pytest.fixture(scope="module")
def prices():
    found = Prices()
    found.warm(wait=True)
    return found


def test_cost_counts_cached_tokens_at_their_own_price(prices):
    plain = prices.cost("anthropic", "claude-sonnet-4-5", {"input": 100_000, "output": 0}, NOW)
    cached = prices.cost("anthropic", "claude-sonnet-4-5", {"input": 100_000, "cache_read": 100_000}, NOW)
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
    assert prices.cost(provider, model, usage, NOW) is None


def test_prices_that_are_still_being_loaded_make_nobody_wait():
    assert Prices().cost("anthropic", "claude-sonnet-4-5", {"input": 10}, NOW) is None


def test_table_is_named():
    assert price_table().startswith("prices of genai-prices ")


@pytest.mark.parametrize(
    ("provider", "known_as"), [("anthropic", "anthropic"), ("openai", "openai"), ("google", "google"), ("xai", "x-ai")]
)
def test_costs_are_those_of_the_price_table_for_every_model_and_size(prices, provider, known_as):
    """Prices that are sums are worked out from rates; tiers and the like are left to genai-prices."""
    [models] = [each.models for each in get_snapshot().providers if each.id == known_as]
    drawn = random.Random(5)
    tiered = 0
    for model in models:
        for size in (100, 150_000, 250_000, 2_000_000):
            cached, written = drawn.randrange(size // 2), drawn.randrange(size // 2)
            usage = {"input": size, "output": drawn.randrange(1, size), "cache_read": cached, "cache_write": written}
            found = prices.cost(provider, model.id, usage, NOW)
            used = Usage(input_tokens=size, output_tokens=usage["output"], cache_read_tokens=cached, cache_write_tokens=written)
            try:
                right = calc_price(
                    used, model.id, provider_id=known_as, genai_request_timestamp=datetime.fromtimestamp(NOW, UTC)
                ).total_price
            except (LookupError, ValueError):
                right = 0
            assert (found or 0) == pytest.approx(float(right), abs=1e-8), (model.id, size)
        tiered += prices._rates(known_as, model.id, int(NOW // 86400)) is None
    assert tiered < len(models)
