"""What a model's tokens cost, as plain numbers: so many dollars a token, for each size of prompt that has a price of its own."""

from collections.abc import Mapping
from typing import NamedTuple


class Bracket(NamedTuple):
    """Dollars a token, for prompts of up to `upto` tokens (None: however many). `input` is what each token of the prompt costs, cached ones
    included; `cache_read` and `cache_write` are what a cached one costs more, or less."""

    upto: int | None
    input: float
    output: float
    cache_read: float
    cache_write: float


type Rates = tuple[Bracket, ...]
"""In order of size. A prompt's size decides the price of all its tokens, as the providers have it. None at all: no known price."""


def cost(rates: Rates, usage: Mapping[str, int]) -> float:
    """US dollars; `usage` as in `Summary.usage`."""
    size = usage.get("input", 0)
    for bracket in rates:
        if bracket.upto is None or size <= bracket.upto:
            return (
                usage.get("input", 0) * bracket.input
                + usage.get("output", 0) * bracket.output
                + usage.get("cache_read", 0) * bracket.cache_read
                + usage.get("cache_write", 0) * bracket.cache_write
            )
    return 0.0
