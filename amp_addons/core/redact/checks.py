"""What must hold of a value beside its pattern, by the names that detector files use."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address
from typing import Literal, get_args

from amp_addons.core.redact import looks
from amp_addons.core.redact.checksums import iban, luhn

type Name = Literal[
    "assigned",
    "beside",
    "password",
    "chosen",
    "header",
    "userinfo",
    "jwt",
    "pem",
    "mixed",
    "luhn",
    "iban",
    "public-ip",
    "phone",
    "owner",
    "odd",
]
type Check = Callable[[bytes, int, int], bool]
"""Whether the value between two places in a text is a secret."""

MAX_VALUE = 256
"""How much of a value is looked at (bytes): what is random for so long is random."""
_AHEAD: dict[str, int] = {"userinfo": len(b"@example."), "assigned": 1, "password": 1, "odd": 1}
_MOST_PASSWORD = 128
_QUOTES = (b'"', b"'", b"`", b"\\")
_NO_END = (b":", b"(", b"!")
"""What does not come after a value: `host:port`, a call."""
_NOT_NAMES = re.compile(
    rb"public|publishable|cache|primary|foreign|idempot|partition|sort_?key|dedup|max_?tokens|tokens\b|token_?(?:type|count|limit|usage|id)"
    rb"|keyboard|keyword|checksum|digest|sha\d|md5|hash|integrity|fingerprint|author|monkey|hotkey|keyframe"
    rb"|key_?(?:id|name|size|len|type|code|path|file|usage)s?\b|object_?key|etag|(?:page|next|sync|continuation)_?token|credentials?_?id$|^_auth(?:token)?$"
    rb"|(?:file|path|url|uri|host|endpoint|name|email|type|length|size|count|expir\w*|ttl|version|algorithm|format|prefix|suffix)$"
)
"""Names with `key` or `token` in them whose values are none. npm's `_authToken` has a detector that knows its line."""
_BARE = re.compile(
    rb"(?:api|access|auth|client|app|private|secret|token|key|password|passwd|pass|pwd|credentials?|user|bot|my|str|other|test|demo|sample|[_.-])+"
)
_PASSWORD = re.compile(rb"passw|pwd|passphrase|secret|credential")
_MANUAL_PASSWORDS = frozenset(
    b"""
    pass passwd password passwort pw pwd secret token test yyy xyz abc foo bar user username api_key apikey key changeit postgres root
    admin guest
    """.split()
)
_SHARED_FOLDERS = frozenset(b"shared public default user users runner root ubuntu vscode node app".split())
_NEXT_ARGUMENT = re.compile(rb",\s*\Z")
"""Before a value without quotes: what follows a comma is another name."""
_ODD = re.compile(rb"[^0-9A-Za-z\s]")
_ODD_KINDS = 6
_TEMPLATE = re.compile(rb"\$\{\w+\}|\{\{[^{}]*\}\}|%\(\w+\)s|<\w+>|\(\?")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]{16}")
_DIGIT = re.compile(rb"[0-9]")
_LEAST_KEY, _LEAST_SECRET, _LEAST_NUMBER, _LEAST_BESIDE, _LEAST_HEADER = 20, 10, 15, 18, 12
"""Fewest bytes of a value that counts for its name alone: shorter ones beside `key` or `token` are mostly names of something."""
_LEAST_BITS, _LEAST_BITS_BESIDE = 2.6, 2.9


def assigned(data: bytes, start: int, end: int) -> bool:
    """A value given to a name that speaks of a secret."""
    value = data[start : min(end, start + MAX_VALUE)]
    if len(value) < _LEAST_SECRET or data[end : end + 1] in _NO_END:
        return False
    name = looks.name_before(data, start)
    if _NOT_NAMES.search(name) or (looks.counts_up(value) and _BARE.fullmatch(name)):
        return False
    if looks.is_odd_hex(value) or looks.is_interleaved(value) or _NEXT_ARGUMENT.search(data, max(0, start - 16), start):
        return False
    least = _LEAST_SECRET if _PASSWORD.search(name) else _LEAST_KEY
    return looks.is_random(value, least, _LEAST_BITS) or (value.isdigit() and len(value) >= _LEAST_NUMBER)


