"""What an answer cost, by the prices of the package genai-prices. A model that it does not know has no cost rather than a wrong one.

That package takes half a second and 28 MB to load, and a quarter of a millisecond an answer. So what it says of a model is kept as rates
(`core.rates`), in memory and in a file: the package itself is loaded for models that were never met before.
"""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from amp_addons.core.rates import Bracket, Rates, cost
from amp_addons.files import replace_private
from amp_addons.state import cache_folder, make_private

# Our providers by their ids there. What goes through OpenRouter has OpenRouter's price.
_PROVIDERS = {"anthropic": "anthropic", "openai": "openai", "google": "google", "xai": "x-ai", "groq": "groq", "cerebras": "cerebras"}
_PROVIDERS |= {"openrouter": "openrouter", "fireworks": "fireworks", "baseten": "baseten", "kimi": "moonshotai"}

MAX_MODELS = 5000
"""Models whose rates are kept; names of models come from the traffic."""

_DAY = 86400
_NAMES = {"input": "input_tokens", "output": "output_tokens", "cache_read": "cache_read_tokens", "cache_write": "cache_write_tokens"}


def price_table() -> str:
    """Which prices these are."""
    return f"prices of genai-prices {version('genai-prices')}"


def kept_prices() -> Path:
    """Where rates are kept unless said otherwise."""
    return cache_folder() / "prices.json"


class Prices:
    """`cache`: the file where rates are kept from run to run (None: nowhere). `patient`: rather wait for a price than do without."""

    def __init__(self, cache: Path | None, *, patient: bool = False) -> None:
        self._cache = cache
        self._patient = patient
        self._rates: dict[tuple[str, str, int | None], Rates] = dict(_read(cache)) if cache else {}
        self._module: Any = None
        self._ready = self._unkept = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def cost(self, provider: str | None, model: str | None, usage: Mapping[str, int], at: float) -> float | None:
        """US dollars, or None: not a known provider and model, nothing used, or the prices are still being loaded.

        `usage` as in `Summary`: `input` with cached tokens in it, `output` with reasoning in it. `at`: when, in seconds since the epoch.
        """
        if provider not in _PROVIDERS or not model or not usage:
            return None
        rates = self._find(provider, model, at)
        if rates is None and (self._patient or self._ready):
            rates = self._learn(provider, model, at, wait=self._patient)
            self._keep(aside=not self._patient)
        if rates is None:
            self.warm(provider, model, at)
            return None
        return round(cost(rates, usage), 8) or None

    def warm(self, provider: str | None, model: str | None, at: float, *, wait: bool = False) -> None:
        """Have the price of a model there when its answer ends: loads what is needed in a thread, unless somebody can `wait`."""
        if self._ready or provider not in _PROVIDERS or not model:
            return  # once the package is loaded, `cost` asks it there and then
        if self._thread is not None or self._find(provider, model, at) is not None:
            return
        if wait:
            return self._learn_aside(provider, model, at)
        self._thread = threading.Thread(target=self._learn_aside, args=(provider, model, at), name="amp_addons prices", daemon=True)
        self._thread.start()

    def _learn_aside(self, provider: str, model: str, at: float) -> None:
        try:
            self._learn(provider, model, at, wait=True)
            self._keep(aside=False)
        finally:
            self._thread = None

    def _keep(self, *, aside: bool) -> None:
        """Have what is new kept in the file, in a thread of its own where this one has no time for files."""
        if not self._unkept or self._cache is None:
            return
        self._unkept = False
        if aside:
            threading.Thread(target=_write, args=(self._cache, self._rates.copy()), name="amp_addons prices", daemon=True).start()
        else:
            _write(self._cache, self._rates.copy())

    def _find(self, provider: str, model: str, at: float) -> Rates | None:
        found = self._rates.get((provider, model, None))
        return self._rates.get((provider, model, int(at // _DAY))) if found is None else found

    def _learn(self, provider: str, model: str, at: float, *, wait: bool) -> Rates | None:
        """Ask the package. None when another thread does so just now, and this one is not to `wait`."""
        if not self._lock.acquire(blocking=wait):
            return None
        try:
            if (found := self._find(provider, model, at)) is not None:
                return found
            if self._module is None:
                import genai_prices

                self._module = genai_prices
            rates, dated = _rates_of(self._module, _PROVIDERS[provider], model, at)
            self._ready = True
            if len(self._rates) < MAX_MODELS:
                self._rates[provider, model, int(at // _DAY) if dated else None] = rates
                self._unkept |= not dated
            return rates
        finally:
            self._lock.release()


def _rates_of(module: Any, provider: str, model: str, at: float) -> tuple[Rates, bool]:
    """A model's rates at a time, and whether they are another at other times."""
    from genai_prices.data_snapshot import get_snapshot
    from genai_prices.types import ModelPrice, TieredPrices

    when = datetime.fromtimestamp(at, UTC)

    def price(**used: int) -> float:
        usage = module.Usage(**{_NAMES[kind]: count for kind, count in used.items()})
        return float(module.calc_price(usage, model_ref=model, provider_id=provider, genai_request_timestamp=when).total_price)

    try:
        _, found = get_snapshot().find_provider_model(model, None, provider, None)
        tiered = [each for each in vars(found.get_prices(when)).values() if isinstance(each, TieredPrices)]
        ends: list[int | None] = [*sorted({tier.start for each in tiered for tier in each.tiers}), None]
        brackets, above = [], 0
        for end in ends:
            size = above + 1_000_000 if end is None else end
            plain, more = price(input=size), min(1000, size)
            brackets.append(
                Bracket(
                    end,
                    plain / size,
                    (price(input=size, output=more) - plain) / more,
                    (price(input=size, cache_read=more) - plain) / more,
                    (price(input=size, cache_write=more) - plain) / more,
                )
            )
            above = size
        return tuple(brackets), not isinstance(found.prices, ModelPrice)
    except (LookupError, ValueError):
        return (), False


def _read(cache: Path) -> Iterator[tuple[tuple[str, str, int | None], Rates]]:
    """The rates in a file; none from one that another version wrote, or that makes no sense."""
    try:
        kept = msgspec.json.decode(cache.read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError):
        return
    if kept.prices == version("genai-prices"):
        for provider, models in kept.rates.items():
            for model, rates in models.items():
                yield (provider, model, None), rates


class _Kept(msgspec.Struct):
    """What is in the file: rates by provider and model."""

    prices: str
    rates: dict[str, dict[str, tuple[Bracket, ...]]]


def _write(cache: Path, known: Mapping[tuple[str, str, int | None], Rates]) -> None:
    """Keep the rates beside those that another process has kept meanwhile. That it cannot is no loss."""
    rates: dict[str, dict[str, Rates]] = {}
    for (provider, model, day), each in [*_read(cache), *known.items()]:
        if day is None:
            rates.setdefault(provider, {})[model] = each
    try:
        make_private(cache.parent)
        replace_private(cache, msgspec.json.encode(_Kept(version("genai-prices"), rates)))
    except OSError:
        return
