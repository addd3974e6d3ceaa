import random
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from support.proxy import until

from amp_addons.prices import Prices, price_table

NOW = 1_790_000_000.0
WHEN = datetime.fromtimestamp(NOW, UTC)


@pytest.fixture(scope="module")
def prices():
    return Prices(None, patient=True)


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


USED = {"input": 1000, "output": 10}


def test_nobody_is_made_to_wait_and_the_price_is_there_soon(tmp_path):
    found = Prices(tmp_path / "prices.json")
    assert found.cost("anthropic", "claude-sonnet-4-5", USED, NOW) is None
    assert until(lambda: found.cost("anthropic", "claude-sonnet-4-5", USED, NOW), what="the price")


def test_what_was_learnt_is_kept_and_the_package_is_not_loaded_for_it(tmp_path):
    cache = tmp_path / "amp-addons" / "prices.json"
    price = Prices(cache, patient=True).cost("anthropic", "claude-sonnet-4-5", USED, NOW)
    Prices(cache, patient=True).cost("openai", "gpt-5", USED, NOW)  # beside the first
    assert cache.stat().st_mode & 0o777 == 0o600 and cache.parent.stat().st_mode & 0o777 == 0o700
    program = (
        "import sys; from pathlib import Path; from amp_addons.prices import Prices; "
        f"found = Prices(Path({str(cache)!r})); "
        f"print(found.cost('anthropic', 'claude-sonnet-4-5', {USED}, {NOW}), found.cost('openai', 'gpt-5', {USED}, {NOW}) > 0, "
        "'genai_prices' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.split() == [str(price), "True", "False"]


@pytest.mark.parametrize(
    "kept", [b"", b"{}", b'{"prices": "0.0", "rates": {"anthropic": {"claude-sonnet-4-5": [[null, 1, 1, 1, 1]]}}}', b"[1"]
)
def test_kept_prices_that_are_of_another_version_or_nonsense_are_not_used(tmp_path, kept):
    (tmp_path / "prices.json").write_bytes(kept)
    price = Prices(tmp_path / "prices.json", patient=True).cost("anthropic", "claude-sonnet-4-5", USED, NOW)
    assert price == Prices(None, patient=True).cost("anthropic", "claude-sonnet-4-5", USED, NOW)


def test_a_folder_that_cannot_be_written_is_no_loss(tmp_path):
    (tmp_path / "file").write_text("")
    assert Prices(tmp_path / "file" / "prices.json", patient=True).cost("anthropic", "claude-sonnet-4-5", USED, NOW)


def test_table_is_named():
    assert price_table().startswith("prices of genai-prices ")


KNOWN_AS = {"anthropic": "anthropic", "openai": "openai", "google": "google", "xai": "x-ai", "openrouter": "openrouter"}


@pytest.mark.parametrize(("provider", "known_as"), KNOWN_AS.items())
def test_costs_are_those_of_the_price_table_for_every_model_and_size(prices, provider, known_as):
    [models] = [each.models for each in get_snapshot().providers if each.id == known_as]
    drawn = random.Random(5)
    for model in drawn.sample(models, min(len(models), 30)):
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
