"""What an answer cost, by the prices of the package genai-prices. A model that it does not know has no cost rather than a wrong one."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from typing import Any

# Our providers by their ids there. What goes through OpenRouter has OpenRouter's price.
_PROVIDERS = {"anthropic": "anthropic", "openai": "openai", "google": "google", "xai": "x-ai", "groq": "groq", "cerebras": "cerebras"}
_PROVIDERS |= {"openrouter": "openrouter", "fireworks": "fireworks", "baseten": "baseten", "kimi": "moonshotai"}
_NAMES = {"input": "input_tokens", "output": "output_tokens", "cache_read": "cache_read_tokens", "cache_write": "cache_write_tokens"}

_MANY = 1000
_UNTIERED = 100_000
"""Tokens of input up to which no price depends on how many there are: the lowest tier that any provider has begins at 128,000."""

_SAMPLES = (
    {"input": 1, "output": 1},
    {"input": 40_000, "output": 100, "cache_read": 20_000, "cache_write": 10_000},
    {"input": 70_000, "output": 400_000},
    {"input": 90_000, "output": 7, "cache_read": 80_000},
    {"input": 99_000, "output": 90_000, "cache_write": 50_000},
    {"input": _UNTIERED, "output": 1_000_000, "cache_read": 10_000},
)
"""What a price must be a sum at, to be taken for one."""


def price_table() -> str:
    """Which prices these are."""
    return f"prices of genai-prices {version('genai-prices')}"


class Prices:
    """Loaded in a thread of its own when first asked for: half a second and 20 MB that a proxy without priced answers never needs."""

    def __init__(self) -> None:
        self._module: Any = None
        self._thread: threading.Thread | None = None
        self._rates = lru_cache(maxsize=1024)(self._new_rates)

    def cost(self, provider: str | None, model: str | None, usage: Mapping[str, int], at: float) -> float | None:
        """US dollars, or None: not a known provider and model, nothing used, or the prices are still being loaded.

        `usage` as in `Summary`: `input` with cached tokens in it, `output` with reasoning in it. `at`: when, in seconds since the epoch.
        """
        if provider not in _PROVIDERS or not model or not usage:
            return None
        if self._module is None:
            self.warm()
            return None
        used = {kind: count for kind in _NAMES if (count := usage.get(kind))}
        rates = self._rates(_PROVIDERS[provider], model, int(at // 86400)) if usage.get("input", 0) <= _UNTIERED else None
        price = self._price(_PROVIDERS[provider], model, used, at) if rates is None else sum(used[kind] * rates[kind] for kind in used)
        return round(float(price), 8) or None

    def warm(self, *, wait: bool = False) -> None:
        """Begin to load the prices."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._load, name="amp_addons prices", daemon=True)
            self._thread.start()
        if wait:
            self._thread.join()

    def _load(self) -> None:
        import genai_prices

        # The first price is the slow one: it builds the tables.
        genai_prices.calc_price(genai_prices.Usage(input_tokens=1), model_ref="gpt-4o", provider_id="openai")
        self._module = genai_prices

    def _price(self, provider: str, model: str, used: Mapping[str, int], at: float) -> float:
        usage = self._module.Usage(**{_NAMES[kind]: count for kind, count in used.items()})
        when = datetime.fromtimestamp(at, UTC)
        try:
            return float(self._module.calc_price(usage, model_ref=model, provider_id=provider, genai_request_timestamp=when).total_price)
        except (LookupError, ValueError):
            return 0.0

    def _new_rates(self, provider: str, model: str, day: int) -> dict[str, float] | None:
        """Dollars a token, by kind; None where a price is no sum of these, because it depends on the time of day, say.

        To price an answer takes genai-prices a quarter of a millisecond, longer than to read one.
        """

        def price(hour: int = 0, **used: int) -> float:
            return self._price(provider, model, used, day * 86400 + hour * 3600)

        plain = price(input=_MANY)
        rates = {
            "input": plain / _MANY,
            "output": price(output=_MANY) / _MANY,
            "cache_read": (price(input=_MANY, cache_read=_MANY) - plain) / _MANY,
            "cache_write": (price(input=_MANY, cache_write=_MANY) - plain) / _MANY,
        }
        for hour, sample in enumerate(_SAMPLES):
            expected = sum(count * rates[kind] for kind, count in sample.items())
            if abs(price(hour * 4, **sample) - expected) > 1e-9 + 1e-9 * expected:
                return None
        return rates
