import pytest

from amp_addons.core.redact.entropy import entropy


@pytest.mark.parametrize(
    ("value", "bits"), [(b"", 0), (b"a", 0), (b"aaaa", 0), (b"abab", 1), (b"abcd", 2), (b"0123456789abcdef" * 2, 4), (b"aab", 0.918)]
)
def test_bits_a_character(value: bytes, bits: float) -> None:
    assert entropy(value) == pytest.approx(bits, abs=0.001)
