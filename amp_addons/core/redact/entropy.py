"""Shannon's entropy of a text's characters: what separates random keys from words, names and fillers."""

from collections import Counter
from math import log2


def entropy(value: bytes) -> float:
    """Bits per character. 32 random hexadecimal digits have about 3.6, 40 random letters and digits about 4.7, `aaaa` has none."""
    size = len(value)
    if not size:
        return 0.0
    return log2(size) - sum(count * log2(count) for count in Counter(value).values() if count > 1) / size
