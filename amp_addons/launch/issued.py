"""A certificate authority that somebody issued, a company's say, in the place of this machine's own (THREATS 13)."""

from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from amp_addons.files import locked, read_private
from amp_addons.launch import authority
from amp_addons.state import make_private

MAX_BYTES = 256 * 1024
"""Largest file: some fifty certificates."""


class Unusable(ValueError):
    """The file holds nothing that can be an authority here. The text says what was found and what was expected."""


def use(file: Path, place: Path, hosts: Collection[str] | None) -> x509.Certificate:
    """Take the authority in a PEM file (its key without a password, its certificate, those that issued it) from now on.

    `hosts` are those that it has to vouch for; None: any. Nothing is changed unless it can be used. Raises Unusable, OSError.
    """
    key, certificates = _read(file)
    with TemporaryDirectory(prefix="amp-addons-") as folder:  # 0700
        tried = Path(folder)
        authority.keep(tried, key, certificates)
        if problem := authority.why_not(tried, hosts):
            raise Unusable(f"found an authority in {file} that cannot be used here: {problem}")
    make_private(place)
    with locked(place / "lock"):
        authority.keep(place, key, certificates)
    return authority.load(place)


def _read(file: Path) -> tuple[bytes, bytes]:
    try:
        data = read_private(file, MAX_BYTES)
    except OSError as error:
        raise Unusable(f"found {file}, which cannot be taken ({error.strerror}), expected a key and some certificates (PEM)") from None
    try:
        key = serialization.load_pem_private_key(data, None)
        certificates = x509.load_pem_x509_certificates(data)
    except (ValueError, TypeError):
        raise Unusable(f"found no key without a password beside a certificate in {file}, expected both (PEM)") from None
    own = [each for each in certificates if each.public_key() == key.public_key()]
    if not own:
        raise Unusable(f"found no certificate in {file} that belongs to its key")
    if not _signs(own[0]):
        raise Unusable(f"found a certificate in {file} that may sign no others, expected one of a certificate authority")
    pem = serialization.Encoding.PEM
    chain = b"".join(each.public_bytes(pem) for each in [own[0], *(each for each in certificates if each is not own[0])])
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), chain


def _signs(certificate: x509.Certificate) -> bool:
    try:
        if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        return missing.oid == x509.KeyUsage.oid  # without it a key is for everything
