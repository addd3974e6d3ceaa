"""A certificate authority of the simulator's own, and a certificate for each name that a client asks for, made when asked.

The authority's key stays in memory. OpenSSL wants certificates as files: they lie in the given folder, with one key that
is worth nothing once the authority is gone.
"""

import ipaddress
import os
import re
import ssl
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from amp_addons.keyusage import key_usage

MAX_NAMES = 256
"""Names whose certificates are kept."""

LIFE = timedelta(days=7)

_UNNAMED = "127.0.0.1"

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*", re.IGNORECASE)


class Named(ssl.SSLObject):
    """A TLS connection that remembers which name the client gave (SNI)."""

    sni: str | None = None


class Authority:
    """Issues certificates that are good for a week. `path` is its own certificate, as a PEM file.

    `entry` is the context to accept connections with: it changes to the certificate for the name that the client gives.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._issue_itself()
        self._contexts: OrderedDict[str, ssl.SSLContext] = OrderedDict()
        self.path = folder / "ca.pem"
        _write(self.path, self._certificate.public_bytes(serialization.Encoding.PEM))
        self.entry = self._make_context(_UNNAMED)
        self.entry.sslobject_class = Named
        self.entry.sni_callback = self._on_name

    def _on_name(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        if name and isinstance(connection, Named):
            connection.sni = name
            connection.context = self._context(name)

    def _context(self, name: str) -> ssl.SSLContext:
        name = name.lower() if _HOST.fullmatch(name) else _UNNAMED
        if name not in self._contexts:
            self._contexts[name] = self._make_context(name)
            if len(self._contexts) > MAX_NAMES:
                self._contexts.popitem(last=False)
        self._contexts.move_to_end(name)
        return self._contexts[name]

    def _make_context(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["h2", "http/1.1"])
        path = self._folder / "leaf.pem"
        key = self._leaf_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        _write(path, key + self._issue(name).public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(path)
        path.unlink()
        return context

    def _issue(self, name: str) -> x509.Certificate:
        extensions = (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.SubjectAlternativeName(_names(name)), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (key_usage("digital_signature"), True),
        )
        return self._signed("Simulated Amp service", self._leaf_key, extensions)

    def _issue_itself(self) -> x509.Certificate:
        extensions = ((x509.BasicConstraints(ca=True, path_length=0), True), (key_usage("key_cert_sign", "crl_sign"), True))
        return self._signed(_ISSUER, self._key, extensions)

    def _signed(
        self, subject: str, key: ec.EllipticCurvePrivateKey, extensions: tuple[tuple[x509.ExtensionType, bool], ...]
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(_ISSUER))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + LIFE)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


_ISSUER = "Simulated Amp service, certificate authority for tests"


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _names(name: str) -> list[x509.GeneralName]:
    try:
        address = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return [x509.DNSName(name)]
    # A client that connects to an address names no host.
    return [address, x509.DNSName("localhost")]


def _write(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
