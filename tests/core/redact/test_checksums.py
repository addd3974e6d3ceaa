import pytest

from amp_addons.core.redact.checksums import iban, luhn


@pytest.mark.parametrize(
    ("number", "right"),
    [
        (b"4111 1111 1111 1111", False),  # two digits only: a manual's
        (b"4539-5787-6362-1486", True),
        (b"4539578763621486", True),
        (b"4539578763621487", False),
        (b"378282246310005", True),
        (b"0000000000000000", False),
    ],
)
def test_luhn(number: bytes, right: bool) -> None:
    assert luhn(number) is right


@pytest.mark.parametrize(
    ("number", "right"),
    [
        (b"DE89 3704 0044 0532 0130 00", True),
        (b"GB29NWBK60161331926819", True),
        (b"gb29-nwbk-6016-1331-9268-19", True),
        (b"DE88370400440532013000", False),
        (b"DE8937040044053201300", False),
        (b"XX89370400440532013000", False),
        (b"DE\xff9370400440532013000", False),
    ],
)
def test_iban(number: bytes, right: bool) -> None:
    assert iban(number) is right
