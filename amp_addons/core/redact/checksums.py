"""Checksums of numbers that people have: they keep order numbers and timestamps from being taken for cards and accounts."""

import re

_IBAN_LENGTHS = {
    "NO": 15,
    "BE": 16,
    "DK": 18,
    "FI": 18,
    "NL": 18,
    "MK": 19,
    "SI": 19,
    "AT": 20,
    "BA": 20,
    "EE": 20,
    "LT": 20,
    "LU": 20,
    "CH": 21,
    "HR": 21,
    "LI": 21,
    "LV": 21,
    "BG": 22,
    "DE": 22,
    "GB": 22,
    "GE": 22,
    "IE": 22,
    "ME": 22,
    "RS": 22,
    "AE": 23,
    "GI": 23,
    "IL": 23,
    "AD": 24,
    "CZ": 24,
    "ES": 24,
    "MD": 24,
    "PK": 24,
    "RO": 24,
    "SA": 24,
    "SE": 24,
    "SK": 24,
    "TN": 24,
    "PT": 25,
    "FR": 27,
    "GR": 27,
    "IT": 27,
    "MC": 27,
    "SM": 27,
    "AL": 28,
    "CY": 28,
    "HU": 28,
    "LB": 28,
    "PL": 28,
    "TR": 26,
    "UA": 29,
    "MT": 31,
}
_NO_DIGIT = re.compile(rb"[^0-9]")


def luhn(value: bytes) -> bool:
    """ISO/IEC 7812-1, annex B: a card's number with its check digit. Spaces and dashes between the digits do not count."""
    digits = _NO_DIGIT.sub(b"", value)
    doubled = [sum(divmod(2 * (digit - 48), 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 2 and (sum(digit - 48 for digit in digits[-1::-2]) + sum(doubled)) % 10 == 0


def iban(value: bytes) -> bool:
    """ISO 13616: the country's length, and the remainder 1 of ISO 7064 MOD 97-10."""
    text = value.decode("ascii", "replace").replace(" ", "").replace("-", "").upper()
    if len(text) != _IBAN_LENGTHS.get(text[:2]) or not text.isascii() or not text.isalnum():
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1
