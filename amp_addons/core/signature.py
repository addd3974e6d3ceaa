"""Files that say who made them: the first line is a signature over every byte after it (THREATS 8).

    # amp-addons-signature: ed25519 KEY-ID SIGNATURE

It is a comment in YAML, so that a signed file is read like any other. What is signed begins with the kind of the file: a signature for
rules is none for a catalog. Line, key and signature have one spelling each; whatever else stands there is no signature.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

type Kind = Literal["rules", "catalog"]

_DOMAIN = b"amp-addons signed file 1\0"
_LINE = re.compile(rb"# amp-addons-signature: ed25519 ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)\n")
_KEY = re.compile(r"ed25519:([A-Za-z0-9+/]{43}=)", re.ASCII)

EXPECTED_KEY = "a public key such as `amp-addons sign --new-key` prints: ed25519:…"


class PublicKey(NamedTuple):
    """Whose signatures count."""

    raw: bytes

    @property
    def id(self) -> str:
        """What it is called in signatures and messages."""
        return sha256(self.raw).hexdigest()[:16]

    def __str__(self) -> str:
        return f"ed25519:{b64encode(self.raw).decode()}"


class NotSigned(ValueError):
    """A file has no signature that counts. `found` and `expected` complete the sentence."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found, self.expected = found, expected


def parse_key(text: str) -> PublicKey:
    """A public key as text. Raises ValueError, whose message completes "expected …"."""
    raw = b64decode(found[1]) if (found := _KEY.fullmatch(text)) else b""
    if len(raw) != 32 or str(key := PublicKey(raw)) != text:
        raise ValueError(EXPECTED_KEY)
    return key


def check_key(text: str) -> None:
    parse_key(text)


def content_of(data: bytes) -> bytes:
    """The file without its first line, when that is a signature."""
    found = _LINE.match(data)
    return data[found.end() :] if found else data


def sign(kind: Kind, data: bytes, key: "Ed25519PrivateKey") -> bytes:
    """The file with a signature in front, in place of one that is there. What comes out for the same file and key is the same."""
    content = content_of(data)
    if _LINE.match(content):
        raise ValueError("a file with one signature at most")
    signature = b64encode(key.sign(_signed(kind, content)))
    return b"# amp-addons-signature: ed25519 %b %b\n%b" % (public(key).id.encode(), signature, content)


def public(key: "Ed25519PrivateKey") -> PublicKey:
    return PublicKey(key.public_key().public_bytes_raw())


def verify(kind: Kind, data: bytes, keys: Iterable[PublicKey]) -> PublicKey:
    """The key that has signed the file. Raises NotSigned."""
    trusted = {key.id: key for key in keys}
    named = ", ".join(trusted) or "none is"
    if (found := _LINE.match(data)) is None:
        raise NotSigned("no signature in the first line", f"a file signed by `amp-addons sign` (trusted keys: {named})")
    if (key := trusted.get(found[1].decode())) is None:
        raise NotSigned(f"a signature by the key {found[1].decode()}", f"one by a trusted key ({named})")
    content, signature = data[found.end() :], b64decode(found[2])
    if b64encode(signature) != found[2] or not _holds(key, signature, _signed(kind, content)):
        raise NotSigned(f"a signature that does not fit (key {key.id})", f"the {kind} file as it was signed, every byte of it")
    return key


def _signed(kind: Kind, content: bytes) -> bytes:
    return _DOMAIN + kind.encode() + b"\0" + content


def _holds(key: PublicKey, signature: bytes, signed: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # slow to import

    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, signed)
    except (InvalidSignature, ValueError):  # a point that is on no curve
        return False
    return True