def beside(data: bytes, start: int, end: int) -> bool:
    """A value with no more than a space or a dash between it and the word that names it: it has to look random by itself."""
    value = data[start : min(end, start + MAX_VALUE)]
    if (
        len(value) < _LEAST_BESIDE
        or _NOT_NAMES.search(looks.name_before(data, start))
        or (data[start - 1 : start] == b"-" and not looks.is_plain(value))
    ):
        return False
    return looks.is_random(value, _LEAST_BESIDE, _LEAST_BITS_BESIDE)


def password(data: bytes, start: int, end: int) -> bool:
    """A quoted password: chosen by people, so of any look, but with letters and digits, and no template."""
    value = data[start:end]
    if not (len(value) <= _MOST_PASSWORD and data[end : end + 1] in _QUOTES):
        return False
    if _NOT_NAMES.search(looks.name_before(data, start)) or b"{" in value or value[:1] in (b"$", b"%", b"-", b"/", b"<"):
        return False
    return looks.is_mixed(value) and value.lower().rstrip(b"0123456789!") not in _MANUAL_PASSWORDS


def odd(data: bytes, start: int, end: int) -> bool:
    """A password full of punctuation of many kinds; templates, paths and expressions have few."""
    value = data[start:end]
    if not (len(value) <= _MOST_PASSWORD and data[end : end + 1] in _QUOTES):
        return False
    if _NOT_NAMES.search(looks.name_before(data, start)) or _TEMPLATE.search(value):
        return False
    return len(set(_ODD.findall(value))) >= _ODD_KINDS


def chosen(data: bytes, start: int, end: int) -> bool:
    """A password that has letters and digits: not the word that follows `password` in a sentence."""
    return looks.is_mixed(data[start:end])


def header(data: bytes, start: int, end: int) -> bool:
    """The value of a header that carries a credential: any but words."""
    return looks.is_random(data[start:end], _LEAST_HEADER, _LEAST_BITS)


def userinfo(data: bytes, start: int, end: int) -> bool:
    """The password in `user:password`: any but the ones that stand for a password in every manual."""
    return data[start:end].lower() not in _MANUAL_PASSWORDS and not data.startswith(b"@example.", end)


def jwt(data: bytes, start: int, end: int) -> bool:
    """A header and at least one part more; the header or the second part are JSON (whose base64 starts with `ey`)."""
    first, _, rest = data[start:end].partition(b".")
    return len(rest) >= 12 and (rest.startswith(b"ey") or b"alg" in _unpacked(first))


def _unpacked(part: bytes) -> bytes:
    try:
        return urlsafe_b64decode(part[: len(part) & ~3])
    except ValueError:
        return b""


def pem(data: bytes, start: int, end: int) -> bool:
    """Something of a key after the BEGIN line, not the line alone, as code has it."""
    return _BASE64_LINE.search(data, data.index(b"-----", start + 5) + 5, end) is not None


def mixed(data: bytes, start: int, end: int) -> bool:
    """Letters and digits that follow each other twice or more: `a1b`, not `version12`."""
    return looks.turns(data[start:end]) >= 2


def public_ip(data: bytes, start: int, end: int) -> bool:
    """An address that leads to someone: not loopback, not private, not for documentation."""
    try:
        return IPv4Address(data[start:end].decode()).is_global
    except (AddressValueError, UnicodeDecodeError):
        return False


def phone(data: bytes, start: int, end: int) -> bool:
    """A number of seven to fifteen digits (ITU-T E.164)."""
    return 7 <= len(_DIGIT.findall(data[start:end])) <= 15


def owner(data: bytes, start: int, end: int) -> bool:
    """A person's folder, not one that every machine has."""
    return data[start:end].lower() not in _SHARED_FOLDERS


CHECKS: dict[str, Check] = {
    "assigned": assigned,
    "beside": beside,
    "password": password,
    "odd": odd,
    "chosen": chosen,
    "header": header,
    "userinfo": userinfo,
    "jwt": jwt,
    "pem": pem,
    "mixed": mixed,
    "luhn": lambda data, start, end: luhn(data[start:end]),
    "iban": lambda data, start, end: iban(data[start:end]),
    "public-ip": public_ip,
    "phone": phone,
    "owner": owner,
}
assert set(CHECKS) == set(get_args(Name.__value__))


def ahead(check: str | None) -> int:
    """How many bytes past a value its check looks at."""
    return _AHEAD.get(check or "", 0)
