"""Look-alike secrets, made when a test runs: `ghp_{alnum:36}` becomes a text of that form. None of them is in the repository."""

import random
import re
import string
import uuid

_ALPHABETS = {
    "digits": string.digits,
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "lowalnum": string.ascii_lowercase + string.digits,
    "b32": string.ascii_uppercase + string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "url": string.ascii_letters + string.digits + "_-",
}
_HOLE = re.compile(r"\{(\w+)(?::(\w+))?\}")
_MIXED = {"alnum", "lowalnum", "b32", "url", "hex"}


def fill(template: str, seed: object) -> str:
    """The template with its holes filled; the same for the same seed. `\\n` becomes a line's end."""
    draw = random.Random(repr(seed))
    return _HOLE.sub(lambda hole: _value(hole, draw), template.replace("\\n", "\n"))


def marked(template: str, seed: object) -> tuple[str, list[str]]:
    """The filled template without its [[marks]], and what stood between them."""
    text = fill(template, seed)
    return text.replace("[[", "").replace("]]", ""), re.findall(r"\[\[(.*?)\]\]", text, re.DOTALL)


def _value(hole: re.Match[str], draw: random.Random) -> str:
    kind, size = hole.groups()
    if kind == "uuid":
        return str(uuid.UUID(int=draw.getrandbits(128), version=4))
    if kind == "iban":
        return _iban(size, draw)
    if kind == "card":
        digits = size + _draw(string.digits, 15 - len(size), draw)
        return next(digits + check for check in string.digits if _luhn(digits + check))
    if kind not in _ALPHABETS:
        return hole[0]
    return _ends_plainly(kind, int(size), draw)


def _ends_plainly(kind: str, size: int, draw: random.Random) -> str:
    """Random, but with a letter or digit at both ends, letters and digits in turns where there is room, and no run that is a filler's."""
    while True:
        value = _draw(_ALPHABETS[kind], size, draw)
        turns = len(re.findall(r"[a-zA-Z](?=[0-9])|[0-9](?=[a-zA-Z])", value))
        if (
            value[:1].isalnum()
            and value[-1:].isalnum()
            and (kind not in _MIXED or size < 8 or turns >= 3)
            and not re.search("xxxx", value, re.I)
        ):
            return value


def _draw(alphabet: str, size: int, draw: random.Random) -> str:
    return "".join(draw.choices(alphabet, k=size))


def _iban(country: str, draw: random.Random) -> str:
    body = {"DE": _draw(string.digits, 18, draw), "GB": "NWBK" + _draw(string.digits, 14, draw)}[country]
    rest = int("".join(str(int(char, 36)) for char in body + country + "00")) % 97
    return f"{country}{98 - rest:02}{body}"


def _luhn(digits: str) -> bool:
    odd = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(odd)) % 10 == 0
