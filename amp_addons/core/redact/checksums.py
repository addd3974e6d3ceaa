"""Checksums of numbers that people have: they keep order numbers and timestamps from being taken for cards and accounts."""

import re

_IBAN_LENGTHS = {
    entry[:2]: int(entry[2:])
    for entry in """
    NO15 BE16 DK18 FI18 NL18 MK19 SI19 AT20 BA20 EE20 LT20 LU20 CH21 HR21 LI21 LV21 BG22 DE22 GB22 GE22 IE22 ME22 RS22 AE23 GI23 IL23 AD24
    CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24 TN24 PT25 TR26 FR27 GR27 IT27 MC27 SM27 AL28 CY28 HU28 LB28 PL28 UA29 MT31
    """.split()
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
