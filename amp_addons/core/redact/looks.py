"""How values look: like one that a machine drew, like a filler, like a name in code; and the name a value is given to.

Gathered from what real code and configuration has beside `key` and `token`. The patterns are the project's own and linear: each is a
class repeated, or an alternation of words.
"""

import re

from amp_addons.core.redact.entropy import entropy

MAX_NAME = 96
"""How far before a value its name is looked for (bytes)."""

_FILLER = re.compile(rb"xxxx|\*\*\*|\.\.\.|example|placeholder|your[_-]|_here\b|change_?me|dummy|redacted|\$\{|\{\{|%\(|<[a-z]")
_SAME = re.compile(rb"(.)" + rb"\1" * 7, re.DOTALL)
"""Spelled out: `re` takes half as long again over `\\1{7}`."""

_NAME = b"abcdefghijklmnopqrstuvwxyz0123456789_.$-"
_NO_NAME = bytes(set(range(256)) - set(b"abcdefghijklmnopqrstuvwxyz0123456789_$"))
_TYPES = frozenset(b"string str char const text bytes value".split())

_UUID = rb"[0-9A-Za-z]{8}-(?:[0-9A-Za-z]{4}-){3}[0-9A-Za-z]{12}"
_IS_UUID = re.compile(_UUID)
_IS_PLAIN = re.compile(rb"[0-9a-f]+|[0-9A-F]+|" + _UUID)
_IS_HEX = re.compile(rb"[0-9a-f]+|[0-9A-F]+")
_WORDISH = re.compile(
    rb"(?:[A-Za-z]{0,24}[0-9]{0,4}|[0-9]{1,8}|[0-9]{1,3}[A-Za-z]{1,4}|[A-Za-z]{1,3}[0-9]{1,3}[a-z]{2,}|0x[0-9a-fA-F]{1,8}|[A-Z]{2,}[0-9]{1,4}[A-Z]*)"
)
_PIECES = re.compile(rb"[^A-Za-z0-9]+")
_PATHS = (b"/", b"./", b"../", b"~/")
_FILE = re.compile(rb"\.(?:py|js|ts|json|ya?ml|txt|md|pem|crt|key|go|rs|java|html?|png|jpe?g|svg|css|sh|toml|lock)\b|^\d[\d.]*$")
_TYPE_ENDS = tuple(b"Key Token Secret Password Type Map Mgr Bag Req Error Manager Provider Config".split())
_HUMPS = re.compile(rb"[A-Z](?:[a-z]{3,}(?:[A-Z][a-z]{3,}){3}|[a-z]{6,}[A-Z][a-z]{6,})")
_OPEN_NUMBER = re.compile(
    rb"commit|\bsha\b|sha[-_]?\d|\bhash|digest|checksum|revision|\brev\b|\bmd5|etag|\buuid|build_?id|\bimage|/apps/|request_?id"
)
_HAS_DIGIT = re.compile(rb"[0-9]")
_HAS_LETTER = re.compile(rb"[A-Za-z]")
_TURN = re.compile(rb"(?<=[A-Za-z])[0-9]|(?<=[0-9])[A-Za-z]")

_ALPHABET = b"abcdefghijklmnopqrstuvwxyz"
_DIGITS = b"01234567890123456789"
_NO_LETTER = bytes(set(range(256)) - set(_ALPHABET))
_NO_DIGIT = bytes(set(range(256)) - set(_DIGITS))


def _part_of(order: bytes, size: int) -> re.Pattern[bytes]:
    return re.compile(b"|".join(order[at : at + size] for at in range(len(order) - size + 1)))


_LETTERS_UP, _DIGITS_UP = _part_of(_ALPHABET, 6), _part_of(_DIGITS, 6)
"""So many count up, from which on a value is a filler for a name that says nothing else, such as `api_key`."""
_MANY_UP = _part_of(_ALPHABET, 18)
"""The same for letters with digits between them, whatever the name."""


def is_filler(value: bytes) -> bool:
    """Whether a value only stands for one: `sk-xxxx`, `AKIA…EXAMPLE`, `<your key>`, `00000000`."""
    return _FILLER.search(value.lower()) is not None or _SAME.search(value) is not None


def is_random(value: bytes, least: int, bits: float) -> bool:
    """Whether the value, of so many bytes at least, looks like one that a machine drew, not like a name, a path, a version or code."""
    if len(value) < least:
        return False
    ordinary = not is_mixed(value) or _is_code(value)
    if not ordinary and not all(_WORDISH.fullmatch(piece) for piece in _PIECES.split(value)):
        return entropy(value) >= bits or _IS_UUID.fullmatch(value) is not None
    return _IS_UUID.fullmatch(value) is not None and (ordinary or entropy(value) < bits)


def _is_code(value: bytes) -> bool:
    """Whether it is a path, a file's name, or a name as types have them: `Ed25519PrivateKey`, `X509WorkloadIdentity`."""
    return (
        value.startswith(_PATHS)
        or value.rstrip(b"s").endswith(_TYPE_ENDS)
        or (b"." in value and _FILE.search(value) is not None)
        or _HUMPS.search(value) is not None
    )


def is_mixed(value: bytes) -> bool:
    """Whether it has letters and digits."""
    return _HAS_DIGIT.search(value) is not None and _HAS_LETTER.search(value) is not None


def turns(value: bytes) -> int:
    """How often letters and digits follow each other: two in `a1b`."""
    return len(_TURN.findall(value))


def is_plain(value: bytes) -> bool:
    """Whether it is hexadecimal digits or a UUID."""
    return _IS_PLAIN.fullmatch(value) is not None


def is_odd_hex(value: bytes) -> bool:
    """Whether it is hexadecimal digits that make no bytes."""
    return len(value) % 2 == 1 and _IS_HEX.fullmatch(value) is not None


def counts_up(value: bytes) -> bool:
    """Whether its letters or its digits are `abcdef…`, `12345…`: what people type who need any value."""
    letters, digits = value.lower().translate(None, _NO_LETTER), value.translate(None, _NO_DIGIT)
    return _LETTERS_UP.search(letters) is not None or _DIGITS_UP.search(digits) is not None


def is_interleaved(value: bytes) -> bool:
    """Whether letters that count up have digits between them: `abc123def456ghi789jkl012mno345pqr`."""
    lower = value.lower()
    return _MANY_UP.search(lower.translate(None, _NO_LETTER)) is not None and b"abcdefgh" not in lower


def name_before(data: bytes, start: int) -> bytes:
    """The identifier to which the value at `start` is given, in lower case."""
    before = data[max(0, start - MAX_NAME) : start].lower()
    name, before = _last_name(before)
    return _last_name(before)[0] or name if name in _TYPES else name


def _last_name(text: bytes) -> tuple[bytes, bytes]:
    text = text.rstrip(_NO_NAME)
    rest = text.rstrip(_NAME)
    return text[len(rest) :], rest


def names_no_secret(data: bytes, start: int) -> bool:
    """Whether the words right before a value say that it is a commit, a digest or another number that all may know."""
    return _OPEN_NUMBER.search(data[max(0, start - MAX_NAME // 2) : start].rpartition(b"\n")[2].lower()) is not None
