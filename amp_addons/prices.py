"""What an answer cost, by the prices of the package genai-prices. A model that it does not know has no cost rather than a wrong one."""

import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

# Our providers by their ids there. What goes through OpenRouter has OpenRouter's price.
_PROVIDERS = {"anthropic": "anthropic", "openai": "openai", "google": "google", "xai": "x-ai", "groq": "groq", "cerebras": "cerebras"}
_PROVIDERS |= {"openrouter": "openrouter", "fireworks": "fireworks", "baseten": "baseten", "kimi": "moonshotai"}


def price_table() -> str:
    """Which prices these are."""
    return f"prices of genai-prices {version('genai-prices')}"


class Prices:
    """Loaded in a thread of its own when first asked for: half a second and 20 MB that a proxy without priced answers never needs."""

    def __init__(self) -> None:
        self._module: Any = None
        self._thread: threading.Thread | None = None

    def cost(self, provider: str | None, model: str | None, usage: Mapping[str, int]) -> float | None:
        """US dollars, or None: not a known provider and model, nothing used, or the prices are still being loaded.

        `usage` as in `Summary`: `input` with cached tokens in it, `output` with reasoning in it.
        """
        if provider not in _PROVIDERS or not model or not usage:
            return None
        if self._module is None:
            self.warm()
            return None
        return self._price(_PROVIDERS[provider], model, usage)

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

    def _price(self, provider: str, model: str, usage: Mapping[str, int]) -> float | None:
        names = {"input": "input_tokens", "output": "output_tokens", "cache_read": "cache_read_tokens", "cache_write": "cache_write_tokens"}
        used = self._module.Usage(**{name: usage[key] for key, name in names.items() if usage.get(key)})
        try:
            price = self._module.calc_price(used, model_ref=model, provider_id=provider)
        except (LookupError, ValueError):
            return None
        return round(float(price.total_price), 8) or None
